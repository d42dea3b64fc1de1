import assert from "node:assert/strict";
import { parseDurationMs, printDurationMs } from "./flag.ts";
import { nearest } from "./nearest.ts";

Deno.test("printDurationMs() and parseDurationMs() agree", () => {
  for (const ms of [0, 1, 500, 1000, 30_000, 90_000, 3_600_000, 86_400_000 + 61_001]) {
    assert.equal(parseDurationMs(printDurationMs(ms)), ms);
  }
  assert.equal(parseDurationMs("1.5s"), 1500);
  assert.equal(printDurationMs(5_400_000), "1h30m");
});

Deno.test("nearest() finds slips, and does not guess beyond them", () => {
  const names = ["topo-address", "topo-ca", "cell"];
  assert.equal(nearest("topo-adress", names), "topo-address");
  assert.equal(nearest("cel", names), "cell");
  assert.equal(nearest("zone", names), undefined);
});
