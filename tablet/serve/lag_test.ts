import assert from "node:assert/strict";
import { type LagState, nextLag } from "./lag.ts";

const RUNNING = { running: true, lagSeconds: 2, lastError: "" };
const DOWN = { running: false, lagSeconds: undefined, lastError: "no route" };

Deno.test("nextLag() grows from the last known lag while replication is down", () => {
  let lag: LagState = { is: "unknown", cause: "" };
  lag = nextLag(lag, DOWN, 0);
  assert.deepEqual(lag, { is: "unknown", cause: "no route" });
  lag = nextLag(lag, RUNNING, 1000);
  assert.deepEqual(lag, { is: "known", seconds: 2, atMs: 1000 });
  for (const nowMs of [2000, 2500, 11_000]) lag = nextLag(lag, DOWN, nowMs);
  assert.deepEqual(lag, { is: "known", seconds: 12, atMs: 11_000 });
  lag = nextLag(lag, { ...RUNNING, lagSeconds: 0 }, 12_000);
  assert.deepEqual(lag, { is: "known", seconds: 0, atMs: 12_000 });
});
