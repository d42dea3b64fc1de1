import assert from "node:assert/strict";
import { lineResponse } from "./line_stream.ts";
import { readVStreamRequest } from "./vstream_api.ts";

const vgtid = { shard_gtids: [{ keyspace: "customer", gtid: "current" }] };

Deno.test("a request has Vitess's names, and what is left out is usual", () => {
  assert.deepEqual(readVStreamRequest({ vgtid }), {
    position: [{ keyspace: "customer", shard: "", gtid: "current" }],
    rules: [{ match: "/.*/", filter: "" }],
    sources: "replica",
    cells: [],
    rowsMax: 0,
    stopOnReshard: false,
    minimizeSkew: false,
    heartbeatMs: 5000,
  });
  const asked = readVStreamRequest({
    vgtid,
    filter: { rules: [{ match: "t", filter: "-80" }] },
    tablet_type: "RDONLY",
    flags: {
      minimize_skew: true,
      stop_on_reshard: true,
      heartbeat_interval: 2,
      cells: "a,b",
      limit: 9,
    },
  });
  assert.deepEqual(asked, {
    position: [{ keyspace: "customer", shard: "", gtid: "current" }],
    rules: [{ match: "t", filter: "-80" }],
    sources: "rdonly",
    cells: ["a", "b"],
    rowsMax: 9,
    stopOnReshard: true,
    minimizeSkew: true,
    heartbeatMs: 2000,
  });
});

Deno.test("what is no request is refused with what is wrong", () => {
  const refused = (body: unknown, message: RegExp) =>
    assert.throws(() => readVStreamRequest(body), message);
  refused("x", /the request is no object/);
  refused({}, /want a position like/);
  refused({ vgtid, filters: {} }, /unknown key "filters": there are vgtid, filter/);
  refused({ vgtid, flags: { skew: true } }, /flags has an unknown key "skew"/);
  refused({ vgtid, flags: { limit: -1 } }, /limit is no whole number from 0/);
  refused({ vgtid, flags: { minimize_skew: 1 } }, /neither true nor false/);
  refused({ vgtid, tablet_type: "SPARE" }, /none of replica, rdonly, primary/);
  refused({ vgtid, flags: { heartbeat_interval: 0 } }, /from 1/);
});

Deno.test("a reader that is slow holds the lines back, one that leaves ends them", async () => {
  let sent = 0;
  const ended = Promise.withResolvers<void>();
  const response = lineResponse(async (lines) => {
    while (!lines.signal.aborted) {
      lines.send(`line ${++sent}`);
      await lines.drained();
    }
    ended.resolve();
  });
  const reader = response.body?.getReader() ?? assert.fail("no body");
  const { value } = await reader.read();
  assert.equal(new TextDecoder().decode(value), "line 1\n");
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 0));
  assert.ok(sent <= 3, `${sent} lines for a reader of one`);
  await reader.cancel();
  await ended.promise;
});
