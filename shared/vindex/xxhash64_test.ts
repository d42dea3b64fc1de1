import assert from "node:assert/strict";
import { xxhash64 } from "./xxhash64.ts";

const MASK = (1n << 64n) - 1n;
const P = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;
const rotl = (x: bigint, n: bigint) => ((x << n) | (x >> (64n - n))) & MASK;
const round = (acc: bigint, lane: bigint) => (rotl((acc + lane * P[1]) & MASK, 31n) * P[0]) & MASK;

/** The slow, obvious twin: the specification written down with bigints. */
function twin(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let acc: bigint = P[4];
  if (bytes.length >= 32) {
    const lanes = [(P[0] + P[1]) & MASK, P[1], 0n, -P[0] & MASK];
    for (; at + 32 <= bytes.length; at += 32) {
      for (let i = 0; i < 4; i++) {
        lanes[i] = round(lanes[i] ?? 0n, view.getBigUint64(at + 8 * i, true));
      }
    }
    acc = lanes.reduce((sum, lane, i) => sum + rotl(lane, [1n, 7n, 12n, 18n][i] ?? 0n), 0n) & MASK;
    for (const lane of lanes) acc = ((acc ^ round(0n, lane)) * P[0] + P[3]) & MASK;
  }
  acc = (acc + BigInt(bytes.length)) & MASK;
  for (; at + 8 <= bytes.length; at += 8) {
    acc = (rotl(acc ^ round(0n, view.getBigUint64(at, true)), 27n) * P[0] + P[3]) & MASK;
  }
  if (at + 4 <= bytes.length) {
    acc = (rotl(acc ^ ((BigInt(view.getUint32(at, true)) * P[0]) & MASK), 23n) * P[1] + P[2]) &
      MASK;
    at += 4;
  }
  for (; at < bytes.length; at++) {
    acc = (rotl(acc ^ ((BigInt(view.getUint8(at)) * P[4]) & MASK), 11n) * P[0]) & MASK;
  }
  acc = ((acc ^ (acc >> 33n)) * P[1]) & MASK;
  acc = ((acc ^ (acc >> 29n)) * P[2]) & MASK;
  acc ^= acc >> 32n;
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, acc, true);
  return out.toHex();
}

Deno.test("xxhash64() agrees with the specification for every length up to 200", () => {
  let seed = 1;
  for (let length = 0; length <= 200; length++) {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      seed = (Math.imul(seed, 1103515245) + 12345) | 0;
      bytes[i] = seed >>> 16;
    }
    const out = new Uint8Array(8);
    xxhash64(bytes, out);
    assert.equal(out.toHex(), twin(bytes), `length ${length}`);
  }
});

Deno.test("xxhash64() of nothing is the specification's", () => {
  const out = new Uint8Array(8);
  xxhash64(new Uint8Array(), out);
  assert.equal(out.toHex(), "99e9d85137db46ef");
});
