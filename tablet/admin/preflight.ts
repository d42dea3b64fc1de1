/**
 * Tries schema changes out on a scratch database that has the keyspace's tables without their
 * rows. Nothing of it is logged. A user of its own runs the statements, who may touch the scratch
 * database alone: a statement that names another one is refused by the server, whatever its syntax.
 *
 * What depends on rows (a duplicate that stops a UNIQUE KEY) can't be seen this way.
 */
import { randomBytes } from "node:crypto";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { VtError, vtError } from "../../shared/error/errors.ts";
import type { TabletAdmin } from "../../shared/rpc/tablet_admin.ts";
import { type CallOptions, Dba, type StatementRunner } from "../mysqld/dba.ts";
import { isReadOnly, type Server } from "../mysqld/replication.ts";
import { unlogged } from "../mysqld/sidecar.ts";
import { quote, quoteName } from "../mysqld/statement.ts";
import { LENIENT } from "./apply_schema.ts";
import { getSchema } from "./get_schema.ts";
import { checkSchemaChange } from "./schema_statement.ts";

const SCRATCH = "_vt_preflight";

export interface PreflightResult {
  readonly error: string | undefined;
}

/** One result per statement; those behind an error are tried too, since each is reported. */
export async function preflightSchema(
  server: Server,
  database: string,
  request: TabletAdmin["PreflightSchema"]["request"],
  options: CallOptions,
): Promise<readonly PreflightResult[]> {
  if (await isReadOnly(server, options)) {
    throw vtError(
      "VT22002",
      "schema changes are tried out on the primary; this server is read-only",
    );
  }
  // Two at a time must not meet: each has its own names.
  const suffix = randomBytes(4).toString("hex");
  const scratch = `${SCRATCH}_${suffix}`;
  const user = `vt_preflight_${suffix}`;
  const password = randomBytes(16).toString("hex");
  return await unlogged(server, async (session) => {
    try {
      await copySchema(server, session, database, scratch, options);
      await createUser(server, session, { user, password, scratch }, options);
      return await tryStatements(server, { user, password, scratch }, request, options);
    } finally {
      const cleanUp = { signal: AbortSignal.timeout(CLEAN_UP_TIMEOUT_MS) };
      await session.query(`DROP DATABASE IF EXISTS ${quoteName(scratch)}`, cleanUp);
      await session.query(`DROP USER IF EXISTS ${account(user)}`, cleanUp);
    }
  }, options);
}

const CLEAN_UP_TIMEOUT_MS = 30_000;

interface Scratch {
  readonly user: string;
  readonly password: string;
  readonly scratch: string;
}

function account(user: string): string {
  return `${quote(user)}@'localhost'`;
}

async function copySchema(
  server: Server,
  session: StatementRunner,
  database: string,
  scratch: string,
  options: CallOptions,
): Promise<void> {
  const every = { tables: [], excludeTables: [], includeViews: true };
  const { databaseSchema, tableDefinitions } = await getSchema(server, database, every, options);
  // With the character set of the original.
  const defaults = /\/\*!40100[^*]*\*\//.exec(databaseSchema)?.[0] ?? "";
  await session.query(`CREATE DATABASE ${quoteName(scratch)} ${defaults}`, options);
  await session.query(`USE ${quoteName(scratch)}`, options);
  await session.query(LENIENT, options);
  const views = tableDefinitions.filter((table) => table.type === "VIEW");
  for (const table of tableDefinitions) {
    if (table.type === "BASE TABLE") await session.query(table.schema, options);
  }
  await copyViews(session, database, scratch, views.map((view) => view.schema), options);
}

/** SHOW CREATE VIEW names the database everywhere; a view may stand before one that it reads. */
async function copyViews(
  session: StatementRunner,
  database: string,
  scratch: string,
  schemas: readonly string[],
  options: CallOptions,
): Promise<void> {
  let left = schemas.map((schema) =>
    schema.replaceAll(`${quoteName(database)}.`, `${quoteName(scratch)}.`)
      .replace(/ DEFINER=`[^`]*`@`[^`]*`/, "").replace(
        "SQL SECURITY DEFINER",
        "SQL SECURITY INVOKER",
      )
  );
  while (left.length > 0) {
    const failed: string[] = [];
    let cause: unknown;
    for (const schema of left) {
      try {
        await session.query(schema, options);
      } catch (error) {
        if (!(error instanceof MysqlError)) throw error;
        cause = error;
        failed.push(schema);
      }
    }
    if (failed.length === left.length) throw cause;
    left = failed;
  }
}

async function createUser(
  server: Server,
  session: StatementRunner,
  { user, password, scratch }: Scratch,
  options: CallOptions,
): Promise<void> {
  await session.query(`CREATE USER ${account(user)} IDENTIFIED BY ${quote(password)}`, options);
  // "_" in a database's name of GRANT stands for any letter.
  const pattern = scratch.replaceAll("_", "\\_");
  await session.query(`GRANT ALL ON ${quoteName(pattern)}.* TO ${account(user)}`, options);
  await session.query(
    `GRANT ${server.flavor.modes.unloggedPrivilege} ON *.* TO ${account(user)}`,
    options,
  );
}

async function tryStatements(
  server: Server,
  { user, password, scratch }: Scratch,
  { statements, copied }: TabletAdmin["PreflightSchema"]["request"],
  options: CallOptions,
): Promise<readonly PreflightResult[]> {
  const { address } = server.dba.login;
  await using dba = new Dba({ address, user, password });
  return await dba.session(async (session) => {
    await session.query("SET SESSION sql_log_bin = 0", options);
    await session.query(`USE ${quoteName(scratch)}`, options);
    if (copied) await session.query(LENIENT, options);
    const results: PreflightResult[] = [];
    for (const statement of statements) {
      results.push({ error: await whyRefused(session, statement, scratch, options) });
    }
    return results;
  }, options);
}

async function whyRefused(
  session: StatementRunner,
  statement: string,
  scratch: string,
  options: CallOptions,
): Promise<string | undefined> {
  try {
    checkSchemaChange(statement);
    await session.query(statement, options);
    return undefined;
  } catch (error) {
    const isVerdict = error instanceof MysqlError ||
      (error instanceof VtError && error.id === "VT22001");
    if (!isVerdict) throw error;
    const detail = error instanceof MysqlError
      ? ` (errno ${error.errno}) (sqlstate ${error.sqlState})`
      : "";
    return error.message.replaceAll(`${scratch}.`, "") + detail;
  }
}
