import assert from "node:assert/strict";
import { VtError, vtError } from "../../shared/error/errors.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias, type Target } from "../../shared/model/tablet.ts";
import { mysqlErrorOf } from "../../shared/mysql/err_packet.ts";
import { FRAME_HEADER_BYTES } from "../../shared/mysql/frame.ts";
import { ResultRows } from "../../shared/mysql/result_rows.ts";
import type { ExecuteRequest } from "../../shared/rpc/query_service.ts";
import { isErr } from "../../tablet/query/terminal.ts";
import { startTestMysqld, type TestMysqld } from "../../tests/harness/mysqld.ts";
import {
  type QueryTablet,
  request,
  startQueryTablet,
  TARGET,
} from "../../tests/harness/query_tablet.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { TabletDirectory } from "./directory.ts";
import { Gateway } from "./gateway.ts";

const NEVER = { signal: new AbortController().signal };
const UTF8 = new TextDecoder();
const REPLICA: Target = { ...TARGET, tabletType: "replica" };

function recordOf(tablet: QueryTablet, port = tablet.port): TabletRecord {
  const { keyspace, shard, tabletType } = tablet.serving.health.target;
  return {
    alias: tablet.alias,
    hostname: "127.0.0.1",
    portMap: { vt: 0, grpc: port },
    keyspace,
    shard,
    type: tabletType,
    dbNameOverride: "",
    tags: {},
    mysqlHostname: "127.0.0.1",
    mysqlPort: 0,
  };
}

interface Fixture {
  readonly server: TestMysqld;
  readonly directory: TabletDirectory;
  readonly gateway: Gateway;
  tablet(uid: number, target?: Target, port?: number): QueryTablet;
  publish(...tablets: readonly QueryTablet[]): void;
}

async function withGateway(test: (fixture: Fixture) => Promise<void>, bufferMs = 5000) {
  await using server = await startTestMysqld();
  await server.root.query("create database vt_commerce", NEVER);
  await server.root.query("create table vt_commerce.t (id bigint primary key)", NEVER);
  await using tablets = new AsyncDisposableStack();
  await using directory = new TabletDirectory({
    cell: "zone1",
    gateName: "test gate",
    clock: HOST_CLOCK,
    log: SILENT_LOG,
    random: Math.random,
    waitersMax: 3,
    serves: () => true,
  });
  await test({
    server,
    directory,
    gateway: new Gateway({ directory, clock: HOST_CLOCK, bufferMs }),
    tablet(uid, target = TARGET, port = 0) {
      const { socketPath } = server;
      const tablet = startQueryTablet({ socketPath, database: "vt_commerce", uid, target, port });
      tablets.use(tablet);
      return tablet;
    },
    publish(...known) {
      directory.update(
        "zone1",
        new Map(known.map((tablet) => [printTabletAlias(tablet.alias), recordOf(tablet)])),
      );
    },
  });
}

async function run(
  gateway: Gateway,
  sql: string,
  more: Partial<ExecuteRequest> = {},
  options = NEVER,
): Promise<{ readonly rows: unknown; readonly id: number; readonly uid: number }> {
  const rows = new ResultRows({ deprecateEof: true });
  const result = await gateway.execute(request(sql, more), (packets) => rows.add(packets), options);
  if (isErr(result.terminal)) throw mysqlErrorOf(result.terminal.subarray(FRAME_HEADER_BYTES));
  return {
    rows: rows.rows.map((row) => row.map((value) => value && UTF8.decode(value))),
    id: result.transactionId,
    uid: result.tablet.uid,
  };
}

function hasId(id: string, text = /./): (error: unknown) => boolean {
  return (error) => error instanceof VtError && error.id === id && text.test(error.message);
}

