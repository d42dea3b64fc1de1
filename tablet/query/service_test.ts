import assert from "node:assert/strict";
import { VtError, vtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { mysqlErrorOf } from "../../shared/mysql/err_packet.ts";
import { FRAME_HEADER_BYTES } from "../../shared/mysql/frame.ts";
import { ResultRows } from "../../shared/mysql/result_rows.ts";
import type { ExecuteRequest, QueryService } from "../../shared/rpc/query_service.ts";
import { startTestMysqld, type TestMysqld } from "../../tests/harness/mysqld.ts";
import {
  connectGate,
  type GateEnd,
  type QueryTablet,
  type QueryTabletOptions,
  request,
  startQueryTablet,
  TARGET,
} from "../../tests/harness/query_tablet.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { isErr } from "./terminal.ts";

const NEVER = { signal: new AbortController().signal };
const UTF8 = new TextDecoder();

interface Answer {
  readonly rows: readonly (readonly (string | null)[])[];
  readonly transactionId: number;
}

/** Runs a text statement; an ERR of mysqld is thrown. */
async function run(
  rpc: QueryService,
  sql: string,
  more: Partial<ExecuteRequest> = {},
  options = NEVER,
): Promise<Answer> {
  const rows = new ResultRows({ deprecateEof: true });
  const result = await rpc.execute(request(sql, more), (packets) => rows.add(packets), options);
  if (isErr(result.terminal)) throw mysqlErrorOf(result.terminal.subarray(FRAME_HEADER_BYTES));
  return {
    rows: rows.rows.map((row) => row.map((value) => value && UTF8.decode(value))),
    transactionId: result.transactionId,
  };
}

async function values(rpc: QueryService, sql: string, more = {}): Promise<unknown> {
  return (await run(rpc, sql, more)).rows;
}

function hasId(id: string, text = /./): (error: unknown) => boolean {
  return (error) => error instanceof VtError && error.id === id && text.test(error.message);
}

function hasErrno(errno: number): (error: unknown) => boolean {
  return (error) => error instanceof MysqlError && error.errno === errno;
}

interface Fixture {
  readonly server: TestMysqld;
  readonly tablet: QueryTablet;
  readonly gate: GateEnd;
}

async function withTablet(
  options: Partial<QueryTabletOptions>,
  test: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  await using server = await startTestMysqld();
  await server.root.query("create database vt_commerce", NEVER);
  await server.root.query(
    "create table vt_commerce.t (id bigint primary key, v varchar(100)) charset utf8mb4",
    NEVER,
  );
  await using tablet = startQueryTablet({
    socketPath: server.socketPath,
    database: "vt_commerce",
    ...options,
  });
  using gate = await connectGate(tablet);
  await test({ server, tablet, gate });
}

async function processes(server: TestMysqld, like: string): Promise<readonly string[]> {
  const { rows } = await server.root.query(
    `select id, info from information_schema.processlist where info like '${like}' ` +
      "and info not like '%processlist%'",
    NEVER,
  );
  return rows.map(([id]) => String(id));
}

Deno.test("queries: rows, errors, prepared statements, settings that stay apart", async (t) => {
  await withTablet({ limits: { poolSize: 3 } }, async ({ tablet, gate: { rpc } }) => {
    await t.step("text rows and mysqld's own errors pass", async () => {
      await run(rpc, "insert into t values (1, 'one'), (2, 'zwei é 水')");
      assert.deepEqual(await values(rpc, "select * from t order by id"), [["1", "one"], [
        "2",
        "zwei é 水",
      ]]);
      await assert.rejects(run(rpc, "insert into t values (1, 'x')"), hasErrno(1062));
      await assert.rejects(run(rpc, "selec 1"), hasErrno(1064));
      assert.equal(tablet.engine.stats.pool.open, tablet.engine.stats.pool.idle);
    });

    await t.step(
      "a prepared statement runs in binary protocol, with and without cache",
      async () => {
        const sql = "select v from t where id = ?";
        // NULL bitmap, new_params_bound, type BIGINT, value.
        const parameters = Uint8Array.of(0, 1, 8, 0, 2, 0, 0, 0, 0, 0, 0, 0);
        for (let round = 0; round < 3; round++) {
          let last = new Uint8Array();
          const result = await rpc.execute(request(sql, { parameters }), (packets) => {
            last = packets.slice();
          }, NEVER);
          assert.ok(!isErr(result.terminal));
          // Header, 0x00, NULL bitmap, length-encoded text.
          const row = last.subarray(last.length - "zwei é 水".length - 3);
          assert.match(UTF8.decode(row), /zwei é 水$/);
        }
        const prepared = await rpc.prepare(request("select id, v from t where v = ?"), NEVER);
        assert.equal(prepared.columns.length, 2);
        assert.equal(prepared.parameters.length, 1);
        await assert.rejects(rpc.prepare(request("select nix from t"), NEVER), hasErrno(1054));
        const refused = await rpc.execute(
          request("select nix from t", { parameters: new Uint8Array() }),
          () => {},
          NEVER,
        );
        assert.ok(isErr(refused.terminal));
      },
    );

    await t.step("statements beyond the cache are closed on the server", async () => {
      for (let index = 0; index < 150; index++) {
        const result = await rpc.execute(
          request(`select ${index}`, { parameters: new Uint8Array() }),
          () => {},
          NEVER,
        );
        assert.ok(!isErr(result.terminal));
      }
      const [[, open] = []] =
        (await run(rpc, "show global status like 'Prepared_stmt_count'")).rows;
      assert.ok(Number(open) <= 60 * 3, `${open} statements are open`);
    });

    await t.step("settings belong to their profile alone", async () => {
      const plain = request("").profile;
      const zone = (settings: string, collation = 45, capabilities = plain.capabilities) =>
        values(rpc, "select @@time_zone, @@collation_connection, @@sql_mode = ''", {
          profile: { capabilities, collation, settings },
        });
      const results = await Promise.all(
        Array.from(
          { length: 30 },
          (_, index) =>
            index % 3 === 0
              ? zone("time_zone='+05:00',sql_mode=''")
              : index % 3 === 1
              ? zone("time_zone='-03:00'", 33)
              : zone(""),
        ),
      );
      for (const [index, rows] of results.entries()) {
        const expected = index % 3 === 0
          ? ["+05:00", "utf8mb4_general_ci", "1"]
          : index % 3 === 1
          ? ["-03:00", "utf8mb3_general_ci", "0"]
          : ["SYSTEM", "utf8mb4_general_ci", "0"];
        assert.deepEqual(rows, [expected]);
      }
      assert.ok(tablet.engine.stats.pool.open <= 3);
    });

    await t.step("what a statement leaves on its connection doesn't reach the next", async () => {
      await run(rpc, "begin");
      for (let round = 0; round < 6; round++) {
        assert.deepEqual(await values(rpc, "select @@in_transaction"), [["0"]]);
      }
    });

    await t.step("a setting that mysqld refuses is its error", async () => {
      const profile = { ...request("").profile, settings: "sql_mode='NIX'" };
      await assert.rejects(run(rpc, "select 1", { profile }), hasErrno(1231));
      assert.deepEqual(await values(rpc, "select 1"), [["1"]]);
    });

    await t.step("what isn't served is refused", async () => {
      tablet.serving.refusal = vtError("VT20001", "NOT_SERVING");
      await assert.rejects(run(rpc, "select 1"), hasId("VT20001", /NOT_SERVING/));
      tablet.serving.refusal = undefined;
    });
  });
});

Deno.test("queries: limits of time, rows, bytes and connections; cancellation", async (t) => {
  const limits = { poolSize: 2, poolWaitMs: 100, poolWaitersMax: 3 };
  await withTablet({ limits }, async ({ server, tablet, gate: { rpc } }) => {
    const limited = (timeoutMs: number, rowsMax = 0, bytesMax = 0) => ({
      limits: { timeoutMs, rowsMax, bytesMax },
    });

    await t.step("time: VT20007, and the statement is stopped on the server", async () => {
      await assert.rejects(
        run(rpc, "select sleep(30), 'slow'", limited(100)),
        hasId("VT20007", /100 ms/),
      );
      await waitFor("the end of it", async () => (await processes(server, "%slow%")).length === 0);
      assert.deepEqual(await values(rpc, "select 1"), [["1"]]);
    });

    await t.step("rows and bytes: VT20010, VT20011", async () => {
      const many = "select seq from seq_1_to_1000000";
      await assert.rejects(run(rpc, many, limited(0, 10)), hasId("VT20010"));
      await assert.rejects(run(rpc, many, limited(0, 0, 10_000)), hasId("VT20011"));
      const ten = await run(rpc, "select seq from seq_1_to_10", limited(0, 10));
      assert.equal(ten.rows.length, 10);
    });

    await t.step(
      "an abort kills the query on the server, mysqld's error is the answer",
      async () => {
        const abort = new AbortController();
        const running = run(rpc, "select sleep(30), 'cancel me'", {}, { signal: abort.signal });
        await waitFor(
          "the query",
          async () => (await processes(server, "%cancel me%")).length === 1,
        );
        abort.abort();
        await assert.rejects(running, hasErrno(1317));
        await waitFor("its end", async () => (await processes(server, "%cancel me%")).length === 0);
      },
    );

    await t.step("a gate that vanishes: its query is killed", async () => {
      const other = await connectGate(tablet);
      const running = run(other.rpc, "select sleep(30), 'orphan'").catch((error) => error);
      await waitFor("the query", async () => (await processes(server, "%orphan%")).length === 1);
      other.client.abort("test");
      assert.ok(hasId("VT20006")(await running));
      await waitFor("its end", async () => (await processes(server, "%orphan%")).length === 0);
    });

    await t.step("a full pool: VT20008 after the wait, at once when the line is long", async () => {
      const slow = [1, 2].map(() => run(rpc, "select sleep(0.6)"));
      await waitFor("both", async () => (await processes(server, "%sleep(0.6)%")).length === 2);
      const started = performance.now();
      const waiting = [1, 2, 3].map(() => assert.rejects(run(rpc, "select 1"), hasId("VT20008")));
      await assert.rejects(run(rpc, "select 1"), hasId("VT20008", /query pool is full: all 2/));
      assert.ok(performance.now() - started < 90);
      await Promise.all(waiting);
      await Promise.all(slow);
      assert.deepEqual(await values(rpc, "select 1"), [["1"]]);
    });

    await t.step("waiters get connections as they come free", async () => {
      const answers = await Promise.all(
        Array.from({ length: 5 }, (_, index) => values(rpc, `select ${index}`)),
      );
      assert.deepEqual(answers, [[["0"]], [["1"]], [["2"]], [["3"]], [["4"]]]);
    });
  });
});

Deno.test("transactions: begin to end, deadlines, lost gates, demotion", async (t) => {
  const limits = { transactionTimeoutMs: 1000, transactionCap: 3, transactionWaitMs: 200 };
  await withTablet({ limits }, async ({ server, tablet, gate: { rpc } }) => {
    const begin = { begin: "begin" };
    const count = (more = {}) => values(rpc, "select count(*) from t", more);

    await t.step("commit and rollback", async () => {
      const { transactionId } = await run(rpc, "insert into t values (1, 'a')", begin);
      assert.notEqual(transactionId, 0);
      assert.deepEqual(await count(), [["0"]]);
      assert.deepEqual(await count({ transactionId }), [["1"]]);
      await rpc.commit(TARGET, transactionId, NEVER);
      assert.deepEqual(await count(), [["1"]]);
      await assert.rejects(
        count({ transactionId }),
        hasId("VT20009", /transaction committed/),
      );
      const other = await run(rpc, "delete from t", begin);
      await rpc.rollback(TARGET, other.transactionId, NEVER);
      assert.deepEqual(await count(), [["1"]]);
      await rpc.rollback(TARGET, other.transactionId, NEVER);
      await assert.rejects(rpc.commit(TARGET, other.transactionId, NEVER), hasId("VT20009"));
      assert.equal(tablet.engine.stats.transactions, 0);
    });

    await t.step("begin may set the isolation level first", async () => {
      const { rows, transactionId } = await run(
        rpc,
        "select @@in_transaction",
        { begin: "set transaction isolation level serializable; start transaction" },
      );
      assert.deepEqual(rows, [["1"]]);
      await rpc.rollback(TARGET, transactionId, NEVER);
    });

    await t.step(
      "an error of a statement doesn't end the transaction, a deadlock does",
      async () => {
        await run(rpc, "replace into t values (1, 'a'), (2, 'b')");
        const a = (await run(rpc, "update t set v = 'x' where id = 1", begin)).transactionId;
        const b = (await run(rpc, "update t set v = 'x' where id = 2", begin)).transactionId;
        const wrong = await rpc.execute(
          request("insert into t values (1, 'dup')", { transactionId: a }),
          () => {},
          NEVER,
        );
        assert.ok(isErr(wrong.terminal));
        assert.equal(wrong.transactionId, a);
        const ids = await Promise.all([
          rpc.execute(
            request("update t set v = 'y' where id = 2", { transactionId: a }),
            () => {},
            NEVER,
          ),
          rpc.execute(
            request("update t set v = 'y' where id = 1", { transactionId: b }),
            () => {},
            NEVER,
          ),
        ]);
        const victims = ids.filter((result) => isErr(result.terminal));
        assert.equal(victims.length, 1);
        assert.equal(victims[0]?.transactionId, 0);
        for (const id of [a, b]) await rpc.rollback(TARGET, id, NEVER);
      },
    );

    await t.step("an implicit commit ends it", async () => {
      const { transactionId } = await run(rpc, "insert into t values (77, 'ddl')", begin);
      const after = await run(rpc, "create table t2 (id int primary key)", { transactionId });
      assert.equal(after.transactionId, 0);
      assert.deepEqual(await values(rpc, "select v from t where id = 77"), [["ddl"]]);
    });

    await t.step("statements of one transaction take turns", async () => {
      const { transactionId } = await run(rpc, "select 1", begin);
      const answers = await Promise.all(
        [1, 2, 3].map((value) => values(rpc, `select ${value}, sleep(0.01)`, { transactionId })),
      );
      assert.deepEqual(answers, [[["1", "0"]], [["2", "0"]], [["3", "0"]]]);
      await rpc.rollback(TARGET, transactionId, NEVER);
    });

    await t.step("a cancelled statement leaves the transaction open", async () => {
      const { transactionId } = await run(rpc, "insert into t values (5, 'kept')", begin);
      const abort = new AbortController();
      const running = rpc.execute(
        request("select sleep(30), 'turn'", { transactionId }),
        () => {},
        { signal: abort.signal },
      );
      await waitFor("it", async () => (await processes(server, "%turn%")).length === 1);
      abort.abort();
      assert.ok(isErr((await running).terminal));
      await rpc.commit(TARGET, transactionId, NEVER);
      assert.deepEqual(await values(rpc, "select v from t where id = 5"), [["kept"]]);
    });

    await t.step("too old: rolled back, and later use says why", async () => {
      const idle = await run(rpc, "insert into t values (6, 'old')", begin);
      const busy = await run(rpc, "select 1", begin);
      const running = run(rpc, "select sleep(30)", { transactionId: busy.transactionId });
      await assert.rejects(running, hasId("VT20009", /exceeded timeout: 1s/));
      await waitFor("the end", () => tablet.engine.stats.transactions === 0);
      await assert.rejects(
        run(rpc, "select 1", { transactionId: idle.transactionId }),
        hasId("VT20009", /ended at 20.* \(exceeded timeout: 1s\)/),
      );
      assert.deepEqual(await values(rpc, "select v from t where id = 6"), []);
    });

    await t.step("a lost gate's transactions are rolled back at once", async () => {
      const other = await connectGate(tablet);
      await run(other.rpc, "insert into t values (7, 'lost')", begin);
      assert.equal(tablet.engine.stats.transactions, 1);
      other.client.abort("test");
      await waitFor("the end", () => tablet.engine.stats.transactions === 0);
      assert.deepEqual(await values(rpc, "select v from t where id = 7"), []);
    });

    await t.step("no more transactions than the cap", async () => {
      const open = await Promise.all([1, 2, 3].map(() => run(rpc, "select 1", begin)));
      await assert.rejects(
        run(rpc, "select 1", begin),
        (error) =>
          hasId("VT20008", /transaction pool is full: all 3/)(error) || hasId("VT20009")(error),
      );
      for (const { transactionId } of open) await rpc.rollback(TARGET, transactionId, NEVER);
    });

    await t.step(
      "a reserved connection keeps its state until it is released, and then nothing",
      async () => {
        const { transactionId } = await run(rpc, "create temporary table tmp (id int)", {
          reserve: true,
        });
        assert.notEqual(transactionId, 0);
        await run(rpc, "set @mine = 42", { transactionId });
        await run(rpc, "begin", { transactionId });
        await run(rpc, "insert into t values (8, 'reserved')", { transactionId });
        await rpc.commit(TARGET, transactionId, NEVER);
        assert.deepEqual(
          await values(rpc, "select @mine, (select count(*) from tmp)", {
            transactionId,
          }),
          [["42", "0"]],
        );
        await rpc.release(TARGET, transactionId, NEVER);
        const next = await run(rpc, "select @mine", { reserve: true });
        assert.deepEqual(next.rows, [[null]]);
        await assert.rejects(
          run(rpc, "select * from tmp", { transactionId: next.transactionId }),
          hasErrno(1146),
        );
        await rpc.release(TARGET, next.transactionId, NEVER);
        assert.equal(tablet.engine.stats.transactions, 0);
      },
    );

    await t.step("a demotion waits for transactions and rolls back the rest", async () => {
      const quick = await run(rpc, "insert into t values (9, 'quick')", begin);
      const slow = await run(rpc, "insert into t values (10, 'slow')", begin);
      const closing = tablet.engine.close("the primary was demoted", 300);
      await rpc.commit(TARGET, quick.transactionId, NEVER);
      await closing;
      await assert.rejects(
        rpc.commit(TARGET, slow.transactionId, NEVER),
        hasId("VT20009", /demoted/),
      );
      assert.deepEqual(await values(rpc, "select id from t where id in (9, 10)"), [["9"]]);
    });
  });
});

Deno.test("mysqld killed amid queries: clean errors, and the pool recovers", async () => {
  await withTablet({}, async ({ server, tablet, gate: { rpc } }) => {
    await values(rpc, "select 1");
    const { transactionId } = await run(rpc, "insert into t values (1, 'x')", { begin: "begin" });
    const running = run(rpc, "select sleep(30), 'dying'").catch((error) => error);
    await waitFor("it", async () => (await processes(server, "%dying%")).length === 1);
    Deno.kill(server.pid, "SIGKILL");
    assert.ok(hasId("VT20018", /not known/)(await running));
    await assert.rejects(run(rpc, "select 1"), hasId("VT20001", /NOT_CONNECTED/));
    await assert.rejects(
      run(rpc, "select 1", { begin: "begin" }),
      hasId("VT20001", /NOT_CONNECTED/),
    );
    await assert.rejects(
      run(rpc, "select 1", { transactionId }),
      (error) => hasId("VT20018")(error) || hasId("VT20009")(error),
    );
    await assert.rejects(rpc.commit(TARGET, transactionId, NEVER), hasId("VT20009"));
    assert.equal(tablet.engine.stats.transactions, 0);
    assert.equal(tablet.engine.stats.pool.open, 0);
  });
});

Deno.test("sequences: no value twice, whoever asks, over restarts", async (t) => {
  await withTablet({}, async ({ server, tablet, gate: { rpc } }) => {
    for (const [name, next, cache] of [["s", 1000, 10], ["bad", 1, 0], ["empty", 0, 0]] as const) {
      await run(
        rpc,
        `create table ${name} (id int primary key, next_id bigint, cache bigint) ` +
          "comment 'vitess_sequence'",
      );
      if (name !== "empty") await run(rpc, `insert into ${name} values (0, ${next}, ${cache})`);
    }
    const next = (count = 1, from = rpc) => from.nextSequence(TARGET, "s", count, NEVER);
    const stored = async () => (await run(rpc, "select next_id from s")).rows[0]?.[0];

    await t.step("in order, a range at a time", async () => {
      assert.deepEqual([await next(), await next(3), await next()], [1000n, 1001n, 1004n]);
      assert.equal(await stored(), "1010");
      // Five are left; the six stay together.
      assert.equal(await next(6), 1005n);
      assert.equal(await stored(), "1020");
      assert.equal(await next(100), 1011n);
      assert.equal(await next(), 1111n);
    });

    await t.step("many callers, and a second tablet on the same mysqld", async () => {
      await using second = startQueryTablet({
        socketPath: server.socketPath,
        database: "vt_commerce",
        uid: 101,
      });
      using other = await connectGate(second);
      const all = await Promise.all(
        Array.from({ length: 300 }, (_, index) => next(1, index % 3 ? rpc : other.rpc)),
      );
      assert.equal(new Set(all).size, 300);
      assert.ok(all.every((value) => value > 1111n));
    });

    await t.step("after a demotion and after a lowered row none comes again", async () => {
      const last = await next();
      await tablet.engine.close("demoted", 0);
      assert.ok(await next() > last);
      await run(rpc, "update s set next_id = 1");
      let before = await next();
      for (let round = 0; round < 25; round++) {
        const value = await next();
        assert.ok(value > before, `${value} after ${before}`);
        before = value;
      }
    });

    await t.step("what is no sequence is refused", async () => {
      const ask = (table: string, count = 1) => rpc.nextSequence(TARGET, table, count, NEVER);
      await assert.rejects(ask("bad"), hasId("VT20017", /invalid cache value for sequence bad: 0/));
      await assert.rejects(ask("empty"), hasId("VT20017", /possible mis-route\): 0/));
      await assert.rejects(ask("s", 0), hasId("VT20017", /invalid increment/));
      await assert.rejects(ask("nix"), hasErrno(1146));
      await assert.rejects(ask("t"), hasErrno(1054));
      assert.deepEqual(await values(rpc, "select @@in_transaction"), [["0"]]);
    });
  });
});

