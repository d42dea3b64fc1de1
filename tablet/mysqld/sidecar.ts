/**
 * The tablet's own database `_vt` beside the keyspace's. Each server makes and upgrades its own,
 * unlogged: a replica must not wait for its primary's release to have its tables.
 */
import { vtError } from "../../shared/error/errors.ts";
import { type CallOptions, type StatementRunner, toRows } from "./dba.ts";
import { isReadOnly, type Server } from "./replication.ts";
import { SIDECAR_TABLES, type SidecarTable } from "./sidecar_tables.ts";
import { quoteName } from "./statement.ts";

export const SIDECAR = "_vt";

export interface Databases {
  /** The keyspace's, as mysqld calls it: vt_KEYSPACE unless the tablet is told another. */
  readonly keyspace: string;
  /** _vt. */
  readonly sidecar: string;
}

/** Creates what is missing; asks first, so that a complete server is not written to. */
export async function ensureDatabases(
  server: Server,
  databases: Databases,
  options: CallOptions,
): Promise<void> {
  const statements = missing(databases, await readColumns(server.dba, databases, options));
  if (statements.length === 0) return;
  await unlogged(server, async (session) => {
    for (const statement of statements) await session.query(statement, options);
  }, options);
}

/**
 * Creates what is missing of the sidecar on a server that somebody else runs: logged, since our
 * user may not be allowed otherwise; so its replicas have it, too. VT22002 on one that is read-only.
 */
export async function ensureSidecar(
  server: Server,
  databases: Databases,
  options: CallOptions,
): Promise<void> {
  const columns = await readColumns(server.dba, databases, options);
  const statements = missing({ ...databases, keyspace: databases.sidecar }, columns);
  if (statements.length === 0) return;
  if (await isReadOnly(server, options)) {
    throw vtError(
      "VT22002",
      `this mysqld is read-only and lacks tables of ${databases.sidecar}: they come by replication ` +
        "when the tablet of its primary has started",
    );
  }
  for (const statement of statements) await server.dba.query(statement, options);
}

/** Runs administrative statements that neither reach replicas nor are stopped by read_only. */
export async function unlogged<T>(
  server: Server,
  work: (session: StatementRunner) => Promise<T>,
  options: CallOptions,
): Promise<T> {
  return await liftedReadOnly(server, () =>
    server.dba.session(async (session) => {
      await session.query("SET SESSION sql_log_bin = 0", options);
      return await work(session);
    }, options), options);
}

/** The same for statements that replicas shall see. */
export async function liftedReadOnly<T>(
  server: Server,
  work: () => Promise<T>,
  options: CallOptions,
): Promise<T> {
  const { modes } = server.flavor;
  const lift = await isReadOnly(server, options) ? modes.liftForAdmin : [];
  for (const statement of lift) await server.dba.query(statement, options);
  try {
    return await work();
  } finally {
    if (lift.length > 0) {
      for (const statement of modes.setReadOnly(true)) await server.dba.query(statement, options);
    }
  }
}

/** Columns by table of the sidecar; a database that is there has an entry under "". */
type Columns = ReadonlyMap<string, ReadonlySet<string>>;

async function readColumns(
  runner: StatementRunner,
  databases: Databases,
  options: CallOptions,
): Promise<Columns> {
  const columns = new Map<string, Set<string>>();
  const found = await runner.query(
    "SELECT table_schema AS d, table_name AS t, column_name AS c FROM information_schema.columns " +
      `WHERE table_schema = '${databases.sidecar}' UNION ALL ` +
      "SELECT schema_name, '', schema_name FROM information_schema.schemata",
    options,
  );
  for (const row of toRows(found)) {
    const table = row["t"] ?? "";
    const names = columns.get(table) ?? new Set();
    names.add(row["c"] ?? "");
    columns.set(table, names);
  }
  return columns;
}

function missing(databases: Databases, columns: Columns): readonly string[] {
  const there = columns.get("") ?? new Set();
  const created = [...new Set([databases.sidecar, databases.keyspace])]
    .filter((name) => !there.has(name))
    .map((name) => `CREATE DATABASE IF NOT EXISTS ${quoteName(name)}`);
  return [
    ...created,
    ...SIDECAR_TABLES.flatMap((table) =>
      missingOf(databases.sidecar, table, columns.get(table.name))
    ),
  ];
}

function missingOf(
  database: string,
  table: SidecarTable,
  columns: ReadonlySet<string> | undefined,
): readonly string[] {
  const name = `${quoteName(database)}.${quoteName(table.name)}`;
  const definitions = table.columns.map(([column, definition]) =>
    `${quoteName(column)} ${definition}`
  );
  if (columns === undefined) {
    const body = [...definitions, ...table.keys].join(", ");
    return [`CREATE TABLE IF NOT EXISTS ${name} (${body}) ENGINE = InnoDB CHARSET = utf8mb4`];
  }
  return table.columns.flatMap(([column], i) =>
    columns.has(column) ? [] : [`ALTER TABLE ${name} ADD COLUMN ${definitions[i]}`]
  );
}
