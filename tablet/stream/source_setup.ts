/** What a mysqld must be set to before its binlog can be followed. */
import {
  SOURCE_SETTINGS,
  wrongReplicaSetting,
  type WrongSetting,
  wrongSetting,
} from "../../shared/binlog/source_settings.ts";
import {
  NO_TEXT_TYPES,
  TEXT_TYPES,
  type TextType,
  textTypeOf,
  type TextTypes,
} from "../../shared/binlog/text_types.ts";
import { vtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import type { GtidFlavor } from "../../shared/binlog/position.ts";
import type { MysqldConnection } from "../mysqld/connection.ts";
import { quote } from "../mysqld/statement.ts";

const ER_PARSE_ERROR = 1064;

interface Options {
  readonly signal: AbortSignal;
}

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
  const list = [...SOURCE_SETTINGS, "binlog_checksum"].map((name) => `'${name}'`).join(",");
  const { rows } = await connection.fetchRows(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${list})`,
    options,
  );
  const values = new Map(rows.map(([name, value]) => [name ?? "", value ?? ""]));
  demand(wrongSetting(values));
  const wrong = wrongReplicaSetting(values);
  if (wrong !== undefined && await replicates(connection, options)) demand(wrong);
  return {
    flavor: flavorOfConnection(connection),
    checksum: values.get("binlog_checksum") !== "NONE",
  };
}

function demand(wrong: WrongSetting | undefined): void {
  if (wrong !== undefined) throw vtError("VT26003", wrong.name, wrong.value, wrong.want);
}

/** Whether the server applies what another one wrote. */
async function replicates(connection: MysqldConnection, options: Options): Promise<boolean> {
  const isMariadb = flavorOfConnection(connection) === "mariadb";
  // Before 8.0.22, MySQL knows the old word alone; it is 8.4 that took it away.
  const words = isMariadb ? ["ALL SLAVES"] : ["REPLICA", "SLAVE"];
  for (const [i, word] of words.entries()) {
    try {
      return (await connection.fetchRows(`SHOW ${word} STATUS`, options)).rows.length > 0;
    } catch (error) {
      const unknown = error instanceof MysqlError && error.errno === ER_PARSE_ERROR;
      if (!unknown || i === words.length - 1) throw error;
    }
  }
  return true;
}

/** Columns of the database whose types the binlog doesn't tell. */
export async function readTextTypes(
  connection: MysqldConnection,
  database: string,
  options: Options,
): Promise<TextTypes> {
  if (flavorOfConnection(connection) === "mysql") return NO_TEXT_TYPES;
  const { rows } = await connection.fetchRows(
    "SELECT table_name, column_name, data_type FROM information_schema.columns " +
      `WHERE table_schema = ${quote(database)} AND data_type IN (${TEXT_TYPES.map(quote)})`,
    options,
  );
  const types = new Map<string, Map<string, TextType>>();
  for (const [table, column, type] of rows) {
    const known = textTypeOf(type ?? "");
    if (known === undefined) continue;
    const columns = types.get(table ?? "") ?? new Map();
    types.set(table ?? "", columns.set((column ?? "").toLowerCase(), known));
  }
  return types;
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