Deno.test("schema: tables, and a version that grows with DDL from anywhere", async () => {
  await withTablet({ limits: { schemaCheckMs: 200 } }, async ({ server, tablet, gate }) => {
    const { rpc } = gate;
    await waitFor("the first look", () => tablet.engine.schema.version === 1);
    const versions: number[] = [];
    const stop = new AbortController();
    const streaming = rpc.streamHealth(
      (health) => versions.push(health.schemaVersion),
      { signal: stop.signal },
    );
    await run(
      rpc,
      "create table wide (a int not null auto_increment, b varchar(20) character set latin1, " +
        "c int as (a + 1), d int invisible, primary key (a)) comment 'vitess_sequence'",
    );
    await waitFor("the new version", () => tablet.engine.schema.version >= 2);
    const tables = await rpc.schema(TARGET, NEVER);
    assert.deepEqual(tables.map((table) => table.name), ["t", "wide"]);
    const wide = tables[1];
    assert.equal(wide?.comment, "vitess_sequence");
    assert.deepEqual(wide?.primaryKey, ["a"]);
    assert.deepEqual(
      wide?.columns.map((
        c,
      ) => [c.name, c.dataType, c.nullable, c.autoIncrement, c.generated, c.invisible]),
      [
        ["a", "int", false, true, false, false],
        ["b", "varchar", true, false, false, false],
        ["c", "int", true, false, true, false],
        ["d", "int", true, false, false, true],
      ],
    );
    assert.match(wide?.columns[1]?.collation ?? "", /^latin1/);
    const before = tablet.engine.schema.version;
    await server.root.query("create table vt_commerce.elsewhere (id int)", NEVER);
    await waitFor("the periodic check", () => tablet.engine.schema.version > before);
    await waitFor("the gate to hear", () => versions.at(-1) === tablet.engine.schema.version);
    stop.abort();
    await streaming;
  });
});

Deno.test("a slow reader of a million rows: little is held, neighbours go on", async () => {
  await withTablet({}, async ({ gate: { rpc } }) => {
    const sql = "select seq, repeat('x', 100) from seq_1_to_1000000";
    let bytes = 0;
    let blocked: (() => void) | undefined;
    let slow = true;
    const running = rpc.execute(request(sql), (packets) => {
      bytes += packets.length;
      if (!slow) return;
      return new Promise((resolve) => {
        blocked = resolve;
      });
    }, NEVER);
    await waitFor("the first part", () => blocked !== undefined);
    const before = Deno.memoryUsage().rss;
    for (let round = 0; round < 50; round++) {
      assert.deepEqual(await values(rpc, "select 1"), [["1"]]);
    }
    assert.ok(bytes < 1_000_000, `${bytes} bytes came to a reader that waits`);
    assert.ok(Deno.memoryUsage().rss - before < 30e6);
    slow = false;
    blocked?.();
    const result = await running;
    assert.ok(!isErr(result.terminal));
    assert.ok(bytes > 110_000_000, `${bytes}`);
  });
});
