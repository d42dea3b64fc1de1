import assert from "node:assert/strict";
import { equalShards, tabletUid } from "./tablet_uid.ts";

Deno.test("tabletUid() gives the aliases of the operator's example cluster", () => {
  const of = (keyspace: string, shard: string): number[] =>
    [1, 2].map((index) => tabletUid("zone1", keyspace, shard, "replica", index));
  assert.deepEqual(of("commerce", "-"), [2548885007, 2469782763]);
  assert.deepEqual(of("customer", "-"), [3778123133, 1250593518]);
  assert.deepEqual(of("customer", "-80"), [120139806, 2289928654]);
  assert.deepEqual(of("customer", "80-"), [118374573, 4277914223]);
});

Deno.test("equalShards() cuts the key space into equal parts", () => {
  assert.deepEqual(equalShards(1), ["-"]);
  assert.deepEqual(equalShards(2), ["-80", "80-"]);
  assert.deepEqual(equalShards(4), ["-40", "40-80", "80-c0", "c0-"]);
  assert.deepEqual(equalShards(3), ["-55", "55-aa", "aa-"]);
  assert.equal(equalShards(512).length, 512);
  assert.equal(equalShards(512)[1], "0080-0100");
});
