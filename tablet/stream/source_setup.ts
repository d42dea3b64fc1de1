/** What a mysqld must be set to before its binlog can be followed. */
import { vtError } from "../../shared/error/errors.ts";
import type { GtidFlavor } from "../../shared/binlog/position.ts";
import type { MysqldConnection } from "../mysqld/connection.ts";
import { quote } from "../mysqld/statement.ts";

interface Options {
  readonly signal: AbortSignal;
}

/** Variable and the value that it must have where the server has it. */
const DEMANDS: readonly (readonly [string, string])[] = [
  ["log_bin", "ON"],
  ["binlog_format", "ROW"],
  ["binlog_row_image", "FULL"],
  ["binlog_row_metadata", "FULL"],
  ["binlog_row_value_options", ""],
  ["gtid_mode", "ON"],
];

/** A replica's binlog lacks what it applies unless one of these, its version's name for it, is ON. */
const LOGS_APPLIED = ["log_slave_updates", "log_replica_updates"] as const;

export interface SourceSetup {
  readonly flavor: GtidFlavor;
  /** Events have a CRC32 until a format description says otherwise. */
  readonly checksum: boolean;
}

/** Reads the variables. VT26003 names the one that is wrong and how to set it. */
export async function readSourceSetup(
  connection: MysqldConnection,
  options: Options,
): Promise<SourceSetup> {
  const names = [...DEMANDS.map(([name]) => name), ...LOGS_APPLIED, "binlog_checksum"];
  const list = names.map((name) => `'${name}'`).join(",");
  const { rows } = await connection.fetchRows(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${list})`,
    options,
  );
  const values = new Map(rows.map(([name, value]) => [name ?? "", value ?? ""]));
  for (const [name, want] of DEMANDS) demand(name, values.get(name), want);
  for (const name of LOGS_APPLIED) demand(name, values.get(name), "ON");
  return {
    flavor: flavorOfConnection(connection),
    checksum: values.get("binlog_checksum") !== "NONE",
  };
}

function demand(name: string, value: string | undefined, want: string): void {
  if (value === undefined || value.toUpperCase() === want) return;
  throw vtError("VT26003", name, value === "" ? "''" : value, want === "" ? "''" : want);
}

/** MariaDB logs their values in a form of its own, and nothing in the binlog says so. */
const TYPES_UNLOGGED = "'uuid', 'inet4', 'inet6'";

/** VT12001 when a table that is wanted has a column that the binlog doesn't tell from bytes. */
export async function refuseUnloggedTypes(
  connection: MysqldConnection,
  database: string,
  wants: (table: string) => boolean,
  options: Options,
): Promise<void> {
  const { rows } = await connection.fetchRows(
    "SELECT table_name, column_name, data_type FROM information_schema.columns " +
      `WHERE table_schema = ${quote(database)} AND data_type IN (${TYPES_UNLOGGED})`,
    options,
  );
  const found = rows.find(([table]) => wants(table ?? ""));
  if (found === undefined) return;
  const [table, column, type] = found;
  throw vtError("VT12001", `streaming column ${table}.${column} of type ${type}`);
}

export function flavorOfConnection(connection: MysqldConnection): GtidFlavor {
  return /mariadb/i.test(connection.serverVersion) ? "mariadb" : "mysql";
}

/** Everything that is in the binlog now. */
export async function readCurrentPosition(
  connection: MysqldConnection,
  options: Options,
): Promise<string> {
  const variable = flavorOfConnection(connection) === "mariadb"
    ? "@@global.gtid_binlog_pos"
    : "@@global.gtid_executed";
  const { rows } = await connection.fetchRows(`SELECT ${variable}`, options);
  return rows[0]?.[0] ?? "";
}
