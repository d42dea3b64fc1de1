/** The schema of a keyspace's database, in the words of SHOW CREATE. */
import { vtErrorFrom } from "../../shared/error/errors.ts";
import type {
  SchemaDefinition,
  TableDefinition,
  TabletAdmin,
} from "../../shared/rpc/tablet_admin.ts";
import { type CallOptions, queryRow, type StatementRunner, toRows } from "../mysqld/dba.ts";
import type { Row } from "../mysqld/flavor.ts";
import type { Server } from "../mysqld/replication.ts";
import { quote, quoteName } from "../mysqld/statement.ts";
import { readSchema } from "../schema/read_schema.ts";

type Request = TabletAdmin["GetSchema"]["request"];

export async function getSchema(
  server: Server,
  database: string,
  request: Request,
  options: CallOptions,
): Promise<SchemaDefinition> {
  return await server.dba.session(async (session) => {
    const name = quoteName(database);
    const created = await queryRow(session, `SHOW CREATE DATABASE ${name}`, options);
    await session.query(`USE ${name}`, options);
    const tables = await listTables(session, database, request, options);
    const known = await readSchema(async (sql) => (await session.query(sql, options)).rows);
    const columnsOf = new Map(known.map(({ name, columns }) => [name, columns]));
    const keys = await listUniqueKeys(session, database, options);
    const tableDefinitions: TableDefinition[] = [];
    for (const table of tables) {
      const tableName = table["name"] ?? "";
      const { primary = [], all = [] } = keys.get(tableName) ?? {};
      tableDefinitions.push({
        name: tableName,
        schema: await showCreate(session, tableName, table["type"] === "VIEW", options),
        columns: columnsOf.get(tableName) ?? [],
        primaryKeyColumns: primary,
        uniqueKeys: all,
        type: table["type"] === "VIEW" ? "VIEW" : "BASE TABLE",
        dataLength: table["data_length"] ?? "0",
        rowCount: table["row_count"] ?? "0",
      });
    }
    return { databaseSchema: created?.["Create Database"] ?? "", tableDefinitions };
  }, options);
}

async function listTables(
  session: StatementRunner,
  database: string,
  request: Request,
  options: CallOptions,
): Promise<readonly Row[]> {
  const rows = toRows(
    await session.query(
      "SELECT table_name AS name, table_type AS type, data_length AS data_length, " +
        "table_rows AS row_count FROM information_schema.tables " +
        `WHERE table_schema = ${quote(database)} ORDER BY table_type, table_name`,
      options,
    ),
  );
  const isNamed = matcher(request.tables);
  const isExcluded = matcher(request.excludeTables);
  return rows.filter((row) => {
    const name = row["name"] ?? "";
    const isView = row["type"] === "VIEW";
    // MariaDB's own sequences and system-versioned tables have other types.
    if (!isView && row["type"] !== "BASE TABLE") return false;
    if (isView && !request.includeViews) return false;
    return (request.tables.length === 0 || isNamed(name)) && !isExcluded(name);
  });
}

/** Names, and patterns between slashes as Vitess has them: "/^vt_.*\/". */
function matcher(patterns: readonly string[]): (name: string) => boolean {
  const names = new Set(patterns);
  const expressions = patterns.flatMap((pattern) => {
    const body = /^\/(.*)\/$/.exec(pattern)?.[1];
    return body === undefined ? [] : [parseExpression(body)];
  });
  return (name) => names.has(name) || expressions.some((expression) => expression.test(name));
}

function parseExpression(body: string): RegExp {
  try {
    return new RegExp(body);
  } catch (error) {
    throw vtErrorFrom(error, "VT22001", error instanceof Error ? error.message : String(error));
  }
}

async function showCreate(
  session: StatementRunner,
  name: string,
  isView: boolean,
  options: CallOptions,
): Promise<string> {
  const statement = `SHOW CREATE ${isView ? "VIEW" : "TABLE"} ${quoteName(name)}`;
  const row = await queryRow(session, statement, options);
  return row?.[isView ? "Create View" : "Create Table"] ?? "";
}

interface UniqueKeys {
  readonly primary: readonly string[];
  readonly all: readonly (readonly string[])[];
}

async function listUniqueKeys(
  session: StatementRunner,
  database: string,
  options: CallOptions,
): Promise<ReadonlyMap<string, UniqueKeys>> {
  const rows = toRows(
    await session.query(
      // Only MySQL has the column EXPRESSION.
      `SELECT * FROM information_schema.statistics WHERE table_schema = ${quote(database)} ` +
        "AND non_unique = 0 ORDER BY table_name, index_name, seq_in_index",
      options,
    ),
  );
  const tables = Map.groupBy(rows, (row) => row["TABLE_NAME"] ?? "");
  return new Map([...tables].map(([table, parts]) => {
    const keys = Map.groupBy(parts, (row) => row["INDEX_NAME"] ?? "");
    return [table, {
      primary: (keys.get("PRIMARY") ?? []).map((row) => row["COLUMN_NAME"] ?? ""),
      all: [...keys.values()].map((key) => key.map(keyPart)),
    }];
  }));
}

function keyPart(row: Row): string {
  const column = row["COLUMN_NAME"] ?? null;
  const characters = row["SUB_PART"] ?? null;
  if (column === null) return `(${row["EXPRESSION"] ?? ""})`;
  return characters === null ? column : `${column}(${characters})`;
}
