import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { startTestMysqld, type TestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { VtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { decodeBinaryRow } from "../../shared/mysql/binary_row.ts";
import { CLIENT_DEPRECATE_EOF, CLIENT_MULTI_STATEMENTS } from "../../shared/mysql/capabilities.ts";
import { decodeColumnDefinition } from "../../shared/mysql/column_definition.ts";
import { decodeErrPacket } from "../../shared/mysql/err_packet.ts";
import {
  FRAME_HEADER_BYTES,
  FRAME_PAYLOAD_BYTES_MAX,
  packetEnd,
  packetPayload,
} from "../../shared/mysql/frame.ts";
import { decodeOkPacket } from "../../shared/mysql/ok_packet.ts";
import { encodeStmtExecuteParameters } from "../../shared/mysql/stmt_execute.ts";
import { MYSQL_TYPE_LONG, MYSQL_TYPE_VAR_STRING } from "../../shared/mysql/column_types.ts";
import { MysqldConnection, type MysqldConnectOptions } from "./connection.ts";

const NEVER = { signal: new AbortController().signal };

function sql(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function connect(
  server: TestMysqld,
  more: Partial<MysqldConnectOptions> = {},
): Promise<MysqldConnection> {
  return MysqldConnection.connect({
    address: { socketPath: server.socketPath },
    user: "root",
    password: "",
    database: "",
    capabilities: CLIENT_DEPRECATE_EOF,
    collation: 45,
    ...more,
  }, NEVER);
}

/** Copies of the packets of an answer, each of its own, the terminal one last. */
async function packetsOf(
  run: (sink: (packets: Uint8Array) => void) => Promise<Uint8Array>,
): Promise<Uint8Array[]> {
  const payloads: Uint8Array[] = [];
  const terminal = await run((packets) => {
    const bytes = packets.slice();
    for (let at = 0; at < bytes.length;) {
      const end = packetEnd(bytes, at, bytes.length);
      payloads.push(packetPayload(bytes, at, end));
      at = end;
    }
  });
  return [...payloads, terminal.subarray(FRAME_HEADER_BYTES)];
}

/** One server for each flavor: the cases below run on each. */
async function withServers(
  run: (server: TestMysqld, name: string) => Promise<void>,
): Promise<void> {
  for (const server of testServers()) {
    await using started = await startTestMysqld({
      server,
      users: false,
      extraLines: ["max_allowed_packet=64M", "local_infile=1"],
    });
    await run(started, server);
  }
}

Deno.test("a connection to mysqld", async (t) => {
  await withServers(async (server, name) => {
    await t.step(`${name}: runs queries with and without EOF packets`, () => queries(server));
    await t.step(`${name}: prepares and executes`, () => statements(server));
    await t.step(`${name}: packets of 16 MB both ways`, () => largePackets(server));
    await t.step(`${name}: refusals are results`, () => refusals(server));
    await t.step(`${name}: logs in by password over TCP`, () => passwords(server));
    await t.step(`${name}: aborts, kills and lost connections`, () => losses(server));
    await t.step(`${name}: a sink holds back`, () => backPressure(server));
    await t.step(`${name}: session commands`, () => sessionCommands(server));
  });
});

async function queries(server: TestMysqld): Promise<void> {
  for (const capabilities of [0, CLIENT_DEPRECATE_EOF]) {
    using connection = await connect(server, {
      capabilities: capabilities | CLIENT_MULTI_STATEMENTS,
    });
    const text = "select 1 a, null b, 'ü' c union all select 2, 'x', ''";
    deepStrictEqual(await connection.fetchRows(text, NEVER), {
      columns: ["a", "b", "c"],
      rows: [["1", null, "ü"], ["2", "x", ""]],
    });
    const packets = await packetsOf((sink) => connection.query(sql(text), sink, NEVER));
    strictEqual(packets.length, 1 + 3 + 2 + (capabilities === 0 ? 2 : 1));
    const several = "select 1; do 0; select 2, 3";
    const all = await packetsOf((sink) => connection.query(sql(several), sink, NEVER));
    const perResult = capabilities === 0 ? 2 : 1;
    strictEqual(all.length, (2 + 1 + perResult - 1) + 1 + 1 + (1 + 2 + 1 + perResult));
    ok(connection.threadId > 0);
  }
}

async function statements(server: TestMysqld): Promise<void> {
  for (const capabilities of [0, CLIENT_DEPRECATE_EOF]) {
    using connection = await connect(server, { capabilities });
    const prepared = await connection.prepare(sql("select ? + 1 n, upper(?) s"), NEVER);
    deepStrictEqual([prepared.columns.length, prepared.parameters.length], [2, 2]);
    const parameters = encodeStmtExecuteParameters(
      [{ type: "integer", text: "41" }, { type: "text", text: "abc" }],
      [{ type: MYSQL_TYPE_LONG, unsigned: false }, {
        type: MYSQL_TYPE_VAR_STRING,
        unsigned: false,
      }],
    );
    for (let i = 0; i < 3; i++) {
      const packets = await packetsOf((sink) =>
        connection.execute(prepared.statementId, parameters, sink, NEVER)
      );
      const columns = packets.slice(1, 3).map(decodeColumnDefinition);
      deepStrictEqual(columns.map((column) => column.name), ["n", "s"]);
      const row = decodeBinaryRow(packets[capabilities === 0 ? 4 : 3] ?? new Uint8Array(), columns);
      deepStrictEqual(row.map((value) => new TextDecoder().decode(value ?? undefined)), [
        "42",
        "ABC",
      ]);
    }
    await connection.closeStatement(prepared.statementId, NEVER);
    const gone = await connection.execute(prepared.statementId, parameters, () => {}, NEVER);
    strictEqual(decodeErrPacket(gone.subarray(4)).errno, 1243);
    await rejects(connection.prepare(sql("selec 1"), NEVER), MysqlError);
    const bare = await connection.prepare(sql("do 0"), NEVER);
    const ended = await connection.execute(bare.statementId, new Uint8Array(0), () => {}, NEVER);
    strictEqual(decodeOkPacket(ended.subarray(4), 0).affectedRows, 0n);
  }
}

async function largePackets(server: TestMysqld): Promise<void> {
  using connection = await connect(server);
  for (const size of [FRAME_PAYLOAD_BYTES_MAX - 11, FRAME_PAYLOAD_BYTES_MAX + 100]) {
    const statement = sql(`select '${"x".repeat(size)}'`);
    const packets = await packetsOf((sink) => connection.query(statement, sink, NEVER));
    ok((packets[2]?.length ?? 0) > size);
  }
  strictEqual((await connection.fetchRows("select 1", NEVER)).rows.length, 1);
  // mysqld answers and closes, often before it has read all.
  const tooLarge = connection.query(new Uint8Array(70 << 20).fill(0x20), () => {}, NEVER);
  const outcome = await tooLarge.then(
    (terminal) => decodeErrPacket(terminal.subarray(4)).errno,
    (error) => error instanceof VtError ? error.errno : 0,
  );
  ok(outcome === 1153 || outcome === 2013, String(outcome));
}

async function refusals(server: TestMysqld): Promise<void> {
  using connection = await connect(server);
  const terminal = await connection.query(sql("selec 1"), () => {}, NEVER);
  strictEqual(decodeErrPacket(terminal.subarray(4)).errno, 1064);
  const infile = "load data local infile '/etc/passwd' into table mysql.nothing";
  const local = await connection.query(sql(infile), () => {}, NEVER);
  ok(decodeErrPacket(local.subarray(4)).errno > 0);
  await rejects(connection.fetchRows("select nothing", NEVER), { errno: 1054 });
  deepStrictEqual((await connection.fetchRows("select 1", NEVER)).rows, [["1"]]);
  // MySQL asks a user whom it doesn't know for any of its plugins, also for one that isn't ours.
  await rejects(
    connect(server, { user: "nobody", password: "x" }),
    (error) =>
      error instanceof MysqlError ||
      (error instanceof VtError && error.id === "ER_NOT_SUPPORTED_AUTH_MODE"),
  );
  await rejects(connect(server, { database: "nowhere" }), { errno: 1049 });
  await rejects(
    connect(server, { address: { socketPath: "/nowhere/mysqld.sock" } }),
    (error) => error instanceof VtError && error.id === "VT20012",
  );
}

async function passwords(server: TestMysqld): Promise<void> {
  using root = await connect(server);
  await root.fetchRows("create user secret@'%' identified by 'päss'", NEVER);
  await root.fetchRows("create user blank@'%' identified by ''", NEVER);
  const address = { hostname: server.host, port: server.port };
  // The first login takes the full path of caching_sha2_password, the second the fast one.
  for (let i = 0; i < 2; i++) {
    using tcp = await connect(server, { address, user: "secret", password: "päss" });
    strictEqual((await tcp.fetchRows("select user()", NEVER)).rows.length, 1);
  }
  using unix = await connect(server, { user: "secret", password: "päss" });
  await unix.ping(NEVER);
  using blank = await connect(server, { address, user: "blank" });
  await blank.ping(NEVER);
  await rejects(connect(server, { address, user: "secret", password: "wrong" }), { errno: 1045 });
  await rejects(connect(server, { user: "secret", password: "" }), { errno: 1045 });
}

async function losses(server: TestMysqld): Promise<void> {
  using root = await connect(server);
  // KILL QUERY: mysqld's answer, and the connection lives on.
  using killed = await connect(server);
  const endless =
    "with recursive n (i) as (select 1 union all select 1 + i % 2 from n) select count(*) from n";
  await killed.fetchRows(
    "set session " +
      (killed.serverVersion.includes("MariaDB")
        ? "max_recursive_iterations"
        : "cte_max_recursion_depth") +
      " = 4294967295",
    NEVER,
  );
  const counting = killed.query(sql(endless), () => {}, NEVER);
  await rejects(killed.ping(NEVER), /two commands at a time/);
  await waitFor("the statement to run", () => isRunning(root, killed.threadId));
  await root.fetchRows(`kill query ${killed.threadId}`, NEVER);
  strictEqual(decodeErrPacket((await counting).subarray(4)).errno, 1317);
  await killed.ping(NEVER);
  // KILL: the connection is lost, now or at the next use.
  const lost = rejects(
    killed.query(sql("select sleep(60)"), () => {}, NEVER).then(() => killed.ping(NEVER)),
    (error) => error instanceof VtError || error instanceof MysqlError,
  );
  await waitFor("the statement to run", () => isRunning(root, killed.threadId));
  await root.fetchRows(`kill ${killed.threadId}`, NEVER);
  await lost;
  // A signal closes the connection and gives its reason.
  using aborted = await connect(server);
  const abort = new AbortController();
  const running = rejects(
    aborted.query(sql("select sleep(60)"), () => {}, { signal: abort.signal }),
    /enough/,
  );
  await waitFor("the statement to run", () => isRunning(root, aborted.threadId));
  abort.abort(new Error("enough"));
  await running;
  ok(aborted.closed);
  await rejects(aborted.ping(NEVER), (error) => error instanceof VtError && error.id === "VT20006");
}

async function isRunning(root: MysqldConnection, threadId: number): Promise<boolean> {
  const { rows } = await root.fetchRows(
    `select 1 from information_schema.processlist where id = ${threadId} and command = 'Query'`,
    NEVER,
  );
  return rows.length > 0;
}

async function backPressure(server: TestMysqld): Promise<void> {
  using connection = await connect(server);
  await connection.fetchRows("create database if not exists d", NEVER);
  await connection.initDb("d", NEVER);
  await connection.fetchRows("create table big (c varchar(1000))", NEVER);
  await connection.fetchRows(
    "insert into big select repeat('x', 1000) from information_schema.columns a, information_schema.columns b limit 20000",
    NEVER,
  );
  const gate = Promise.withResolvers<void>();
  let calls = 0;
  let bytes = 0;
  const running = connection.query(sql("select * from big"), (packets) => {
    bytes += packets.length;
    return ++calls === 2 ? gate.promise : undefined;
  }, NEVER);
  await waitFor("the sink to be called", () => calls === 2);
  ok(bytes < 1 << 20, String(bytes));
  gate.resolve();
  await running;
  ok(bytes > 20_000_000);
  // What the sink throws closes the connection: the rest of the answer is still on its way.
  await rejects(
    connection.query(sql("select * from big"), () => Promise.reject(new Error("full")), NEVER),
    /full/,
  );
  ok(connection.closed);
}

async function sessionCommands(server: TestMysqld): Promise<void> {
  using connection = await connect(server);
  await connection.fetchRows("create database if not exists d", NEVER);
  await connection.initDb("d", NEVER);
  await connection.fetchRows("set @x = 5", NEVER);
  deepStrictEqual((await connection.fetchRows("select database(), @x", NEVER)).rows, [["d", "5"]]);
  await connection.resetConnection(NEVER);
  deepStrictEqual((await connection.fetchRows("select database(), @x", NEVER)).rows, [["d", null]]);
  await rejects(connection.initDb("nowhere", NEVER), { errno: 1049 });
  await connection.ping(NEVER);
  await connection.quit(NEVER);
  ok(connection.closed);
}
