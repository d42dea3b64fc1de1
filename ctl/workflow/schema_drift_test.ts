import assert from "node:assert/strict";
import type { SchemaDefinition } from "../../shared/rpc/tablet_admin.ts";
import { findDrift } from "./schema_drift.ts";
import { isView, missingTables } from "./tables.ts";

type Definition = SchemaDefinition["tableDefinitions"][number];

function table(
  name: string,
  columns: readonly string[],
  type: Definition["type"] = "BASE TABLE",
): Definition {
  return {
    name,
    schema: `CREATE TABLE \`${name}\` (${columns})`,
    columns,
    primaryKeyColumns: ["id"],
    type,
    dataLength: "0",
    rowCount: "0",
  };
}

function shard(name: string, ...tableDefinitions: readonly Definition[]) {
  return {
    at: { keyspace: "ks", shard: name },
    schema: { databaseSchema: "", tableDefinitions },
  };
}

Deno.test("findDrift() tells what was made, altered or dropped since a workflow began", () => {
  const [t, view] = [table("t", ["id"]), table("v", ["id"], "VIEW")];
  const drift = (
    kind: "reshard" | "move_tables",
    source: readonly Definition[],
    target: readonly Definition[],
  ) =>
    findDrift({ kind, tables: ["t"], targetKeyspace: "ks" }, [shard("-", ...source)], [
      shard("-80", ...target),
    ]);
  assert.equal(drift("reshard", [t, view], [t, view]), undefined);
  assert.match(
    drift("reshard", [t, table("u", ["id"])], [t]) ?? "",
    /table u was created on ks\/-/,
  );
  assert.equal(drift("move_tables", [t, table("u", ["id"])], [t]), undefined);
  assert.match(drift("reshard", [t, view], [t]) ?? "", /view v was created .* create the view/);
  assert.match(drift("reshard", [], [t]) ?? "", /table t was dropped on ks\/-/);
  for (const kind of ["reshard", "move_tables"] as const) {
    const altered = drift(kind, [table("t", ["id", "x"])], [t]) ?? "";
    assert.match(altered, /table t was altered on ks\/- .* ks\/-80 doesn't have it so; alter/);
  }
});

Deno.test("views are made behind the tables that they read", () => {
  const views = [
    "CREATE ALGORITHM=UNDEFINED DEFINER=`a b`@`%` SQL SECURITY DEFINER VIEW `v` AS select 1",
    "CREATE VIEW `v` AS select 1",
  ];
  for (const sql of views) assert.equal(isView(sql), true, sql);
  assert.equal(isView("CREATE TABLE `VIEW ` (`a` int COMMENT 'VIEW ')"), false);
  const source = shard(
    "-",
    { ...table("a", ["id"], "VIEW"), schema: views[1] ?? "" },
    table("t", ["id"]),
  );
  const target = { ...shard("-80"), rows: new Map<string, number>() };
  const made = missingTables(source.schema, target, ["a", "t"], false);
  assert.deepEqual(made.map(({ name }) => name), ["t", "a"]);
});
