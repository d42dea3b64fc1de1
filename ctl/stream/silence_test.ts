/** How long a sender is silent, on a clock that the test sets. */
import assert from "node:assert/strict";
import { Silence } from "./silence.ts";

function open(): { readonly silence: Silence; pass(ms: number): void } {
  let nowMs = 1000;
  const clock = {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: () => Promise.reject(new TypeError("Nobody sleeps here")),
  };
  return { silence: new Silence(clock), pass: (ms) => void (nowMs += ms) };
}

Deno.test("what came ends the silence before it, however long the receiver takes", async () => {
  const { silence, pass } = open();
  pass(12_000);
  assert.equal(silence.lengthMs, 12_000);
  await silence.heard(() => {
    assert.equal(silence.lengthMs, 0);
    pass(90_000);
    assert.equal(silence.lengthMs, 0);
    return Promise.resolve();
  });
  assert.equal(silence.lengthMs, 0);
  pass(5);
  assert.equal(silence.lengthMs, 5);
});

Deno.test("a wait that nothing came before lengthens no silence, and ends none", async () => {
  const { silence, pass } = open();
  pass(3);
  const full = new Error("the disk is full");
  const held = silence.holding(() => {
    pass(90_000);
    assert.equal(silence.lengthMs, 3);
    return Promise.reject(full);
  });
  await assert.rejects(held, full);
  assert.equal(silence.lengthMs, 3);
  pass(4);
  assert.equal(silence.lengthMs, 7);
});
