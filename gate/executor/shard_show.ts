/**
 * SHOW that one shard answers: of tables, or of the server. mysqld's database of a keyspace is
 * vt_KEYSPACE; the client sees the keyspace's name wherever a column names a database.
 */
import { Buffer } from "node:buffer";
import type { ColumnDefinition } from "../../shared/mysql/column_definition.ts";
import { latin1Text } from "../../shared/mysql/binary_value.ts";
import type { RowValue } from "../../shared/mysql/text_row.ts";
import type { Show } from "../../shared/sql/ast_statement.ts";
import { quoteName } from "../../shared/sql/print.ts";
import { type Edit, replaceBy, spliceText } from "../../shared/sql/splice.ts";
import { columnsOf } from "../../shared/sql/walk.ts";
import { vtError } from "../../shared/error/errors.ts";
import { bytesOf } from "../engine/template.ts";
import { ResultReader } from "../engine/result_reader.ts";
import { databaseOf, isSystemSchema } from "../plan/context.ts";
import { readVariable } from "../session/gate_variables.ts";
import { unquoted } from "../session/set_actions.ts";
import { anyShard } from "./any_shard.ts";
import { CapturedRows } from "./captured_rows.ts";
import type { Catalog } from "./catalog.ts";
import type { LocalRun } from "./local_run.ts";

/** Where the statement goes, and what of its text has to change for it. */
interface ShardText {
  readonly keyspace: string;
  readonly edits: readonly Edit[];
}

export async function runShardShow(show: Show, run: LocalRun): Promise<void> {
  const { keyspace, edits } = shardText(show, run);
  const text = spliceText(run.text.sql, edits, show);
  const captured = await captureFrom(keyspace, text, run);
  const catalog = run.parts.gate.catalog();
  const database = databaseOf(keyspace, catalog.databases);
  const columns = captured.columnDefinitions.map((column) => renamed(column, keyspace, database));
  const shown = {
    keyspace,
    database,
    keyspaceOf: (name: string) => catalog.keyspaceOf(name),
  };
  const values = captured.values.map((row) =>
    show.what === "variables" ? variableRow(row, run) : withKeyspaces(columns, row, shown)
  );
  await run.definedRows(columns, values);
}

/** Runs a text on one shard of a keyspace ("": of any) and keeps its rows. */
export async function captureFrom(
  keyspace: string,
  text: string,
  run: LocalRun,
): Promise<CapturedRows> {
  const { gate, session, shards } = run.parts;
  const { target } = session.state;
  const where = anyShard(gate.catalog(), keyspace === "" ? target : { ...target, keyspace });
  const captured = new CapturedRows();
  const reader = new ResultReader({
    onColumns: (definitions) => captured.columns(definitions),
    onRows: (packets) => captured.rows(packets),
  }, session);
  const call = { ...where, sql: bytesOf(text), parameters: undefined, tables: [] };
  await shards.execute(call, reader.sink, { signal: run.signal });
  return captured;
}

function shardText(show: Show, run: LocalRun): ShardText {
  const { table, database } = show;
  const named = table?.qualifier ?? database;
  if (named !== undefined) {
    if (isSystemSchema(named.text)) return { keyspace: "", edits: [] };
    checkKeyspace(named.text, run);
    const edits = [
      replaceBy(named, quoteName(databaseOf(named.text, run.parts.gate.catalog().databases))),
    ];
    return { keyspace: named.text, edits: [...edits, ...whereEdits(show, named.text, run)] };
  }
  const selected = run.parts.session.state.target.keyspace;
  if (table !== undefined) return tableText(show, table.name.text, run);
  if (!OF_DATABASE.has(show.what)) return { keyspace: selected, edits: [] };
  if (selected === "") throw vtError("VT09005");
  return { keyspace: selected, edits: whereEdits(show, selected, run) };
}

/** What is about the selected database when none is named. */
const OF_DATABASE: ReadonlySet<string> = new Set([
  "events",
  "open tables",
  "sequences",
  "table status",
  "tables",
  "triggers",
]);

