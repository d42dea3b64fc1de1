import assert from "node:assert/strict";
import { keyspacePath, nameIn, shardPath, tabletPath } from "./paths.ts";

Deno.test("paths refuse names that would leave their folder", () => {
  for (const name of ["", "a/b", "..", ".", "a b", "a\n"]) {
    assert.throws(() => keyspacePath(name), RangeError, JSON.stringify(name));
    assert.throws(() => shardPath("customer", name), RangeError);
    assert.throws(() => tabletPath({ cell: name, uid: 1 }), RangeError);
  }
});

Deno.test("nameIn() tells records from the locks beside them", () => {
  assert.equal(nameIn("keyspaces/", "keyspaces/a/Keyspace", "Keyspace"), "a");
  assert.equal(nameIn("keyspaces/", "keyspaces/a/locks/7", "Keyspace"), undefined);
  assert.equal(nameIn("keyspaces/", "keyspaces/a/shards/-/Keyspace", "Keyspace"), undefined);
});
