import assert from "node:assert/strict";
import { connectGate, request, startQueryTablet } from "../../tests/harness/query_tablet.ts";
import { startTestMysqld } from "../../tests/harness/mysqld.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { ER_KILL_DENIED_ERROR } from "../../shared/error/errno.ts";
import { VtError } from "../../shared/error/errors.ts";
import { Dba } from "../mysqld/dba.ts";
import { MYSQL_USERS, OWN_CLIENTS } from "../mysqld/init_db.ts";
import { type Admitted, drainTables } from "./drain_tables.ts";

const NEVER = { signal: new AbortController().signal };
const PLACE = { database: "vt_commerce", clients: OWN_CLIENTS };
const DRAIN = { tables: ["t"], graceMs: 20_000, timeoutMs: 20_000 };

function admittedOf({ engine }: ReturnType<typeof startQueryTablet>): Admitted {
  return {
    ended: (options) => engine.inFlight.ended(options),
    endTransactions: (threads, reason) => engine.transactions.endThreads(threads, reason),
  };
}

Deno.test("a write that waits for a connection when its table is denied is before the position", async () => {
  await using mysqld = await startTestMysqld();
  await mysqld.root.query("create database vt_commerce", NEVER);
  await mysqld.root.query("create table vt_commerce.t (id int primary key)", NEVER);
  const server = { dba: mysqld.root, flavor: mysqld.flavor };
  await using tablet = startQueryTablet({
    socketPath: mysqld.socketPath,
    database: "vt_commerce",
    limits: { poolSize: 1 },
  });
  using gate = await connectGate(tablet);
  const run = (sql: string) => gate.rpc.execute(request(sql, { tables: ["t"] }), () => {}, NEVER);

  await run("select 1");
  await waitFor("the tablet to have read its schema", () => tablet.engine.stats.pool.idle === 1);
  // It holds the only connection, and no lock on t.
  const holder = run("select sleep(1), 'holder'");
  await waitFor("the holder to run", async () => {
    const { rows } = await mysqld.root.query(
      "select 1 from information_schema.processlist where info like 'select sleep%holder%'",
      NEVER,
    );
    return rows.length === 1;
  });
  const waiting = run("insert into t values (1)");
  await waitFor("the write to wait", () => tablet.engine.stats.pool.waiting === 1, {
    timeoutMs: 900,
  });
  tablet.serving.denied = ["t"];
  await assert.rejects(
    run("insert into t values (2)"),
    (error) => error instanceof VtError && error.id === "VT20004",
  );

  await drainTables(server, PLACE, DRAIN, admittedOf(tablet), NEVER);
  // Whoever copies up to the position that was answered has the row.
  const { rows: found } = await mysqld.root.query("select id from vt_commerce.t", NEVER);
  assert.deepEqual(found.map(([id]) => String(id)), ["1"]);
  await Promise.all([holder, waiting]);
});

Deno.test("what still writes when the grace time is over is ended; readers go on", async () => {
  await using mysqld = await startTestMysqld();
  await mysqld.root.query("create database vt_commerce", NEVER);
  await mysqld.root.query("create table vt_commerce.t (id int primary key, v int)", NEVER);
  await mysqld.root.query("insert into vt_commerce.t values (1, 0), (2, 0)", NEVER);
  const server = { dba: mysqld.root, flavor: mysqld.flavor };
  const { socketPath } = mysqld;
  await using tablet = startQueryTablet({ socketPath, database: "vt_commerce" });
  using gate = await connectGate(tablet);
  const run = (sql: string, more: Parameters<typeof request>[1] = {}) =>
    gate.rpc.execute(request(sql, { tables: ["t"], ...more }), () => {}, NEVER);

  for (const tables of [["t"], []]) {
    const writer = await run("update t set v = v + 1 where id = 1", { begin: "begin" });
    const reader = await run("select * from t", { begin: "begin" });
    const reading = run("select sleep(0.8), v from t where id = 1");
    const position = await drainTables(
      server,
      PLACE,
      { tables, graceMs: 100, timeoutMs: 5000 },
      admittedOf(tablet),
      NEVER,
    );
    assert.notEqual(position, "");
    await assert.rejects(
      run("select 1", { transactionId: writer.transactionId }),
      (error) => error instanceof VtError && error.id === "VT20009" && error.errno === 1317,
    );
    assert.equal((await reading).terminal.length > 0, true);
    const again = await run("select v from t", { transactionId: reader.transactionId });
    assert.equal(again.transactionId, reader.transactionId);
    await gate.rpc.rollback(request("").target, reader.transactionId, NEVER);
  }
  const { rows } = await mysqld.root.query("select sum(v) from vt_commerce.t", NEVER);
  assert.equal(Number(rows[0]?.[0]), 0, "what was ended was rolled back");
});

Deno.test("on a server that isn't ours, who uses the database past the gate is named; readers may stay", async () => {
  await using mysqld = await startTestMysqld();
  const { root } = mysqld;
  await root.query("create database shop", NEVER);
  await root.query("create table shop.t (id int primary key)", NEVER);
  const server = { dba: root, flavor: mysqld.flavor };
  const admitted: Admitted = {
    ended: () => Promise.resolve(),
    endTransactions: () => new Set(),
  };
  const address = { socketPath: mysqld.socketPath };
  await using stranger = new Dba({ address, user: "vt_app", password: "" });
  await stranger.session(async (session) => {
    await session.query("use shop", NEVER);
    const drain = (...readers: string[]) => {
      const clients = { users: ["root"], database: "shop", readers };
      return drainTables(server, { database: "shop", clients }, DRAIN, admitted, NEVER);
    };
    await assert.rejects(drain(), /VT20035.*vt_app@localhost.*--unmanaged-readers/);
    assert.notEqual(await drain("vt_app"), "");
  }, NEVER);
});

Deno.test("a drain ends with the cause when what writes can't be ended", async () => {
  await using mysqld = await startTestMysqld();
  await mysqld.root.query("create database vt_commerce", NEVER);
  await mysqld.root.query("create table vt_commerce.t (id int primary key)", NEVER);
  const address = { socketPath: mysqld.socketPath };
  // It sees all sessions, and may end its own alone.
  await using lesser = new Dba({ address, user: MYSQL_USERS.filtered, password: "" });
  const server = { dba: lesser, flavor: mysqld.flavor };
  const admitted: Admitted = {
    ended: () => Promise.resolve(),
    endTransactions: () => new Set(),
  };
  const request = { tables: ["t"], graceMs: 50, timeoutMs: 20_000 };
  await mysqld.root.session(async (session) => {
    await session.query("begin", NEVER);
    await session.query("insert into vt_commerce.t values (1)", NEVER);
    const since = performance.now();
    await assert.rejects(drainTables(server, PLACE, request, admitted, NEVER), {
      errno: ER_KILL_DENIED_ERROR,
    });
    assert.ok(performance.now() - since < request.timeoutMs / 2);
    await session.query("rollback", NEVER);
  }, NEVER);
});