function checkKeyspace(name: string, run: LocalRun): void {
  if (!run.parts.gate.catalog().keyspaces.includes(name)) throw vtError("VT05003", name);
}

/** Of a table without a keyspace: wherever its name leads. */
function tableText(show: Show, table: string, run: LocalRun): ShardText {
  const { keyspace, tabletType } = run.parts.session.state.target;
  if (isSystemSchema(keyspace)) {
    const name = show.table?.name;
    if (name === undefined) return { keyspace: "", edits: [] };
    const full = `${quoteName(keyspace)}.${quoteName(table)}`;
    return { keyspace: "", edits: [replaceBy(name, full)] };
  }
  const selected = keyspace === "" ? undefined : keyspace;
  const { vschema } = run.parts.gate.catalog();
  // A table that only mysqld knows is a table all the same.
  if (selected !== undefined && !vschema.keyspace(selected).tables.has(table)) {
    return { keyspace: selected, edits: [] };
  }
  const found = vschema.findTable({ keyspace: undefined, table }, selected, tabletType).table;
  if (found.name === table || show.table === undefined) {
    return { keyspace: found.keyspace, edits: [] };
  }
  return {
    keyspace: found.keyspace,
    edits: [replaceBy(show.table.name, quoteName(found.name))],
  };
}

/** `WHERE Tables_in_customer LIKE ...` names a column that mysqld calls otherwise. */
function whereEdits(show: Show, keyspace: string, run: LocalRun): Edit[] {
  if (show.where === undefined) return [];
  const database = databaseOf(keyspace, run.parts.gate.catalog().databases);
  const ours = `tables_in_${keyspace}`.toLowerCase();
  return columnsOf(show.where.expr)
    .filter(({ name }) => name.text.toLowerCase() === ours)
    .map(({ name }) => replaceBy(name, quoteName(`Tables_in_${database}`)));
}

function renamed(
  column: ColumnDefinition,
  keyspace: string,
  database: string,
): ColumnDefinition {
  return {
    ...column,
    schema: column.schema === database ? keyspace : column.schema,
    name: column.name.replace(`Tables_in_${database}`, `Tables_in_${keyspace}`),
  };
}

const DATABASE_COLUMNS: ReadonlySet<string> = new Set(["db", "database", "schema"]);

/** Whose shard has answered, "" when it was any keyspace's, and how others are found. */
interface ShownKeyspace {
  readonly keyspace: string;
  readonly database: string;
  readonly keyspaceOf: Catalog["keyspaceOf"];
}

/** A row with keyspaces where it names their databases. */
export function withKeyspaces(
  columns: readonly Pick<ColumnDefinition, "name">[],
  row: readonly RowValue[],
  { keyspace, database, keyspaceOf }: ShownKeyspace,
): readonly RowValue[] {
  return row.map((value, index) => {
    if (value === null) return value;
    const column = columns[index]?.name.toLowerCase() ?? "";
    const text = latin1Text(value);
    let shown: string | undefined;
    if (column === "create database") {
      if (keyspace !== "") shown = text.replace(quoteName(database), () => quoteName(keyspace));
    } else if (DATABASE_COLUMNS.has(column)) {
      // Other keyspaces may have a database of that name, too: elsewhere.
      shown = keyspace !== "" && text === database ? keyspace : keyspaceOf(text);
    }
    return shown === undefined ? value : Buffer.from(shown, "latin1");
  });
}

/** What the gate knows better than a mysqld. */
function variableRow(row: readonly RowValue[], run: LocalRun): readonly RowValue[] {
  const [name] = row;
  if (name === null || name === undefined) return row;
  const { gate, session } = run.parts;
  const text = latin1Text(name).toLowerCase();
  if (text === "version") return [name, Buffer.from(gate.serverVersion)];
  const known = readVariable(session.state, text);
  if (known === undefined) return row;
  const value = unquoted(known);
  const shown = value === "1" ? "ON" : value === "0" ? "OFF" : value;
  return [name, Buffer.from(text === "autocommit" ? shown : value, "latin1")];
}
