import assert from "node:assert/strict";
import { nextRange } from "./sequences.ts";

for (
  const [name, held, nextId, cache, count, expected] of [
    ["fresh", [0n, 0n], 1000n, 100n, 1n, [1000n, 1100n]],
    ["goes on where it stopped", [1098n, 1100n], 1100n, 100n, 5n, [1098n, 1200n]],
    ["another tablet was here", [1098n, 1100n], 1300n, 100n, 5n, [1300n, 1400n]],
    ["lowered by hand", [1098n, 1100n], 1n, 100n, 1n, [1098n, 1200n]],
    ["more than a range", [0n, 0n], 1n, 10n, 25n, [1n, 31n]],
    ["much more than a range", [5n, 11n], 11n, 10n, 1000n, [5n, 1011n]],
  ] as const
) {
  Deno.test(`nextRange(): ${name}`, () => {
    const range = nextRange({ next: held[0], end: held[1] }, nextId, cache, count);
    assert.deepEqual([range.next, range.end], expected);
    assert.ok(range.end - range.next >= count);
  });
}
