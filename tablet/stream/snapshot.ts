/** A transaction that sees a table as it is at one GTID position. */
import { printPosition } from "../../shared/binlog/position.ts";
import type { MysqldConnection } from "../mysqld/connection.ts";
import { quote, quoteName } from "../mysqld/statement.ts";
import { connectForStream, type StreamLogin } from "./dump.ts";
import { flavorOfConnection, readCurrentPosition } from "./source_setup.ts";

interface Options {
  readonly signal: AbortSignal;
}

/** A reader that is slow must not be cut off. Seconds. */
const NET_WRITE_TIMEOUT_SEC = 3600;

/** How long MySQL may wait for writers of the table to end their transactions. Seconds. */
const LOCK_WAIT_SEC = 30;

/** Values come in UTC and each in its column's own charset. */
const SESSION = "SET SESSION sql_mode = '', time_zone = '+00:00', character_set_results = NULL, " +
  `net_write_timeout = ${NET_WRITE_TIMEOUT_SEC}, lock_wait_timeout = ${LOCK_WAIT_SEC}`;

/**
 * Opens the snapshot on `connection` and returns its position. Writers are not held up on MariaDB;
 * on MySQL those of this table for the moment between LOCK and UNLOCK TABLES.
 */
export async function openSnapshot(
  connection: MysqldConnection,
  login: StreamLogin,
  table: { readonly database: string; readonly table: string },
  options: Options,
): Promise<string> {
  await connection.fetchRows(SESSION, options);
  await connection.fetchRows("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", options);
  return flavorOfConnection(connection) === "mariadb"
    ? await openOnMariadb(connection, options)
    : await openOnMysql(connection, login, table, options);
}

/** MariaDB remembers where in the binlog a snapshot stands (manual, "Binlog_snapshot_file"). */
async function openOnMariadb(connection: MysqldConnection, options: Options): Promise<string> {
  await connection.fetchRows("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", options);
  const status = await connection.fetchRows("SHOW STATUS LIKE 'binlog_snapshot_%'", options);
  const values = new Map(status.rows.map(([name, value]) => [name?.toLowerCase(), value]));
  const file = values.get("binlog_snapshot_file") ?? "";
  const offset = Number(values.get("binlog_snapshot_position"));
  const { rows } = await connection.fetchRows(
    `SELECT BINLOG_GTID_POS(${quote(file)}, ${offset})`,
    options,
  );
  return printPosition("mariadb", rows[0]?.[0] ?? "");
}

/** While another session holds the table still, any position fits the snapshot of it. */
async function openOnMysql(
  connection: MysqldConnection,
  login: StreamLogin,
  { database, table }: { readonly database: string; readonly table: string },
  options: Options,
): Promise<string> {
  using locker = await connectForStream(login, options);
  await locker.fetchRows(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SEC}`, options);
  await locker.fetchRows(`LOCK TABLES ${quoteName(database)}.${quoteName(table)} READ`, options);
  await connection.fetchRows("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", options);
  const gtid = await readCurrentPosition(locker, options);
  await locker.fetchRows("UNLOCK TABLES", options);
  return printPosition("mysql", gtid);
}
