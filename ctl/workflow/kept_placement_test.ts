import assert from "node:assert/strict";
import { MOVE_STREAM } from "../../tests/harness/workflow_world.ts";
import type { JsonObject } from "../../shared/model/records.ts";
import { checkPlacementKept } from "./kept_placement.ts";
import { planStreams } from "./streams.ts";
import { readDocument } from "./vschema_change.ts";

function vschema(column: string, vindex: JsonObject, more: JsonObject = {}): JsonObject {
  return {
    sharded: true,
    vindexes: { v: vindex, other: { type: "xxhash" } },
    tables: { t: { column_vindexes: [{ column, name: "v" }] }, ...more },
  };
}

/** Streams by one VSchema, looked at by another. */
function check(before: JsonObject, after: JsonObject): () => void {
  const [source, target] = [{ keyspace: "s", shard: "-" }, { keyspace: "t", shard: "-80" }];
  const planned = planStreams({
    sources: [source],
    targets: [target],
    tables: ["t"],
    source: { keyspace: "s", document: readDocument(undefined) },
    target: { keyspace: "t", document: readDocument(before) },
  }, MOVE_STREAM);
  const streams = planned.map(({ at, stream }) => ({ shard: at.shard, stream }));
  const vschemas = new Map([["t", after]]);
  return () => checkPlacementKept({ name: "w", streams, targetKeyspace: "t", vschemas });
}

const HASH = { type: "hash" };
const map = (json: string): JsonObject => ({ type: "numeric_static_map", params: { json } });

Deno.test("checkPlacementKept() lets pass what places rows as before", () => {
  assert.doesNotThrow(check(vschema("id", HASH), vschema("ID", HASH)));
  assert.doesNotThrow(check(vschema("id", HASH), vschema("id", HASH, { u: {} })));
  assert.doesNotThrow(check(vschema("id", map("{}")), vschema("id", map("{}"), { u: {} })));
});

Deno.test("checkPlacementKept() refuses another column, vindex, or other parameters of it", () => {
  const refused = (why: RegExp) => ({ id: "VT22002", message: why });
  assert.throws(
    check(vschema("id", HASH), vschema("c", HASH)),
    refused(/rows of t came to t\/-80 by "select .*in_keyrange\(id, 'hash', '-80'\)", but/),
  );
  assert.throws(check(vschema("id", HASH), vschema("id", { type: "xxhash" })), refused(/came to/));
  assert.throws(
    check(vschema("id", map("{}")), vschema("id", map('{"1":2}'))),
    refused(/rows came to t\/-80 by vindex v, which t's VSchema has otherwise now; put back/),
  );
});
