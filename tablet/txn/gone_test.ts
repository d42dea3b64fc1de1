import assert from "node:assert/strict";
import { GoneTransactions } from "./gone.ts";

Deno.test("GoneTransactions remembers the latest ends, and a bounded number", () => {
  const gone = new GoneTransactions();
  gone.remember(1, "it ended with its last statement", 0);
  gone.remember(1, "transaction committed", 1000);
  assert.equal(gone.describe(1), "ended at 1970-01-01T00:00:01.000Z (transaction committed)");
  assert.equal(gone.describe(2), undefined);
  for (let id = 10; id < 2500; id++) gone.remember(id, "x", 0);
  assert.notEqual(gone.describe(10), undefined);
  for (let id = 2500; id < 8000; id++) gone.remember(id, "x", 0);
  assert.equal(gone.describe(10), undefined);
  assert.notEqual(gone.describe(7999), undefined);
});
