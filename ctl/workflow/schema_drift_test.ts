import assert from "node:assert/strict";
import type { TableDefinition } from "../../shared/rpc/tablet_admin.ts";
import { tableDefinition as table } from "../../tests/harness/table_definition.ts";
import { findDrift } from "./schema_drift.ts";
import { isView, missingTables } from "./tables.ts";

function shard(name: string, ...tableDefinitions: readonly TableDefinition[]) {
  return {
    at: { keyspace: "ks", shard: name },
    schema: { databaseSchema: "", tableDefinitions },
  };
}

Deno.test("findDrift() tells what was made, altered or dropped since a workflow began", () => {
  const [t, view] = [table("t", ["id"]), table("v", ["id"], { type: "VIEW" })];
  const drift = (
    kind: "reshard" | "move_tables",
    source: readonly TableDefinition[],
    target: readonly TableDefinition[],
    name = "w",
  ) =>
    findDrift({ name, kind, tables: ["t"], targetKeyspace: "ks" }, [shard("-", ...source)], [
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
    assert.match(
      altered,
      /table t was altered .*: on ks\/-80 it lacks the column x \(ks\/-\); alter/,
    );
    const modified = drift(kind, [table("t", ["id bigint(20)"])], [t]) ?? "";
    assert.match(modified, /on ks\/-80 it has the column id as int\(11\), .* each bigint\(20\)/);
  }
});

Deno.test("findDrift() lets writes go back to narrower tables, but not to other ones", () => {
  const drift = (name: string, from: string, to: string) =>
    findDrift(
      { name, kind: "move_tables", tables: ["t"], targetKeyspace: "ks" },
      [shard("-", table("t", [from]))],
      [shard("-80", table("t", [to]))],
    );
  assert.equal(drift("w", "id int", "id bigint"), undefined);
  assert.equal(drift("w_reverse", "id bigint", "id int"), undefined);
  assert.match(drift("w", "id bigint", "id int") ?? "", /as int, which doesn't keep/);
  assert.match(drift("w_reverse", "id bigint", "id char(9)") ?? "", /as char\(9\), which/);
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
    table("a", ["id"], { type: "VIEW", schema: views[1] ?? "" }),
    table("t", ["id"]),
  );
  const target = { ...shard("-80"), rows: new Map<string, number>() };
  const made = missingTables(source.schema, target, ["a", "t"], false);
  assert.deepEqual(made.map(({ name }) => name), ["t", "a"]);
});
