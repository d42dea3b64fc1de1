import assert from "node:assert/strict";
import { VtError } from "../error/errors.ts";
import { decodeHealth, decodeSchema, encodeHealth, encodeSchema } from "./documents.ts";
import type { TableSchema, TabletHealth } from "./query_service.ts";

const HEALTH: TabletHealth = {
  alias: { cell: "zone1", uid: 101 },
  target: { keyspace: "customer", shard: "-80", tabletType: "replica" },
  serving: false,
  primaryTermStartTime: undefined,
  lagSeconds: undefined,
  error: "replication is not running",
  schemaVersion: 3,
};

const TABLE: TableSchema = {
  name: "customer_seq",
  type: "BASE TABLE",
  columns: [{
    name: "id",
    columnType: "int(11)",
    dataType: "int",
    collation: undefined,
    nullable: false,
    autoIncrement: true,
    generated: false,
    invisible: false,
  }],
  primaryKey: ["id"],
  comment: "vitess_sequence",
};

function isMalformed(error: unknown): boolean {
  return error instanceof VtError && error.id === "VT20013";
}

Deno.test("health and schema round-trip", () => {
  assert.deepEqual(decodeHealth(encodeHealth(HEALTH)), HEALTH);
  const primary: TabletHealth = {
    ...HEALTH,
    serving: true,
    lagSeconds: 0,
    error: undefined,
    primaryTermStartTime: "2026-08-01T00:00:00Z",
  };
  assert.deepEqual(decodeHealth(encodeHealth(primary)), primary);
  assert.deepEqual(decodeSchema(encodeSchema([TABLE])), [TABLE]);
  assert.deepEqual(decodeSchema(encodeSchema([])), []);
});

Deno.test("documents of another shape are malformed", () => {
  const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  for (const value of [1, null, {}, { ...HEALTH, serving: 1 }, { ...HEALTH, alias: [] }]) {
    assert.throws(() => decodeHealth(bytes(value)), isMalformed, JSON.stringify(value));
  }
  for (const value of [{}, [1], [{ ...TABLE, type: "T" }], [{ ...TABLE, primaryKey: [1] }]]) {
    assert.throws(() => decodeSchema(bytes(value)), isMalformed, JSON.stringify(value));
  }
  assert.throws(() => decodeHealth(new TextEncoder().encode("{")), isMalformed);
});
