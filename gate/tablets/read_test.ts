import assert from "node:assert/strict";
import { isRead } from "./read.ts";

const READS = [
  "select * from t",
  "  /* hint */ SELECT 1",
  "-- why\nselect 1",
  "(select 1) union (select 2)",
  "show tables",
  "desc t",
];

const NO_READS = [
  "insert into t values (1)",
  "select * from t for update",
  "select 1 into outfile '/tmp/x'",
  "select get_lock('a', 1)",
  "select @a := 1",
  "select next value for s",
  "with x as (select 1) delete from t",
  "/*! insert */ into t values (1)",
  "selective",
  "",
];

for (const sql of READS) {
  Deno.test(`isRead() of ${JSON.stringify(sql)}`, () => {
    assert.ok(isRead(new TextEncoder().encode(sql)));
  });
}

for (const sql of NO_READS) {
  Deno.test(`isRead() not of ${JSON.stringify(sql)}`, () => {
    assert.ok(!isRead(new TextEncoder().encode(sql)));
  });
}

Deno.test("isRead() is quick on hostile comments", () => {
  const started = performance.now();
  isRead(new TextEncoder().encode("/**/".repeat(16_000) + "x"));
  isRead(new TextEncoder().encode("/*".repeat(32_000)));
  assert.ok(performance.now() - started < 500);
});
