/** The tables of this tablet's database, from information_schema. */
import type { ColumnSchema, TableSchema } from "../../shared/rpc/query_service.ts";
import { isGenerated } from "./generated.ts";

/** Rows of a query, all of them, as texts. */
export type Rows = (sql: string) => Promise<readonly (readonly (string | null)[])[]>;

const TABLES = "select table_name, table_type, table_comment from information_schema.tables " +
  "where table_schema = database() and table_type in ('BASE TABLE', 'VIEW') order by table_name";

const COLUMNS =
  "select table_name, column_name, column_type, data_type, collation_name, is_nullable, extra " +
  "from information_schema.columns where table_schema = database() " +
  "order by table_name, ordinal_position";

const PRIMARY_KEYS = "select table_name, column_name from information_schema.statistics " +
  "where table_schema = database() and index_name = 'PRIMARY' order by table_name, seq_in_index";

export async function readSchema(rows: Rows): Promise<readonly TableSchema[]> {
  const columns = groupByTable(await rows(COLUMNS));
  const keys = groupByTable(await rows(PRIMARY_KEYS));
  return (await rows(TABLES)).map(([name, type, comment]) => ({
    name: name ?? "",
    type: type === "VIEW" ? "VIEW" : "BASE TABLE",
    columns: (columns.get(name ?? "") ?? []).map(columnOf),
    primaryKey: (keys.get(name ?? "") ?? []).map(([column]) => column ?? ""),
    // MySQL says "VIEW" here for views.
    comment: type === "VIEW" ? "" : comment ?? "",
  }));
}

type Row = readonly (string | null)[];

/** The rest of each row by its first value. */
function groupByTable(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const [table, ...rest] of rows) {
    const group = groups.get(table ?? "");
    if (group === undefined) groups.set(table ?? "", [rest]);
    else group.push(rest);
  }
  return groups;
}

function columnOf(row: Row): ColumnSchema {
  const [name, columnType, dataType, collation, nullable, extra] = row;
  const flags = (extra ?? "").toUpperCase();
  return {
    name: name ?? "",
    columnType: columnType ?? "",
    dataType: dataType ?? "",
    collation: collation ?? undefined,
    nullable: nullable === "YES",
    autoIncrement: flags.includes("AUTO_INCREMENT"),
    generated: isGenerated(flags),
    invisible: flags.includes("INVISIBLE"),
  };
}
