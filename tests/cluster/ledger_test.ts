import assert from "node:assert/strict";
import { Ledger } from "./ledger.ts";

Deno.test("a ledger tells lost, changed, strange and double rows from possible ones", () => {
  const ledger = new Ledger();
  ledger.acknowledged("a", "1");
  ledger.acknowledged("b", "1");
  ledger.acknowledged("b", "2");
  ledger.acknowledged("c", "1");
  ledger.acknowledged("c", undefined);
  ledger.unknown("d", "1");
  ledger.acknowledged("e", "1");
  ledger.unknown("e", undefined);
  assert.deepEqual(ledger.check([["a", "1"], ["b", "2"]]), []);
  assert.deepEqual(ledger.check([["a", "1"], ["b", "2"], ["d", "1"], ["e", "1"]]), []);
  assert.deepEqual(ledger.check([["a", "1"], ["a", "1"], ["b", "1"], ["c", "1"], ["f", "9"]]), [
    "a is there twice",
    "b is 1, may be 2",
    "c is 1, may be absent",
    "f was never written",
  ]);
  assert.deepEqual(ledger.check([["b", "2"]]), ["a is lost"]);
  assert.deepEqual(ledger.counts, { inserted: 4, updated: 1, deleted: 1, unknown: 2, rows: 2 });
});
