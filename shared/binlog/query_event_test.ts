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

Deno.test("meaningOf() tells names from texts and comments, whatever quotes they hold", () => {
  assert.equal(meaning("/* it's */ INSERT INTO shop.t VALUES ('x')"), "VT26002");
  assert.equal(meaning("INSERT INTO v VALUES (1) -- it's of shop\n"), "nothing");
  assert.equal(meaning('INSERT INTO v VALUES ("it\'s shop")'), "nothing");
  assert.equal(meaning("INSERT INTO `it's`.t SELECT * FROM shop.t WHERE a = 'x'"), "VT26002");
  assert.equal(meaning("INSERT INTO v VALUES ('x') /*!50001 , (shop.f()) */"), "VT26002");
  assert.equal(meaning("INSERT v SELECT 'a\\' FROM shop.t"), "VT26002");
});

Deno.test("meaningOf() reads texts of any length", () => {
  for (const letter of ["x", "''", "\\'", '"']) {
    const text = letter.repeat((32 << 20) / letter.length);
    const of = (name: string) => `INSERT INTO ${name} VALUES ('${text} shop')`;
    assert.equal(meaning(of("v")), "nothing", letter);
    assert.equal(meaning(of("shop.t")), "VT26002", letter);
  }
});