Deno.test("gateway: statements find their tablets, transactions theirs", async () => {
  await withGateway(async ({ gateway, directory, tablet, publish }) => {
    const [primary, replica] = [tablet(100), tablet(101, REPLICA)];
    publish(primary, replica);
    assert.equal((await run(gateway, "select 1")).uid, 100);
    assert.equal((await run(gateway, "select 1", { target: REPLICA })).uid, 101);
    const zero = { ...TARGET, shard: "0" };
    assert.equal((await run(gateway, "select 1", { target: zero })).uid, 100);

    const { id } = await run(gateway, "insert into t values (1)", { begin: "begin" });
    assert.deepEqual((await run(gateway, "select count(*) from t")).rows, [["0"]]);
    const inside = await run(gateway, "select count(*) from t", { transactionId: id });
    assert.deepEqual([inside.rows, inside.id], [[["1"]], id]);
    await gateway.commit(TARGET, id, NEVER);
    assert.deepEqual((await run(gateway, "select count(*) from t")).rows, [["1"]]);
    await assert.rejects(gateway.commit(TARGET, id, NEVER), hasId("VT20009"));
    await gateway.rollback(TARGET, id, NEVER);
    assert.equal(gateway.pinned, 0);

    const unknown = { ...TARGET, keyspace: "nix" };
    await assert.rejects(
      run(gateway, "select 1", { target: unknown }),
      hasId(
        "VT20005",
        /no healthy tablet available for 'keyspace:"nix" shard:"-" tablet_type:PRIMARY'/,
      ),
    );
    assert.deepEqual(
      directory.statuses.map((status) => [status.record.alias.uid, status.connected]),
      [
        [100, true],
        [101, true],
      ],
    );
    const [table] = await gateway.schema(TARGET, NEVER);
    assert.equal(table?.name, "t");
  });
});

Deno.test("gateway: a primary that goes and another that comes is a pause", async () => {
  await withGateway(async ({ gateway, directory, tablet, publish }) => {
    const [first, second] = [tablet(100), tablet(101, REPLICA)];
    publish(first, second);
    await run(gateway, "select 1");
    await waitFor("the replica", () => directory.pick(REPLICA) !== undefined);
    // The tablet refuses before its health arrives: the statement waits all the same.
    first.serving.refusal = vtError("VT20001", "NOT_SERVING");
    const waiting = run(gateway, "insert into t values (5)");
    first.serving.announce({ serving: false, error: "the primary was demoted" });
    const others = [run(gateway, "select 2"), run(gateway, "select 3")];
    await waitFor("all to wait", () => directory.waiting === 3);
    await assert.rejects(run(gateway, "select 4"), hasId("VT20016", /3 statements already wait/));
    second.serving.announce({ target: TARGET, primaryTermStartTime: "2026-08-01T00:01:00Z" });
    assert.equal((await waiting).uid, 101);
    for (const other of others) assert.equal((await other).uid, 101);
    // The old one says primary again: its term is older.
    first.serving.refusal = undefined;
    first.serving.announce({ serving: true, error: undefined });
    await run(gateway, "select 1");
    assert.equal((await run(gateway, "select 1")).uid, 101);
  });
});

Deno.test("gateway: a mysqld that turned read-only under the statement is waited for", async () => {
  await withGateway(async ({ server, gateway, tablet, publish }) => {
    publish(tablet(100));
    await run(gateway, "select 1");
    await server.root.query("set global read_only = 1", NEVER);
    let done = false;
    const insert = run(gateway, "insert into t values (6)").finally(() => done = true);
    const begun = run(gateway, "insert into t values (7)", { begin: "begin" });
    await run(gateway, "select 1");
    await server.root.query("do sleep(0.2)", NEVER);
    assert.ok(!done);
    await server.root.query("set global read_only = 0", NEVER);
    await insert;
    await gateway.commit(TARGET, (await begun).id, NEVER);
    assert.deepEqual((await run(gateway, "select id from t")).rows, [["6"], ["7"]]);
    assert.equal(gateway.pinned, 0);
  });
});

