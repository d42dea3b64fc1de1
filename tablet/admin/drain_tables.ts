/** Waits until nobody writes to tables any more. */
import { printPosition } from "../../shared/binlog/position.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { vtError } from "../../shared/error/errors.ts";
import { sleep } from "../../shared/host/clock.ts";
import type { VReplicationAdmin } from "../../shared/rpc/vreplication.ts";
import { type CallOptions, queryRow, type StatementRunner } from "../mysqld/dba.ts";
import { CLIENT_USERS } from "../mysqld/init_db.ts";
import { endClientSessions, type Server } from "../mysqld/replication.ts";
import { quote, quoteName } from "../mysqld/statement.ts";

type Request = VReplicationAdmin["DrainTables"]["request"];

const LOOK_MS = 10;
const ER_LOCK_WAIT_TIMEOUT = 1205;

/** What the query service has admitted, and mysqld may not know of yet. */
export interface Admitted {
  ended(options: CallOptions): Promise<void>;
}

/**
 * Every transaction that had written to one of `tables` has ended, and its writes are before the
 * position that is answered; no tables: every client's transaction. New ones are refused by then:
 * that is the caller's business. After `graceMs` what is left is killed; VT20014 after `timeoutMs`.
 */
export async function drainTables(
  server: Server,
  database: string,
  request: Request,
  admitted: Admitted,
  options: CallOptions,
): Promise<string> {
  const { tables, graceMs, timeoutMs } = request;
  const timeout = AbortSignal.timeout(timeoutMs);
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, timeout]);
  const grace = AbortSignal.any([signal, ended.signal]);
  const killing = killAfter(server, graceMs, { signal: grace });
  try {
    // A write that waits for a connection, or is on its way, holds no lock yet.
    await admitted.ended({ signal });
    if (tables.length === 0) await untilIdle(server, { signal });
    else await lockBriefly(server, database, tables, timeoutMs, { signal });
    return await streamPosition(server, { signal });
  } catch (error) {
    options.signal.throwIfAborted();
    const late = error instanceof MysqlError && error.errno === ER_LOCK_WAIT_TIMEOUT;
    if (timeout.aborted || late) throw vtError("VT20014", "the end of transactions under way");
    throw error;
  } finally {
    ended.abort();
    await killing;
  }
}

/** The end of this server's binlog, with its flavor. */
export async function streamPosition(server: Server, options: CallOptions): Promise<string> {
  const { flavor } = server.flavor.version;
  const variable = flavor === "mariadb" ? "gtid_binlog_pos" : "gtid_executed";
  const row = await queryRow(server.dba, `SELECT @@global.${variable} AS position`, options);
  return printPosition(flavor, (row?.["position"] ?? "").replace(/\s+/g, ""));
}

/** A transaction keeps its lock on a table's definition until it has ended. */
async function lockBriefly(
  server: Server,
  database: string,
  tables: readonly string[],
  timeoutMs: number,
  options: CallOptions,
): Promise<void> {
  const names = tables.map((table) => `${quoteName(database)}.${quoteName(table)} READ`);
  await server.dba.session(async (session) => {
    const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
    await session.query(`SET SESSION lock_wait_timeout = ${seconds}`, options);
    await session.query(`LOCK TABLES ${names.join(", ")}`, options);
    await session.query("UNLOCK TABLES", options);
  }, options);
}

async function untilIdle(server: Server, options: CallOptions): Promise<void> {
  while (await countTransactions(server.dba, options) > 0) await sleep(LOOK_MS, options);
}

async function countTransactions(runner: StatementRunner, options: CallOptions): Promise<number> {
  const users = CLIENT_USERS.map(quote).join(", ");
  const row = await queryRow(
    runner,
    "SELECT COUNT(*) AS n FROM information_schema.innodb_trx t JOIN " +
      `information_schema.processlist p ON p.id = t.trx_mysql_thread_id WHERE p.user IN (${users})`,
    options,
  );
  return Number(row?.["n"] ?? 0);
}

async function killAfter(server: Server, graceMs: number, options: CallOptions): Promise<void> {
  try {
    await sleep(graceMs, options);
    await endClientSessions(server, CLIENT_USERS, options);
  } catch (error) {
    // It is over before the grace time is.
    if (!options.signal.aborted) throw error;
  }
}
