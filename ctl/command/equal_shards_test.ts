import assert from "node:assert/strict";
import { parseShardName, partitions } from "../../shared/key/range.ts";
import { equalShards, parseCount } from "./equal_shards.ts";

Deno.test("equalShards() names shards as Vitess does", () => {
  assert.deepEqual(equalShards(1), ["-"]);
  assert.deepEqual(equalShards(2), ["-80", "80-"]);
  assert.deepEqual(equalShards(3), ["-55", "55-aa", "aa-"]);
  assert.equal(equalShards(512)[1], "0080-0100");
});

Deno.test("equalShards() covers the key space whatever the count", () => {
  for (const count of [1, 2, 3, 7, 16, 100, 255, 256, 257, 1000]) {
    const shards = equalShards(count);
    assert.equal(shards.length, count);
    assert(partitions(shards.map(parseShardName)), `${count}`);
  }
});

Deno.test("parseCount() refuses what is no count", () => {
  for (const text of ["0", "-1", "x", "1.5", "65537", ""]) {
    assert.throws(() => parseCount(text), RangeError, text);
  }
});
