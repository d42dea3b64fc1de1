import assert from "node:assert/strict";
import { VtError } from "../error/errors.ts";
import { DEFAULT_OPTIONS } from "../sql/options.ts";
import { meaningOf } from "./query_event.ts";

function meaning(sql: string, database = "_vt", noBackslashEscapes = false): string {
  const options = { ...DEFAULT_OPTIONS, noBackslashEscapes };
  try {
    return meaningOf({ database, sql, options }, "shop").kind;
  } catch (error) {
    if (error instanceof VtError) return error.id;
    throw error;
  }
}

Deno.test("meaningOf() refuses changes of the database's rows, not rows that hold its name", () => {
  assert.equal(meaning("UPDATE t SET a = 1", "shop"), "VT26002");
  assert.equal(meaning("DELETE FROM `shop`.t"), "VT26002");
  assert.equal(meaning("INSERT INTO x VALUES ('a''b')", "shop"), "VT26002");
  assert.equal(meaning("INSERT INTO vreplication (db_name) VALUES ('shop')"), "nothing");
  assert.equal(meaning("INSERT INTO v VALUES ('it''s \\' shop', 'shop')"), "nothing");
  assert.equal(meaning("INSERT INTO v VALUES ('\\'), (1), (shop.f())", "_vt", true), "VT26002");
});
