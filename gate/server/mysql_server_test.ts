import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { startTestServer } from "../../tests/harness/mysql_server.ts";
import { command, RawMysqlClient } from "../../tests/harness/raw_mysql_client.ts";
import { forRandom } from "../../tests/harness/random.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { decodeErrPacket } from "../../shared/mysql/err_packet.ts";
import { encodeFrames } from "../../shared/mysql/frame.ts";
import { decodeHandshakeGreeting } from "../../shared/mysql/handshake_greeting.ts";
import { PACKET_BYTES_MAX } from "./limits.ts";

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

Deno.test("clients that pipeline get their answers in order", async () => {
  await using started = startTestServer();
  using client = await RawMysqlClient.login(started.port, "app", "secret");
  const statements = Array.from({ length: 50 }, (_, i) => `echo ${i}`);
  await client.write(concat(...statements.map((sql) => encodeFrames(command(3, sql), 0))));
  for (let i = 0; i < statements.length; i++) strictEqual(await client.readEcho(), String(i));
});

Deno.test("COM_PING, COM_STATISTICS, COM_DEBUG and unknown commands are answered", async () => {
  await using started = startTestServer();
  using client = await RawMysqlClient.login(started.port, "user");
  await client.send(command(0x0e));
  strictEqual((await client.read()).payload[0], 0);
  await client.send(command(0x09));
  ok(new TextDecoder().decode((await client.read()).payload).startsWith("Uptime: "));
  await client.send(command(0x0d));
  strictEqual((await client.read()).payload[0], 0xfe);
  await client.send(command(0x12));
  deepStrictEqual(await client.readError(), {
    errno: 1047,
    sqlState: "08S01",
    message: "Unknown command",
  });
  await client.send(Uint8Array.of(0x17, 1));
  strictEqual((await client.readError()).errno, 1835);
  await client.query("echo still here");
  strictEqual(await client.readEcho(), "still here");
  await client.send(command(0x01));
  await client.closed();
});

Deno.test("garbage and cut handshakes end with an error and disturb nobody", async () => {
  await using started = startTestServer();
  using bystander = await RawMysqlClient.login(started.port, "user");
  const garbage = [
    new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    encodeFrames(new Uint8Array(10), 1),
    encodeFrames(new Uint8Array(0), 1),
    encodeFrames(command(3, "select 1"), 9),
    Uint8Array.of(0xff, 0xff, 0xff, 1, 1),
  ];
  for (const bytes of garbage) {
    using client = await RawMysqlClient.connect(started.port);
    await client.read();
    await client.write(bytes);
    const { errno } = await client.readError();
    ok([1043, 1153, 1156, 1835].includes(errno), String(errno));
    await client.closed();
  }
  await bystander.query("echo fine");
  strictEqual(await bystander.readEcho(), "fine");
});

Deno.test("a response that is cut after any byte leaves nothing behind", async () => {
  await using started = startTestServer({ connectionsMax: 1000 });
  let length = 1;
  for (let step = 0; length > 0; step += 7) {
    using client = await RawMysqlClient.connect(started.port);
    const greeting = decodeHandshakeGreeting((await client.read()).payload);
    const response = encodeFrames(client.response(greeting, "app", "secret"), 1);
    length = response.length - step;
    if (length > 0) await client.write(response.subarray(0, length));
  }
  await waitFor("all connections to end", () => started.server.connectionCount === 0);
  strictEqual(started.sessions.sessions.size, 0);
});

Deno.test("random packets after the login end at most their own connection", async () => {
  await using started = startTestServer({ connectionsMax: 1000 });
  using bystander = await RawMysqlClient.login(started.port, "user");
  const inputs: Uint8Array[] = [];
  forRandom(60, (random) => inputs.push(random.bytes(1 + random.int(200))));
  for (const bytes of inputs) {
    using client = await RawMysqlClient.login(started.port, "user");
    await client.write(bytes);
    await client.conn.closeWrite();
    await client.closed();
  }
  await bystander.query("echo fine");
  strictEqual(await bystander.readEcho(), "fine");
});

Deno.test("a client that says nothing is cut off with an error", async () => {
  await using started = startTestServer({ handshakeTimeoutMs: 50 });
  using client = await RawMysqlClient.connect(started.port);
  await client.read();
  strictEqual((await client.readError()).errno, 1159);
  await client.closed();
});

Deno.test("a statement of 60 MB arrives whole, one above the limit gets MySQL's error", async () => {
  await using started = startTestServer();
  using client = await RawMysqlClient.login(started.port, "user");
  const size = 60 * 1024 * 1024;
  const sql = command(3, "rows 1 1 ");
  const large = new Uint8Array(size).fill(0x78);
  large.set(sql);
  await client.send(large);
  strictEqual((await client.read()).payload[0], 1);
  for (let i = 0; i < 4; i++) await client.read();
  const tooLarge = encodeFrames(new Uint8Array(PACKET_BYTES_MAX + 1), 0);
  // The server may stop reading before all is written.
  const writing = client.write(tooLarge).catch(() => {});
  deepStrictEqual(await client.readError(), {
    errno: 1153,
    sqlState: "08S01",
    message: "Got a packet bigger than 'max_allowed_packet' bytes",
  });
  await client.closed();
  await writing;
});

Deno.test("frames out of order end the connection with MySQL's error", async () => {
  await using started = startTestServer();
  using client = await RawMysqlClient.login(started.port, "user");
  await client.send(command(3, "echo x"), 3);
  strictEqual((await client.readError()).errno, 1156);
  await client.closed();
});

