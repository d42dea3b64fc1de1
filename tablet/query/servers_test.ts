/** What differs between servers: collations, resets, KILL, status flags, information_schema. */
import assert from "node:assert/strict";
import { VtError } from "../../shared/error/errors.ts";
import { FRAME_HEADER_BYTES } from "../../shared/mysql/frame.ts";
import { mysqlErrorOf } from "../../shared/mysql/err_packet.ts";
import { ResultRows } from "../../shared/mysql/result_rows.ts";
import type { ExecuteRequest, QueryService } from "../../shared/rpc/query_service.ts";
import { startTestMysqld, whyNoMysql } from "../../tests/harness/mysqld.ts";
import {
  connectGate,
  request,
  startQueryTablet,
  TARGET,
} from "../../tests/harness/query_tablet.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { isErr } from "./terminal.ts";

const NEVER = { signal: new AbortController().signal };

async function run(
  rpc: QueryService,
  sql: string,
  more: Partial<ExecuteRequest> = {},
): Promise<{ readonly rows: unknown; readonly id: number }> {
  const rows = new ResultRows({ deprecateEof: true });
  const result = await rpc.execute(request(sql, more), (packets) => rows.add(packets), NEVER);
  if (isErr(result.terminal)) throw mysqlErrorOf(result.terminal.subarray(FRAME_HEADER_BYTES));
  const utf8 = new TextDecoder();
  return {
    rows: rows.rows.map((row) => row.map((value) => value && utf8.decode(value))),
    id: result.transactionId,
  };
}

async function checkServer(server: "mariadb" | "mysql"): Promise<void> {
  await using mysqld = await startTestMysqld({ server });
  await mysqld.root.query("create database vt_commerce", NEVER);
  await using tablet = startQueryTablet({
    socketPath: mysqld.socketPath,
    database: "vt_commerce",
    limits: { poolSize: 1, transactionCap: 2, transactionTimeoutMs: 1500 },
  });
  using gate = await connectGate(tablet);
  const { rpc } = gate;
  await waitFor("the first look", () => tablet.engine.schema.version === 1);
  await run(
    rpc,
    "create table t (id bigint primary key, v varchar(20), twice bigint as (id * 2) stored, " +
      "created datetime default current_timestamp) default charset utf8mb4",
  );
  await waitFor("the new schema", () => tablet.engine.schema.version === 2);
  const [table] = await rpc.schema(TARGET, NEVER);
  assert.deepEqual(table?.primaryKey, ["id"]);
  assert.deepEqual(table?.columns.map((column) => column.generated), [false, false, true, false]);

  // One connection serves three profiles, each as if it were alone.
  const { capabilities } = request("").profile;
  const shown = "select @@time_zone, @@collation_connection";
  const profiles = [
    [{ capabilities, collation: 8, settings: "time_zone='+05:00'" }, "+05:00", "latin1_swedish_ci"],
    [{ capabilities, collation: 224, settings: "" }, "SYSTEM", "utf8mb4_unicode_ci"],
    [{ capabilities, collation: 45, settings: "" }, "SYSTEM", "utf8mb4_general_ci"],
  ] as const;
  for (const [profile, zone, collation] of [...profiles, ...profiles]) {
    assert.deepEqual((await run(rpc, shown, { profile })).rows, [[zone, collation]]);
  }
  assert.equal(tablet.engine.stats.pool.open, 1);

  const begun = await run(rpc, "insert into t (id, v) values (1, 'é')", { begin: "begin" });
  await assert.rejects(run(rpc, "insert into t (id) values (1)", { transactionId: begun.id }), {
    errno: 1062,
  });
  await rpc.commit(TARGET, begun.id, NEVER);
  assert.deepEqual((await run(rpc, "select v, twice from t")).rows, [["é", "2"]]);

  const ddl = await run(rpc, "insert into t (id) values (2)", { begin: "start transaction" });
  const after = await run(rpc, "create table t2 (id int primary key)", { transactionId: ddl.id });
  assert.equal(after.id, 0);

  // SLEEP would do on MariaDB alone: MySQL answers a killed one with a row.
  const slow = "select count(*) from information_schema.columns a, information_schema.columns b, " +
    "information_schema.columns c";
  await assert.rejects(
    run(rpc, slow, { limits: { timeoutMs: 100, rowsMax: 0, bytesMax: 0 } }),
    (error) => error instanceof VtError && error.id === "VT20007",
  );
  const open = await run(rpc, "insert into t (id) values (3)", { begin: "begin" });
  await assert.rejects(
    run(rpc, slow, { transactionId: open.id, limits: { timeoutMs: 100, rowsMax: 0, bytesMax: 0 } }),
    (error) => error instanceof VtError && error.id === "VT20007",
  );
  await rpc.commit(TARGET, open.id, NEVER);
  assert.deepEqual((await run(rpc, "select id from t")).rows, [["1"], ["2"], ["3"]]);

  // COM_RESET_CONNECTION on release: nothing of the session is left.
  const reserved = await run(rpc, "set @mine = 1, sql_mode = ''", { reserve: true });
  await rpc.release(TARGET, reserved.id, NEVER);
  const next = await run(rpc, "select @mine, @@sql_mode = ''", { reserve: true });
  assert.deepEqual(next.rows, [[null, "0"]]);
  await rpc.release(TARGET, next.id, NEVER);

  const parameters = Uint8Array.of(0, 1, 8, 0, 3, 0, 0, 0, 0, 0, 0, 0);
  const sql = "select id from t where id = ?";
  const prepared = await rpc.prepare(request(sql), NEVER);
  assert.deepEqual([prepared.columns.length, prepared.parameters.length], [1, 1]);
  const binary = await rpc.execute(request(sql, { parameters }), () => {}, NEVER);
  assert.ok(!isErr(binary.terminal));
}

Deno.test("query service on MariaDB", () => checkServer("mariadb"));

Deno.test({
  name: `query service on MySQL${whyNoMysql() === undefined ? "" : ` (skipped: ${whyNoMysql()})`}`,
  ignore: whyNoMysql() !== undefined,
  fn: () => checkServer("mysql"),
});
