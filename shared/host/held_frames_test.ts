import assert from "node:assert/strict";
import { HeldFrames } from "./held_frames.ts";

Deno.test("HeldFrames gives frames back in order, whatever was pushed and taken between", () => {
  const seed = 7;
  let state = seed;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8;
  const held = new HeldFrames();
  const expected: { byte: number; bytes: number; flags: number }[] = [];
  for (let round = 0; round < 2000; round++) {
    if (random() % 2 === 0 || expected.length > 20) {
      const next = expected.shift();
      const frame = held.shift();
      assert.equal(frame?.payload.length, next?.bytes, `seed ${seed}, round ${round}`);
      assert.equal(frame?.flags, next?.flags);
      assert.ok(frame?.payload.every((byte) => byte === next?.byte) ?? next === undefined);
    } else {
      const next = { byte: round & 0xff, bytes: random() % 70_000, flags: random() % 4 };
      held.push(new Uint8Array(next.bytes).fill(next.byte), next.flags);
      expected.push(next);
    }
    assert.equal(held.bytes, expected.reduce((sum, { bytes }) => sum + bytes, 0));
  }
  held.clear();
  assert.equal(held.shift(), undefined);
  assert.equal(held.bytes, 0);
});
