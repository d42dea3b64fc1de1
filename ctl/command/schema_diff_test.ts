import assert from "node:assert/strict";
import type { SchemaDefinition } from "../../shared/rpc/tablet_admin.ts";
import { diffSchemas } from "./schema_diff.ts";

function schema(...tables: readonly (readonly [name: string, schema: string])[]): SchemaDefinition {
  return {
    databaseSchema: "",
    tableDefinitions: tables.map(([name, text]) => ({
      name,
      schema: text,
      columns: [],
      primaryKeyColumns: [],
      uniqueKeys: [],
      type: text.includes("VIEW") ? "VIEW" : "BASE TABLE",
      dataLength: "0",
      rowCount: "0",
    })),
  };
}

Deno.test("diffSchemas() names what is missing on either side and what differs", () => {
  const left = schema(["a", "CREATE TABLE a (x int)"], ["b", "CREATE TABLE b (x int)"]);
  const right = schema(["b", "CREATE TABLE b (y int)"], ["c", "CREATE TABLE c (x int)"]);
  assert.deepEqual(diffSchemas("one", left, "two", right), [
    "one has an extra table named a",
    "schemas differ on table b:\none: CREATE TABLE b (x int)\n differs from:\ntwo: CREATE TABLE b (y int)",
    "two has an extra table named c",
  ]);
  assert.deepEqual(diffSchemas("one", left, "two", left), []);
});

Deno.test("diffSchemas() passes over the next AUTO_INCREMENT, not over the kind of table", () => {
  const text = (next: string): string => `CREATE TABLE a (x int) ENGINE=InnoDB${next} COMMENT='q'`;
  const counted = schema(["a", text(" AUTO_INCREMENT=7")]);
  assert.deepEqual(diffSchemas("one", counted, "two", schema(["a", text("")])), []);
  const [issue] = diffSchemas("one", counted, "two", schema(["a", "CREATE VIEW a AS SELECT 1"]));
  assert.match(issue ?? "", /schemas differ on table type for table a/);
});