Deno.test("a client that leaves aborts what runs for it", async () => {
  await using started = startTestServer();
  const client = await RawMysqlClient.login(started.port, "user");
  await client.query("sleep");
  await waitFor("the command to run", () => started.sessions.sleeping === 1);
  client.conn.close();
  await waitFor("the command to end", () => started.sessions.sleeping === 0);
  await waitFor("the session to end", () => started.sessions.sessions.size === 0);
});

Deno.test("KILL QUERY ends the command, KILL the connection", async () => {
  await using started = startTestServer();
  using victim = await RawMysqlClient.login(started.port, "user");
  using killer = await RawMysqlClient.login(started.port, "user");
  const id = started.sessions.clients[0]?.connectionId;
  await victim.query("sleep");
  await waitFor("the command to run", () => started.sessions.sleeping === 1);
  await killer.query(`kill query ${id}`);
  strictEqual((await killer.read()).payload[0], 0);
  deepStrictEqual(await victim.readError(), {
    errno: 1317,
    sqlState: "70100",
    message: "Query execution was interrupted",
  });
  await victim.query("echo alive");
  strictEqual(await victim.readEcho(), "alive");
  await victim.query("sleep");
  await waitFor("the command to run", () => started.sessions.sleeping === 1);
  await killer.query(`kill ${id}`);
  strictEqual((await victim.readError()).errno, 1317);
  await victim.closed();
  strictEqual(started.server.kill(id ?? 0, "query"), false);
});

Deno.test("an idle connection that is killed is closed", async () => {
  await using started = startTestServer();
  using victim = await RawMysqlClient.login(started.port, "user");
  strictEqual(started.server.kill(1, "query"), true);
  await victim.query("echo alive");
  strictEqual(await victim.readEcho(), "alive");
  started.server.kill(1, "connection");
  await victim.closed();
});

Deno.test("clients above the limit are told so before the greeting", async () => {
  await using started = startTestServer({ connectionsMax: 1 });
  using first = await RawMysqlClient.login(started.port, "user");
  using second = await RawMysqlClient.connect(started.port);
  const { payload } = await second.read();
  deepStrictEqual(decodeErrPacket(payload), {
    errno: 1040,
    sqlState: "HY000",
    message: "Too many connections",
  });
  strictEqual(payload[3], "T".charCodeAt(0));
  await first.query("echo mine");
  strictEqual(await first.readEcho(), "mine");
});

Deno.test("a session that fails ends its client alone", async () => {
  await using started = startTestServer();
  using bystander = await RawMysqlClient.login(started.port, "user");
  using client = await RawMysqlClient.login(started.port, "user");
  await client.query("fail");
  strictEqual((await client.readError()).errno, 1815);
  await client.closed();
  await bystander.query("echo fine");
  strictEqual(await bystander.readEcho(), "fine");
});

Deno.test("a slow reader holds its producer back, and nobody else", async () => {
  await using started = startTestServer();
  using slow = await RawMysqlClient.login(started.port, "user");
  using other = await RawMysqlClient.login(started.port, "user");
  await slow.query("rows 1000 100000");
  await waitFor("the buffer to fill", () => started.sessions.bufferedMax > 256 * 1024);
  await other.query("echo fine");
  strictEqual(await other.readEcho(), "fine");
  for (let i = 0; i < 1000 + 4; i++) await slow.read();
  ok(started.sessions.bufferedMax < 1024 * 1024, String(started.sessions.bufferedMax));
});

Deno.test("drain() closes idle clients, waits for transactions, and refuses new work", async () => {
  await using started = startTestServer();
  using idle = await RawMysqlClient.login(started.port, "user");
  using busy = await RawMysqlClient.login(started.port, "user");
  await busy.query("begin");
  await busy.read();
  const drained = started.server.drain({ signal: AbortSignal.timeout(20_000) });
  await idle.closed();
  await rejects(RawMysqlClient.connect(started.port));
  await busy.query("echo in the transaction");
  strictEqual(await busy.readEcho(), "in the transaction");
  // The next statement comes in the same bytes as the end of the transaction.
  await busy.write(concat(
    encodeFrames(command(3, "commit"), 0),
    encodeFrames(command(3, "echo too late"), 0),
  ));
  strictEqual((await busy.read()).payload[0], 0);
  strictEqual((await busy.readError()).errno, 1053);
  await busy.closed();
  await drained;
  strictEqual(started.server.connectionCount, 0);
});

Deno.test("drain() cuts off who doesn't finish in time", async () => {
  await using started = startTestServer();
  using client = await RawMysqlClient.login(started.port, "user");
  await client.query("begin");
  await client.read();
  await started.server.drain({ signal: AbortSignal.timeout(50) });
  await client.closed();
  strictEqual(started.sessions.sessions.size, 0);
});

Deno.test("a client whose character set can hide a quote is refused at the login", async () => {
  await using started = startTestServer();
  const logIn = async (collation: number) => {
    using client = await RawMysqlClient.connect(started.port);
    const greeting = decodeHandshakeGreeting((await client.read()).payload);
    await client.send(client.response(greeting, "user", "", { collation }), 1);
    return (await client.read()).payload;
  };
  const gbk = decodeErrPacket(await logIn(28));
  strictEqual(gbk.errno, 1115);
  match(gbk.message, /gbk is not supported; use utf8mb4/);
  for (const collation of [0, 8, 33, 45, 63, 224, 255]) {
    strictEqual((await logIn(collation))[0], 0, String(collation));
  }
  deepStrictEqual(started.sessions.clients.map((client) => client.collation), [
    45,
    8,
    33,
    45,
    63,
    224,
    45,
  ]);
});
