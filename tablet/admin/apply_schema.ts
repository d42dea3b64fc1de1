import type { TabletAdmin } from "../../shared/rpc/tablet_admin.ts";
import type { CallOptions } from "../mysqld/dba.ts";
import type { Server } from "../mysqld/replication.ts";
import { quoteName } from "../mysqld/statement.ts";
import { checkSchemaChange } from "./schema_statement.ts";

/**
 * A default of zero is a date like any other in the definition of a table that is there. And tables
 * that come or go together do so in any order, whatever foreign keys there are between them.
 */
export const LENIENT = "SET SESSION sql_mode = '', SESSION foreign_key_checks = 0";

/**
 * Runs schema changes one after the other, logged, so that replicas follow. Stops at the first
 * error, which is the server's own; those before it stay done, as MySQL's DDL commits each.
 */
export async function applySchema(
  server: Server,
  database: string,
  { statements, copied }: TabletAdmin["ApplySchema"]["request"],
  options: CallOptions,
): Promise<void> {
  statements.forEach(checkSchemaChange);
  await server.dba.session(async (session) => {
    await session.query(`USE ${quoteName(database)}`, options);
    if (copied) await session.query(LENIENT, options);
    for (const statement of statements) await session.query(statement, options);
  }, options);
}
