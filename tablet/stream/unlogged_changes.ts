/** Tables whose rows change in ways that the binlog does not tell, or only by half. */
import { vtError } from "../../shared/error/errors.ts";
import type { MysqldConnection } from "../mysqld/connection.ts";
import { quote } from "../mysqld/statement.ts";

interface Options {
  readonly signal: AbortSignal;
}

/**
 * VT12001 when a table that is wanted has
 *
 * - a foreign key that changes it when the table that it refers to changes: InnoDB does that below
 *   the binlog. From version 9.6 on MySQL does it above, unless innodb_native_foreign_keys is ON;
 * - a system versioned history (MariaDB): its columns are in the binlog and in no SELECT.
 */
export async function refuseUnloggedChanges(
  connection: MysqldConnection,
  database: string,
  wants: (table: string) => boolean,
  options: Options,
): Promise<void> {
  const { rows } = await connection.fetchRows(
    `SELECT table_name, 'history', '' FROM information_schema.tables ` +
      `WHERE table_schema = ${quote(database)} AND table_type = 'SYSTEM VERSIONED' UNION ALL ` +
      "SELECT table_name, constraint_name, IF(delete_rule IN ('RESTRICT', 'NO ACTION'), " +
      "CONCAT('ON UPDATE ', update_rule), CONCAT('ON DELETE ', delete_rule)) " +
      "FROM information_schema.referential_constraints " +
      `WHERE constraint_schema = ${quote(database)} AND NOT ` +
      "(delete_rule IN ('RESTRICT', 'NO ACTION') AND update_rule IN ('RESTRICT', 'NO ACTION'))",
    options,
  );
  const found = rows.filter(([table]) => wants(table ?? ""));
  const versioned = found.find(([, , action]) => action === "");
  if (versioned !== undefined) {
    throw vtError(
      "VT12001",
      `streaming table ${versioned[0]}, which is system versioned; ` +
        `ALTER TABLE ${versioned[0]} DROP SYSTEM VERSIONING makes it a plain one`,
    );
  }
  const [table, key, action] = found[0] ?? [];
  if (table === undefined || await logsForeignKeys(connection, options)) return;
  throw vtError(
    "VT12001",
    `streaming table ${table}, which foreign key ${key} changes ${action} without a word in the ` +
      "binlog; drop the key, or make it RESTRICT and let the application do what it did",
  );
}

async function logsForeignKeys(connection: MysqldConnection, options: Options): Promise<boolean> {
  const { rows } = await connection.fetchRows(
    "SHOW GLOBAL VARIABLES LIKE 'innodb_native_foreign_keys'",
    options,
  );
  return rows[0]?.[1] === "OFF";
}
