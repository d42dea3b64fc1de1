/** Waits until nobody writes to tables any more. */
import { printPosition } from "../../shared/binlog/position.ts";
import { ER_LOCK_WAIT_TIMEOUT } from "../../shared/error/errno.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { vtError } from "../../shared/error/errors.ts";
import { sleep } from "../../shared/host/clock.ts";
import type { VReplicationAdmin } from "../../shared/rpc/vreplication.ts";
import { type CallOptions, queryRow, toRows } from "../mysqld/dba.ts";
import { killThread } from "../mysqld/kill_thread.ts";
import type { ClientSessions, Server } from "../mysqld/replication.ts";
import { quote, quoteName } from "../mysqld/statement.ts";

type Request = VReplicationAdmin["DrainTables"]["request"];

const LOOK_MS = 10;

/** What the query service has admitted, and mysqld may not know of yet. */
export interface Admitted {
  ended(options: CallOptions): Promise<void>;
  /** Ends those of its transactions that have these connections; which they were. */
  endTransactions(threads: ReadonlySet<number>, reason: string): ReadonlySet<number>;
}

/** Where tables are, and who writes to them. */
export interface DrainedPlace {
  readonly database: string;
  readonly clients: ClientSessions;
}

/**
 * Every transaction that had written to one of `tables` has ended, and its writes are before the
 * position that is answered; no tables: every transaction that has written. New ones are refused by
 * then: that is the caller's business. What still writes after `graceMs` is ended: transactions of
 * clients with VT20009 at their next statement, single statements as by KILL QUERY, sessions of
 * administrators by KILL. Who only reads is left alone. VT20014 after `timeoutMs`, mysqld's refusal
 * when it lets nobody end them.
 */
export async function drainTables(
  server: Server,
  { database, clients }: DrainedPlace,
  request: Request,
  admitted: Admitted,
  options: CallOptions,
): Promise<string> {
  const { tables, graceMs, timeoutMs } = request;
  const timeout = AbortSignal.timeout(timeoutMs);
  const ended = new AbortController();
  const unending = new AbortController();
  const signal = AbortSignal.any([options.signal, timeout, unending.signal]);
  const grace = AbortSignal.any([signal, ended.signal]);
  await refuseDirectSessions(server, clients, { signal });
  // Writers that can't be ended would be waited for in vain.
  const killing = endAfter(server, clients, admitted, graceMs, { signal: grace })
    .catch((error) => unending.abort(error));
  try {
    // A write that waits for a connection, or is on its way, holds no lock yet.
    await admitted.ended({ signal });
    if (tables.length === 0) await untilIdle(server, clients, { signal });
    else await lockBriefly(server, database, tables, timeoutMs, { signal });
    return await streamPosition(server, { signal });
  } catch (error) {
    options.signal.throwIfAborted();
    unending.signal.throwIfAborted();
    const late = error instanceof MysqlError && error.errno === ER_LOCK_WAIT_TIMEOUT;
    if (!timeout.aborted && !late) throw error;
    throw vtError(
      "VT20014",
      `the end of what writes here (${await describeHolders(server, options)})`,
    );
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

async function untilIdle(
  server: Server,
  clients: ClientSessions,
  options: CallOptions,
): Promise<void> {
  while ((await readWriters(server, clients, options)).length > 0) await sleep(LOOK_MS, options);
}

/** A session with a transaction that has written, or holds locks to write. */
interface Writer {
  readonly thread: number;
  readonly user: string;
}

/** Of a server that isn't ours, only those that use the keyspace's database. */
async function readWriters(
  server: Server,
  { database }: ClientSessions,
  options: CallOptions,
): Promise<readonly Writer[]> {
  const here = database === undefined ? "" : ` AND p.db = ${quote(database)}`;
  const rows = await server.dba.query(
    "SELECT p.id AS id, p.user AS user FROM information_schema.innodb_trx t JOIN " +
      "information_schema.processlist p ON p.id = t.trx_mysql_thread_id " +
      "WHERE (t.trx_rows_modified > 0 OR t.trx_lock_structs > 0) AND p.id <> CONNECTION_ID() " +
      `AND p.user NOT IN ('system user', 'event_scheduler')${here}`,
    options,
  );
  return toRows(rows).map((row) => ({ thread: Number(row["id"]), user: row["user"] ?? "" }));
}

/** How many are named in an error. */
const NAMED_MAX = 5;

/** VT20035 when others than the tablet use the database of a server that isn't ours. */
async function refuseDirectSessions(
  server: Server,
  { users, readers, database }: ClientSessions,
  options: CallOptions,
): Promise<void> {
  if (database === undefined) return;
  const known = [...users, ...readers].map(quote).join(", ");
  const { rows } = await server.dba.query(
    "SELECT DISTINCT user, SUBSTRING_INDEX(host, ':', 1) FROM information_schema.processlist " +
      `WHERE db = ${
        quote(database)
      } AND user NOT IN (${known}, 'system user', 'event_scheduler') ` +
      `ORDER BY 1, 2 LIMIT ${NAMED_MAX}`,
    options,
  );
  if (rows.length === 0) return;
  throw vtError("VT20035", database, rows.map(([user, host]) => `${user}@${host}`).join(", "));
}

/** Again and again, until the signal: a writer may come to its first write late. */
async function endAfter(
  server: Server,
  clients: ClientSessions,
  admitted: Admitted,
  graceMs: number,
  options: CallOptions,
): Promise<void> {
  try {
    for (;;) {
      await sleep(graceMs, options);
      await endWriters(server, clients, admitted, options);
    }
  } catch (error) {
    // It is over before the grace time is.
    if (!options.signal.aborted) throw error;
  }
}

async function endWriters(
  server: Server,
  clients: ClientSessions,
  admitted: Admitted,
  options: CallOptions,
): Promise<void> {
  const { users, database } = clients;
  const found = await readWriters(server, clients, options);
  // Strangers on a server that isn't ours are waited for.
  const writers = found.filter(({ user }) => database === undefined || users.includes(user));
  const threads = new Set(writers.map(({ thread }) => thread));
  const ended = admitted.endTransactions(threads, "writes were switched to another place");
  for (const { thread, user } of writers) {
    if (ended.has(thread)) continue;
    const what = users.includes(user) ? "QUERY" : "CONNECTION";
    await killThread(thread, what, (sql) => server.dba.query(sql, options));
  }
}

/** Who holds or waits for locks, for a person: "thread 12, vt_dba, 8 s: alter table ...". */
async function describeHolders(server: Server, options: CallOptions): Promise<string> {
  const rows = await server.dba.query(
    "SELECT p.id AS id, p.user AS user, p.time AS seconds, p.state AS state, p.info AS info " +
      "FROM information_schema.processlist p LEFT JOIN information_schema.innodb_trx t " +
      "ON t.trx_mysql_thread_id = p.id WHERE p.id <> CONNECTION_ID() " +
      "AND p.user NOT IN ('system user', 'event_scheduler') " +
      "AND (t.trx_id IS NOT NULL OR p.state LIKE '%lock%') ORDER BY p.time DESC LIMIT 3",
    options,
  );
  const holders = toRows(rows).map((row) =>
    `thread ${row["id"]}, ${row["user"]}, ${row["seconds"]} s: ${
      (row["info"] ?? "in a transaction").slice(0, 80)
    }`
  );
  return holders.join("; ") || "nobody is seen any more";
}
