import assert from "node:assert/strict";
import { InFlight } from "./in_flight.ts";

const NEVER = new AbortController().signal;
const sql = (text: string) => new TextEncoder().encode(text);

/** Whether a promise has settled after the microtasks of now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => settled = true, () => settled = true);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  return settled;
}

Deno.test("ended() waits for writes that came before it, not for later ones or reads", async () => {
  const inFlight = new InFlight();
  await inFlight.ended({ signal: NEVER });
  const read = inFlight.enter(sql(" \n SELECT * from t"));
  const [a, b] = [inFlight.enter(sql("insert into t")), inFlight.enter(sql("/* x */ select 1"))];
  const first = inFlight.ended({ signal: NEVER });
  const later = inFlight.enter(sql("update t set a = 1"));
  assert.equal(await isSettled(first), false);
  inFlight.leave(a);
  assert.equal(await isSettled(first), false);
  inFlight.leave(b);
  await first;
  const second = inFlight.ended({ signal: NEVER });
  assert.equal(await isSettled(second), false);
  inFlight.leave(later);
  await second;
  inFlight.leave(read);
});

Deno.test("ended() asked twice waits for both generations, and ends with its signal", async () => {
  const inFlight = new InFlight();
  const a = inFlight.enter(sql("delete from t"));
  const stop = new AbortController();
  const given = inFlight.ended({ signal: stop.signal });
  const again = inFlight.ended({ signal: NEVER });
  stop.abort(new Error("enough"));
  await assert.rejects(given, /enough/);
  assert.equal(await isSettled(again), false);
  inFlight.leave(a);
  await again;
});
