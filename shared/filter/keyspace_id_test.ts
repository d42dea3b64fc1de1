import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Field } from "../binlog/change.ts";
import { MYSQL_TYPE_VARCHAR } from "../mysql/column_types.ts";
import { collationByName } from "../mysql/collations.ts";
import { textValue } from "../value/value.ts";
import { createVindex } from "../vindex/registry.ts";
import { keyColumns, keyspaceIdOf } from "./keyspace_id.ts";

function fieldIn(collation: string): Field {
  const id = collationByName(collation)?.id ?? 0;
  return {
    name: "name",
    type: MYSQL_TYPE_VARCHAR,
    columnType: "varchar(9)",
    collation: id,
    unsigned: false,
    nullable: false,
    invisible: false,
  };
}

function placesOf(collation: string) {
  const vindex = createVindex("xxhash", "xxhash", {});
  assert.ok(vindex !== undefined);
  const fields = { table: "t", fields: [fieldIn(collation)], primaryKey: [] };
  return { vindex, columns: keyColumns(vindex, [0], fields) };
}

Deno.test("keyspaceIdOf() is that of the text in UTF-8, whatever the column's character set", () => {
  const utf8 = Buffer.from("ä€", "utf8").toString("latin1");
  const stored = [
    ["utf8mb4_bin", "c3a4e282ac"],
    ["latin1_bin", "e480"],
    ["utf16_bin", "00e420ac"],
    ["utf32_bin", "000000e4000020ac"],
  ] as const;
  for (const [collation, hex] of stored) {
    const { vindex, columns } = placesOf(collation);
    const id = keyspaceIdOf(columns, [Buffer.from(hex, "hex")]);
    assert.deepEqual([...id], [...vindex.map([textValue(utf8)]) ?? []], collation);
  }
});

Deno.test("keyspaceIdOf() refuses text whose UTF-8 isn't certain", () => {
  const { columns } = placesOf("gbk_bin");
  assert.doesNotThrow(() => keyspaceIdOf(columns, [Buffer.from("ab")]));
  assert.throws(() => keyspaceIdOf(columns, [Buffer.from("c4e3", "hex")]), {
    id: "VT12001",
    message: /t\.name.*gbk/,
  });
});
