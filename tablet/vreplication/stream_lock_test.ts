import assert from "node:assert/strict";
import { startTestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import { WriteSession } from "./session.ts";
import { claimStream, joinStream } from "./stream_lock.ts";

const NEVER = { signal: new AbortController().signal };

for (const flavor of testServers()) {
  Deno.test(`whoever takes a stream ends the sessions that wrote for it: ${flavor}`, async () => {
    await using server = await startTestMysqld({ server: flavor, users: false });
    await server.root.query("CREATE DATABASE vt_t", NEVER);
    await server.root.query("CREATE TABLE vt_t.t (id int PRIMARY KEY)", NEVER);
    const address = { socketPath: server.socketPath };
    const login = { address, user: "root", password: "", database: "vt_t" };
    using old = await WriteSession.open(login, NEVER);
    using writer = await WriteSession.open(login, NEVER);
    using other = await WriteSession.open(login, NEVER);
    await claimStream(old, 7, NEVER);
    await joinStream(writer, 7, 3, NEVER);
    await claimStream(other, 8, NEVER);
    // What a session that nobody listens to any more would still commit.
    await writer.run("BEGIN", NEVER);
    await writer.run("INSERT INTO t VALUES (1)", NEVER);
    const late = writer.rows("SELECT SLEEP(60)", NEVER).then(() => "went on", () => "ended");

    using next = await WriteSession.open(login, NEVER);
    await claimStream(next, 7, NEVER);
    assert.equal(await late, "ended");
    await assert.rejects(old.run("INSERT INTO t VALUES (2)", NEVER));
    assert.deepEqual(await next.rows("SELECT id FROM t", NEVER), []);
    // Of another stream.
    await other.run("INSERT INTO t VALUES (3)", NEVER);
    // Its own writers find their places free.
    using again = await WriteSession.open(login, NEVER);
    await joinStream(again, 7, 3, NEVER);
  });
}
