import assert from "node:assert/strict";
import { VtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { HTTP_TABLET_CLIENT, isAnswered } from "./tablet_client.ts";

function tabletAt(port: number): TabletRecord {
  return {
    alias: { cell: "zone1", uid: 100 },
    hostname: "127.0.0.1",
    portMap: { vt: port, grpc: 1 },
    keyspace: "commerce",
    shard: "-",
    type: "replica",
    dbNameOverride: "",
    tags: {},
    mysqlHostname: "127.0.0.1",
    mysqlPort: 1,
  };
}

/** What a tablet's answer becomes. */
async function outcome(status: number, body: string, timeoutMs = 5000): Promise<unknown> {
  const never = Promise.withResolvers<void>();
  await using server = Deno.serve({ port: 0, onListen: () => {} }, async () => {
    if (status === 0) await never.promise;
    return new Response(body, { status: status === 0 ? 200 : status });
  });
  try {
    const { signal } = new AbortController();
    return await HTTP_TABLET_CLIENT.call(tabletAt(server.addr.port), "DemotePrimary", {}, {
      signal,
      timeoutMs,
    });
  } catch (error) {
    return error;
  } finally {
    never.resolve();
  }
}

Deno.test("a tablet's answer is checked", async () => {
  assert.deepEqual(await outcome(200, '{"position":"0-1-5"}'), { position: "0-1-5" });
  // Without a position a reparent would wait for nothing and lose rows.
  const lacking = await outcome(200, "{}");
  assert(lacking instanceof VtError && lacking.id === "VT20013", String(lacking));
});

Deno.test("errors of a tablet keep their id or their errno, and count as answered", async () => {
  const refused = await outcome(400, '{"id":"VT22002","message":"VT22002: not the primary"}');
  assert(refused instanceof VtError && refused.message === "VT22002: not the primary");
  assert(isAnswered(refused));
  const mysqld = await outcome(
    500,
    '{"id":"","message":"Duplicate","errno":1062,"sqlState":"23000"}',
  );
  assert(mysqld instanceof MysqlError && mysqld.errno === 1062);
  assert(isAnswered(mysqld));
});

Deno.test("what never came counts as unanswered", async () => {
  for (const answer of [await outcome(0, "", 50), await outcome(502, "<html>bad gateway")]) {
    assert(answer instanceof VtError && answer.id === "VT22005", String(answer));
    assert.match(answer.message, /DemotePrimary of commerce\/- at .*(within 50 ms|status 502)/);
    assert(!isAnswered(answer));
  }
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { signal } = new AbortController();
  await assert.rejects(
    HTTP_TABLET_CLIENT.call(tabletAt(port), "Ping", {}, { signal }),
    new RegExp(
      "VT22005: tablet zone1-0000000100 can't be reached: " +
        `Ping of commerce/- at 127\\.0\\.0\\.1:${port}: connection refused; start its vttablet`,
    ),
  );
});
