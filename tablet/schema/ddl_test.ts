import assert from "node:assert/strict";
import { mayChangeSchema } from "./ddl.ts";

const DDL = [
  "create table t (id int)",
  "  ALTER TABLE t ADD c int",
  "/* why */ drop table t",
  "/*!50001 create view v as select 1 */",
  "-- why\nrename table a to b",
  "# why\n\tcreate index i on t (a)",
];
const OTHERS = ["select 1", "insert into t values (1)", "delete from t", "describe t", "/* a", ""];

for (const [list, expected] of [[DDL, true], [OTHERS, false]] as const) {
  for (const sql of list) {
    Deno.test(`mayChangeSchema() of ${JSON.stringify(sql)} is ${expected}`, () => {
      assert.equal(mayChangeSchema(new TextEncoder().encode(sql)), expected);
    });
  }
}

Deno.test("mayChangeSchema() is quick on hostile comments", () => {
  const started = performance.now();
  mayChangeSchema(new TextEncoder().encode("/**/".repeat(2000) + "x"));
  mayChangeSchema(new TextEncoder().encode(" ".repeat(100_000)));
  assert.ok(performance.now() - started < 200);
});
