/**
 * Transactions that see tables as they are at one GTID position.
 *
 * MariaDB says where in its binlog a snapshot stands, and nobody is held up: where several are to
 * see the same, they are begun side by side until they do. Where writers are too quick for that,
 * and on MySQL, which doesn't say it, the tables are held still for the moment in which the
 * snapshots begin: whatever the position is then, it fits all of them.
 */
import { printPosition } from "../../shared/binlog/position.ts";
import { ER_LOCK_WAIT_TIMEOUT } from "../../shared/error/errno.ts";
import { vtErrorFrom } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { sleep } from "../../shared/host/clock.ts";
import type { MysqldConnection } from "../mysqld/connection.ts";
import { quote, quoteName } from "../mysqld/statement.ts";
import { connectForStream, type StreamLogin } from "./dump.ts";
import { flavorOfConnection, readCurrentPosition } from "./source_setup.ts";

interface Options {
  readonly signal: AbortSignal;
}

/** The tables that a snapshot is to be read for. */
export interface SnapshotTables {
  readonly database: string;
  readonly tables: readonly string[];
}

/** A reader that is slow must not be cut off. Seconds. */
const NET_WRITE_TIMEOUT_SEC = 3600;

/**
 * How long LOCK TABLES may wait for writers of the tables to end their transactions, seconds: all
 * the while others that want to write wait behind it. It is tried again after a pause.
 */
const LOCK_WAIT_SEC = 1;
const LOCK_TRIES_MAX = 20;
const LOCK_PAUSE_MS = 1000;

/** A round takes about a millisecond. */
const MARIADB_ROUNDS_MAX = 20;

/** Values come in UTC and each in its column's own charset. */
const SESSION = "SET SESSION sql_mode = '', time_zone = '+00:00', character_set_results = NULL, " +
  `net_write_timeout = ${NET_WRITE_TIMEOUT_SEC}`;

const START = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

/** Begins a snapshot on each connection, all alike, and returns their position. VT26008. */
export async function openSnapshots(
  connections: readonly MysqldConnection[],
  login: StreamLogin,
  tables: SnapshotTables,
  options: Options,
): Promise<string> {
  const [first] = connections;
  if (first === undefined) throw new RangeError("a snapshot needs a connection");
  await Promise.all(connections.map(async (connection) => {
    await connection.fetchRows(SESSION, options);
    await connection.fetchRows("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", options);
  }));
  if (flavorOfConnection(first) === "mariadb") {
    const position = await openOnMariadb(connections, options);
    if (position !== undefined) return position;
  }
  return await openLocked(connections, login, tables, options);
}

/** Undefined when the server's writers didn't let it happen. */
async function openOnMariadb(
  connections: readonly MysqldConnection[],
  options: Options,
): Promise<string | undefined> {
  for (let round = 0; round < MARIADB_ROUNDS_MAX; round++) {
    // A transaction that is open is ended by the next one's start.
    await Promise.all(connections.map((connection) => connection.fetchRows(START, options)));
    const places = await Promise.all(
      connections.map((connection) => binlogPlace(connection, options)),
    );
    const [place] = places;
    const isSame = places.every((other) =>
      other.file === place?.file && other.offset === place.offset
    );
    const [connection] = connections;
    if (!isSame || place === undefined || connection === undefined) continue;
    const { rows } = await connection.fetchRows(
      `SELECT BINLOG_GTID_POS(${quote(place.file)}, ${place.offset})`,
      options,
    );
    return printPosition("mariadb", rows[0]?.[0] ?? "");
  }
  return undefined;
}

/** Where the snapshot stands (MariaDB's manual, "Binlog_snapshot_file"). */
async function binlogPlace(
  connection: MysqldConnection,
  options: Options,
): Promise<{ readonly file: string; readonly offset: number }> {
  const status = await connection.fetchRows("SHOW STATUS LIKE 'binlog_snapshot_%'", options);
  const values = new Map(status.rows.map(([name, value]) => [name?.toLowerCase(), value]));
  return {
    file: values.get("binlog_snapshot_file") ?? "",
    offset: Number(values.get("binlog_snapshot_position")),
  };
}

async function openLocked(
  connections: readonly MysqldConnection[],
  login: StreamLogin,
  tables: SnapshotTables,
  options: Options,
): Promise<string> {
  using locker = await connectForStream(login, options);
  await locker.fetchRows(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SEC}`, options);
  await lock(locker, tables, options);
  await Promise.all(connections.map((connection) => connection.fetchRows(START, options)));
  const gtid = await readCurrentPosition(locker, options);
  await locker.fetchRows("UNLOCK TABLES", options);
  return printPosition(flavorOfConnection(locker), gtid);
}

/** VT26008 when some transaction keeps what it wrote open all the time. */
async function lock(
  locker: MysqldConnection,
  { database, tables }: SnapshotTables,
  options: Options,
): Promise<void> {
  const list = tables.map((table) => `${quoteName(database)}.${quoteName(table)} READ`);
  for (let tries = 1;; tries++) {
    try {
      await locker.fetchRows(`LOCK TABLES ${list.join(", ")}`, options);
      return;
    } catch (error) {
      const isBusy = error instanceof MysqlError && error.errno === ER_LOCK_WAIT_TIMEOUT;
      if (!isBusy) throw error;
      if (tries === LOCK_TRIES_MAX) throw vtErrorFrom(error, "VT26008", tables.join(", "));
    }
    await sleep(LOCK_PAUSE_MS, options);
  }
}