Deno.test("gateway: without a primary VT20005 after the window, and an abort ends the wait", async () => {
  await withGateway(async ({ gateway, tablet, publish }) => {
    const primary = tablet(100);
    primary.serving.announce({ serving: false });
    publish(primary);
    const started = performance.now();
    await assert.rejects(run(gateway, "select 1"), hasId("VT20005"));
    assert.ok(performance.now() - started > 250);
    const abort = new AbortController();
    const waiting = run(gateway, "select 1", {}, { signal: abort.signal });
    setTimeout(() => abort.abort(), 10);
    await assert.rejects(waiting, hasId("ER_QUERY_INTERRUPTED"));
  }, 300);
});

Deno.test("gateway: a lost connection repeats reads, never writes; transactions are lost", async () => {
  await withGateway(async ({ server, gateway, directory, tablet, publish }) => {
    const primary = tablet(100);
    publish(primary);
    const { id } = await run(gateway, "insert into t values (20)", { begin: "begin" });
    const slow = async (sql: string) => {
      const running = run(gateway, sql);
      const outcome = running.then(() => undefined, (error: unknown) => error);
      await waitFor("it", async () => {
        const { rows } = await server.root.query(
          "select 1 from information_schema.processlist where info like '%benchmark%' " +
            "and info not like '%processlist%'",
          NEVER,
        );
        return rows.length > 0;
      });
      return { running, outcome };
    };
    // sleep() would not count as a read: this takes about as long.
    const read = await slow("select benchmark(30000000, 1)");
    const write = await slow("insert into t select benchmark(200000000, 1)");
    const { port } = primary;
    await primary.server[Symbol.asyncDispose]();
    assert.ok(hasId("VT20006", /zone1-0000000100/)(await write.outcome));
    await waitFor("the gate to notice", () => directory.pick(TARGET) === undefined);
    const inTransaction = run(gateway, "select 1", { transactionId: id });
    await assert.rejects(inTransaction, hasId("VT20009", /zone1-0000000100 was lost/));
    await gateway.rollback(TARGET, id, NEVER);
    const again = tablet(100, TARGET, port);
    assert.deepEqual((await read.running).rows, [["0"]]);
    assert.equal((await run(gateway, "select 1")).uid, 100);
    assert.deepEqual((await run(gateway, "select id from t where id = 20")).rows, []);
    assert.equal(again.port, port);
  });
});

Deno.test("gateway: records that move, change their tablet and go are followed", async () => {
  await withGateway(async ({ gateway, directory, tablet, publish }) => {
    const [a, b] = [tablet(100), tablet(101)];
    publish(a);
    assert.equal((await run(gateway, "select 1")).uid, 100);
    // Another tablet listens where the record says 102: it is not taken for it.
    const stranger = { ...recordOf(b), alias: { cell: "zone1", uid: 102 } };
    directory.update("zone1", new Map([["zone1-0000000102", stranger]]));
    await waitFor("the refusal", () => {
      const [status] = directory.statuses;
      return /VT20003.*zone1-0000000101/.test(status?.health.error ?? "");
    });
    publish(b);
    assert.equal((await run(gateway, "select 1")).uid, 101);
    publish();
    await assert.rejects(run(gateway, "select 1"), hasId("VT20005"));
    assert.deepEqual(directory.statuses, []);
  });
});

Deno.test("gateway: sinks get whole packets, however large the answer and its rows", async () => {
  await withGateway(async ({ server, gateway, tablet, publish }) => {
    await server.root.query("set global max_allowed_packet = 67108864", NEVER);
    publish(tablet(100));
    const rows = new ResultRows({ deprecateEof: true });
    const sql = "select repeat('x', 17000000) union all select repeat('y', 200000) " +
      "union all select repeat('z', 70) from seq_1_to_5000";
    const result = await gateway.execute(request(sql), (packets) => {
      // Throws when a packet is cut.
      rows.add(packets);
      return new Promise((resolve) => queueMicrotask(resolve));
    }, NEVER);
    assert.ok(!isErr(result.terminal));
    const lengths = rows.rows.map(([value]) => value?.length);
    assert.deepEqual(lengths.slice(0, 3), [17_000_000, 200_000, 70]);
    assert.equal(lengths.length, 5002);
  });
});
