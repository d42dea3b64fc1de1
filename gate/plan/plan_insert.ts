/** Plans of INSERT and REPLACE. */
import { vtError } from "../../shared/error/errors.ts";
import type { Expr } from "../../shared/sql/ast.ts";
import type { Insert as InsertStatement } from "../../shared/sql/ast_statement.ts";
import { quoteName } from "../../shared/sql/print.ts";
import { subqueriesOf } from "../../shared/sql/walk.ts";
import { columnLimit } from "../../shared/vindex/column_limit.ts";
import type { VSchemaTable } from "../../shared/vschema/keyspace.ts";
import { analyseQuery, analyseTables, emptySelect } from "./analyse.ts";
import { Analysis, tableColumn, unsupported } from "./block.ts";
import { comparisonOf, constantOf } from "./constant.ts";
import type { PlanContext, StatementText } from "./context.ts";
import { Facts } from "./facts.ts";
import { givenIdsOf, type InsertedRows } from "./given_ids.ts";
import { onlyKeyspace, type Placement, placeStatement } from "./place.ts";
import type {
  GivenIds,
  Insert,
  InsertRow,
  Pin,
  Plan,
  PlanValue,
  Primitive,
  QueryPiece,
  Routing,
} from "./plan.ts";
import { distinctPins, tablesUsed } from "./plan_query.ts";
import { rewriteStatement } from "./rewrite.ts";
import { tableNames } from "./scatter.ts";
import { type Edit, insert, piecesOf, templateOf } from "./template.ts";

interface Input {
  readonly statement: InsertStatement;
  readonly text: StatementText;
  readonly context: PlanContext;
  readonly analysis: Analysis;
  readonly table: VSchemaTable;
  readonly edits: readonly Edit[];
}

export function planInsert(
  statement: InsertStatement,
  text: StatementText,
  context: PlanContext,
): Plan {
  if (context.tabletType !== "primary") throw vtError("VT09002", "insert");
  const analysis = new Analysis(context);
  const { name, instance } = target(statement, analysis);
  if (instance.system || instance.table === undefined) {
    throw unsupported(`INSERT into ${name}: a table of the server`);
  }
  const { table } = instance;
  if (statement.source.kind === "select") {
    return planInsertSelect({ statement, text, context, analysis, table, edits: [] });
  }
  for (const query of subqueriesOf(statement)) analyseQuery(analysis, query);
  const rewrite = rewriteStatement(statement, analysis, text);
  const input = { statement, text, context, analysis, table, edits: rewrite.edits };
  if (context.destination === "many") throw vtError("VT03023", context.keyspace);
  const root = insertRoot(input);
  return finish(input, root, rewrite.pins, whyOf(input, root));
}

/** The table that rows go into, as a block of its own. */
function target(statement: InsertStatement, analysis: Analysis) {
  const { table } = statement;
  const reference = {
    // INSERT takes no alias: with one here, none is added when a routing rule changes the name.
    ...{ kind: "named_table", name: table, alias: table.name, partitions: [], hints: [] } as const,
    systemTime: undefined,
    start: table.start,
    end: table.end,
  };
  analyseTables(analysis, emptySelect(table, [reference]), undefined);
  const [instance] = analysis.instances;
  if (instance === undefined) throw vtError("VT13001", "INSERT without a table");
  if (instance.table !== undefined && instance.table.name !== table.name.text) {
    // An alias isn't possible here, and columns may be qualified with the old name.
    if (statement.onDuplicate !== undefined) {
      throw unsupported("ON DUPLICATE KEY UPDATE through a routing rule that renames");
    }
  }
  return { name: table.name.text, instance };
}

function insertRoot(input: Input): Primitive {
  const { table, context, statement } = input;
  if (context.destination === "one") {
    onlySelected(table, context);
    return whole(input, routing("ByDestination", table.keyspace));
  }
  if (table.sharded) checkSharded(input);
  else if (table.autoIncrement === undefined) {
    onlyKeyspace(input.analysis.instances.filter((instance) => instance.table !== undefined));
    return whole(input, routing("Unsharded", table.keyspace));
  }
  const rows = rowsOf(statement, table);
  if (rows.columns !== undefined) checkCounts(rows);
  return splitInsert(input, rows);
}

function onlySelected(table: VSchemaTable, context: PlanContext): void {
  if (table.keyspace === context.keyspace) return;
  throw unsupported(
    `table ${table.keyspace}.${table.name} while one shard of ${context.keyspace} is selected`,
  );
}

function whole(
  { analysis, text, edits }: Input,
  where: Routing,
  givenIds?: GivenIds,
): Primitive {
  const query = templateOf(text, edits);
  const dml = { op: "Insert", routing: where, query, tables: tableNames(analysis) } as const;
  return givenIds === undefined ? dml : { ...dml, givenIds };
}

function routing(opcode: Routing["opcode"], keyspace: string): Routing {
  return { opcode, keyspace, vindex: undefined, values: [], comparison: undefined };
}

/** What an INSERT over shards can't be. */
function checkSharded({ statement, table }: Input): void {
  if (table.type === "reference") throw unsupported("DML on reference table");
  if (table.pinned !== undefined) throw unsupported(`INSERT into pinned table ${table.name}`);
  if (table.columnVindexes.length === 0) throw vtError("VT09001", table.name);
  if (table.isView) throw unsupported(`INSERT into view ${table.name} of a sharded keyspace`);
  if (statement.replace) throw unsupported("REPLACE INTO with sharded keyspace");
  if (statement.returning !== undefined) throw unsupported("RETURNING on a sharded keyspace");
  const owned = table.columnVindexes.find((vindex) => vindex.owned);
  if (owned !== undefined) {
    throw unsupported(`INSERT into ${table.name}: lookup vindex ${owned.vindex.name} is not kept`);
  }
  for (const { column, value } of statement.onDuplicate?.assignments ?? []) {
    const name = column.name.text.toLowerCase();
    if (!table.columnVindexes.some(({ keys }) => keys.includes(name))) continue;
    if (!keepsColumn(value, name)) throw unsupported("DML cannot update vindex column");
  }
}

/** `id = VALUES(id)`, `id = id`. */
function keepsColumn(value: Expr, name: string): boolean {
  const [argument] = value.kind === "call" && /^values?$/.test(value.name) ? value.args : [value];
  return argument?.kind === "column" && argument.name.text.toLowerCase() === name;
}

function rowsOf({ source, columns }: InsertStatement, table: VSchemaTable): InsertedRows {
  if (source.kind === "set") {
    const { assignments } = source;
    return {
      columns: assignments.map(({ column }) => column.name.text.toLowerCase()),
      rows: [assignments.map(({ value }) => value)],
    };
  }
  const rows = source.kind === "rows" ? source.rows.map(({ values }) => values) : [];
  return { columns: columnsOf(columns, table), rows };
}

/** The columns that values are for, lower case; undefined when they are neither named nor known. */
function columnsOf(
  named: InsertStatement["columns"],
  table: VSchemaTable,
): readonly string[] | undefined {
  if (named !== undefined) return named.map(({ name }) => name.text.toLowerCase());
  if (!table.authoritative) return undefined;
  return table.columns.filter(({ invisible }) => !invisible).map(({ name }) => name.toLowerCase());
}

function checkCounts({ columns, rows }: InsertedRows): void {
  for (const values of rows) {
    // `VALUES ()` gives every column its default.
    if (values.length === 0) continue;
    if (values.length !== columns?.length) throw vtError("VT03006");
  }
}

function splitInsert(input: Input, rows: InsertedRows): Primitive {
  const { statement, text, table, edits } = input;
  if (rows.columns === undefined) throw vtError("VT09004");
  const generate = generation(input);
  const [primary] = table.columnVindexes;
  const vindexKeys = primary?.keys ?? [];
  for (const [i, key] of vindexKeys.entries()) {
    if (!rows.columns.includes(key) && key !== generate?.column.toLowerCase()) {
      throw vtError("VT09003", primary?.columns[i] ?? key);
    }
  }
  const givenIds = givenIdsOf(table, text, rows);
  const appended = generate !== undefined && !rows.columns.includes(generate.column.toLowerCase());
  const plan: Insert = {
    op: "Insert",
    keyspace: table.keyspace,
    sharded: table.sharded,
    table: table.name,
    ignore: statement.ignore,
    replace: statement.replace,
    vindex: primary?.vindex.name,
    vindexColumns: primary?.columns ?? [],
    comparisons: vindexKeys.map((key) => comparison(input, key)),
    limits: vindexKeys.map((key) => {
      const column = tableColumn(table, key);
      return columnLimit(column?.columnType ?? "", column?.collation);
    }),
    generate,
    givenIds,
    prefix: prefixOf(input, rows, appended ? generate?.column : undefined),
    rows: rows.rows.map((row) => insertRow(input, rows, row, generate)),
    suffix: piecesOf(text, edits, { start: statement.source.end, end: text.end }),
  };
  return trimmed(plan);
}

/** The engine puts its own blank between rows and suffix. */
function trimmed(plan: Insert): Insert {
  const [first, ...rest] = plan.suffix;
  return typeof first === "string" ? { ...plan, suffix: [first.trimStart(), ...rest] } : plan;
}

function comparison({ table, context }: Input, key: string): Insert["comparisons"][number] {
  const vindex = table.columnVindexes[0]?.vindex.vindex;
  if (vindex !== undefined && vindex.input !== "integer" && context.charset !== "utf8") {
    throw unsupported(`INSERT by vindex ${vindex.name} in ${context.charset}: SET NAMES utf8mb4`);
  }
  if (vindex === undefined) {
    throw unsupported(
      `INSERT by vindex ${table.columnVindexes[0]?.vindex.name ?? ""}: its type doesn't route yet`,
    );
  }
  const column = tableColumn(table, key);
  const kind = comparisonOf(column, vindex);
  // A collation that ignores case doesn't matter to where a row is put, only to finding it.
  if (kind !== undefined) return kind;
  if (/char|text|blob|binary/.test(column?.dataType ?? "")) return "text";
  throw unsupported(`vindex ${vindex.name} over a column of type ${column?.dataType ?? ""}`);
}

function generation({ table, context }: Input): Insert["generate"] {
  if (table.autoIncrement === undefined) return undefined;
  const { column, sequence } = table.autoIncrement;
  const found = context.vschema.findSequence(sequence);
  return {
    column,
    sequenceKeyspace: found.keyspace,
    sequenceTable: found.table,
    vindexColumn: table.columnVindexes[0]?.keys.indexOf(column.toLowerCase()) ?? -1,
  };
}

/** Up to and with VALUES; `INSERT ... SET` becomes the other form. */
function prefixOf(
  input: Input,
  rows: InsertedRows,
  appended: string | undefined,
): readonly QueryPiece[] {
  const { statement, text, edits, context } = input;
  const { source, columnsSpan } = statement;
  const range = { start: text.start, end: source.start };
  const more = appended === undefined ? [] : [quoteName(appended, context.charset)];
  if (source.kind === "set") {
    const names = [
      ...source.assignments.map(({ column }) => quoteName(column.name.text, context.charset)),
      ...more,
    ];
    return [...piecesOf(text, edits, range), `(${names.join(", ")}) VALUES`];
  }
  const added = more.length === 0 || columnsSpan === undefined ? [] : [
    insert(columnsSpan.end - 1, `${rows.columns?.length === 0 ? "" : ", "}${more.join(", ")}`),
  ];
  return [...piecesOf(text, [...edits, ...added], range), "VALUES"];
}

function insertRow(
  input: Input,
  { columns }: InsertedRows,
  values: readonly Expr[],
  generate: Insert["generate"],
): InsertRow {
  const { table } = input;
  const keys = table.columnVindexes[0]?.keys ?? [];
  const generatedKey = generate?.column.toLowerCase();
  const generatedAt = generatedKey === undefined ? -1 : columns?.indexOf(generatedKey) ?? -1;
  if (values.length === 0 && (columns?.length ?? 0) > 0) {
    throw unsupported("VALUES () on a sharded keyspace: write the columns' values");
  }
  const { pieces, places } = rowPieces(input, values);
  const given = values[generatedAt];
  const appends = generatedKey !== undefined && given === undefined;
  if (appends) pieces.push(pieces.length === 0 ? "" : ", ", "NULL");
  const vindexValues = keys.map((key): PlanValue => {
    const value = values[columns?.indexOf(key) ?? -1];
    if (value === undefined) return { from: "null" };
    return rowValue(input, value, key, key === generatedKey);
  });
  return {
    pieces,
    vindexValues,
    generated: given === undefined || generatedKey === undefined
      ? undefined
      : rowValue(input, given, generatedKey, true),
    generatedPiece: generatedKey === undefined
      ? -1
      : appends
      ? pieces.length - 1
      : places[generatedAt] ?? -1,
  };
}

/** The row's text, each value a piece of its own. */
function rowPieces(
  { text, edits, statement }: Input,
  values: readonly Expr[],
): { readonly pieces: QueryPiece[]; readonly places: readonly number[] } {
  const pieces: QueryPiece[] = [];
  const places: number[] = [];
  for (const [i, value] of values.entries()) {
    if (subqueriesOf(value).length > 0 || value.kind === "subquery") {
      throw unsupported("subqueries in VALUES on a sharded keyspace");
    }
    if (i > 0) pieces.push(", ");
    places.push(pieces.length);
    const single = piecesOf(text, edits, value);
    if (single.length === 1) pieces.push(...single);
    else pieces.push(...(single.length === 0 ? [""] : single));
  }
  if (statement.source.kind === "set" && refersToColumns(values)) {
    throw unsupported("columns as values in INSERT ... SET on a sharded keyspace");
  }
  return { pieces, places };
}

function refersToColumns(values: readonly Expr[]): boolean {
  return values.some((value) => value.kind === "column");
}

/** A value that the gate must know: of the vindex column, or of the generated one. */
function rowValue(
  { text, table }: Input,
  value: Expr,
  column: string,
  generated: boolean,
): PlanValue {
  if (value.kind === "default" && generated) return { from: "null" };
  const constant = constantOf(value, text);
  if (constant !== undefined) return constant.value;
  const source = text.sql.slice(value.start, value.end).slice(0, 60);
  throw unsupported(
    `expression ${source} as the value of ${table.name}.${column}, which places the row: ` +
      "give a literal or a parameter",
  );
}

/** INSERT ... SELECT: the rows must be where they go. */
function planInsertSelect(input: Input): Plan {
  const { statement, text, context, analysis, table } = input;
  if (statement.source.kind !== "select") throw vtError("VT13001", "INSERT ... SELECT");
  const { query } = statement.source;
  const roots = analyseQuery(analysis, query);
  const facts = new Facts(analysis, text);
  const rewrite = rewriteStatement(statement, analysis, text);
  const pins: Pin[] = [...rewrite.pins];
  const done = { ...input, edits: rewrite.edits };
  if (context.destination === "one") {
    onlySelected(table, context);
    const root = whole(done, routing("ByDestination", table.keyspace));
    return finish(done, root, pins, "the session's target names the shard");
  }
  onlyKeyspace(analysis.instances.filter((instance) => instance.table !== undefined));
  if (table.autoIncrement !== undefined) {
    throw unsupported(`INSERT ... SELECT into ${table.name}, whose ids come from a sequence`);
  }
  if (!table.sharded) {
    const root = whole(done, routing("Unsharded", table.keyspace));
    return finish(done, root, pins, `keyspace ${table.keyspace} is unsharded`);
  }
  checkSharded(done);
  const placement = selectPlacement(analysis, facts, roots, pins, text);
  const givenIds = checkSelected(done, facts, roots, placement);
  const root = whole(done, placement.routing, givenIds);
  return finish(done, root, pins, placement.why);
}

/** Where the SELECT alone is: the target is not one of its tables. */
function selectPlacement(
  analysis: Analysis,
  facts: Facts,
  roots: ReturnType<typeof analyseQuery>,
  pins: Pin[],
  text: StatementText,
): Extract<Placement, { readonly kind: "one" }> {
  const [, ...read] = analysis.instances;
  const others = Object.assign(new Analysis(analysis.context), {
    blocks: analysis.blocks.slice(1),
    instances: read,
    oddities: analysis.oddities,
  });
  const placement = placeStatement(others, facts, roots, pins, text);
  if (placement.kind === "one") return placement;
  throw unsupported("INSERT ... SELECT on more than one shard");
}

/**
 * The value for the vindex column must be the one that the SELECT is tied to. Returns the ids that
 * it gives.
 */
function checkSelected(
  input: Input,
  facts: Facts,
  roots: ReturnType<typeof analyseQuery>,
  placement: Extract<Placement, { readonly kind: "one" }>,
): GivenIds | undefined {
  const { statement, table, text } = input;
  const wanted = placement.routing.values[0];
  const columns = columnsOf(statement.columns, table);
  if (columns === undefined) throw vtError("VT09004");
  const key = table.columnVindexes[0]?.keys[0] ?? "";
  const at = columns.indexOf(key);
  if (at < 0) throw vtError("VT09003", table.columnVindexes[0]?.columns[0] ?? key);
  const givenIds = givenIdsOf(table, text, {
    columns,
    rows: roots.map(({ select }) => select.items.map(({ expr }) => expr)),
  });
  const sameVindex = placement.routing.vindex === table.columnVindexes[0]?.vindex.name &&
    samePlaces(input, key, placement.routing);
  const tied = wanted !== undefined && sameVindex && roots.every((root) => {
    const item = root.select.items[at];
    if (item === undefined || root.select.items.some(({ expr }) => expr.kind === "star")) {
      return false;
    }
    const constant = constantOf(item.expr, text);
    if (constant !== undefined) return sameValue(constant.value, wanted);
    const column = facts.keyOf(item.expr, root);
    return column !== undefined &&
      facts.constants(column, true).some(({ value }) => sameValue(value, wanted));
  });
  if (!tied) {
    throw unsupported(
      "INSERT ... SELECT whose rows may belong to another shard than they come from",
    );
  }
  if (givenIds === undefined || wanted === undefined) return givenIds;
  // A column tied to 0 has it as its value.
  const isKey = givenIds.column.toLowerCase() === key;
  return isKey ? { ...givenIds, values: [...givenIds.values, wanted] } : givenIds;
}

/** A vindex over bytes puts the number 5 and the text "5" in different places. */
function samePlaces(input: Input, key: string, { comparison: selected }: Routing): boolean {
  const { vindex } = input.table.columnVindexes[0]?.vindex ?? {};
  return vindex?.input === "integer" || comparison(input, key) === selected;
}

function sameValue(a: PlanValue, b: PlanValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function whyOf({ table, context }: Input, root: Primitive): string {
  if (context.destination === "one") return "the session's target names the shard";
  if (!table.sharded) return `keyspace ${table.keyspace} is unsharded`;
  return "rows" in root && root.rows.length > 1
    ? "each row goes to the shard of its vindex column"
    : "the row's vindex column names the shard";
}

function finish(input: Input, root: Primitive, pins: readonly Pin[], why: string): Plan {
  const { statement, analysis } = input;
  return {
    statement: "insert",
    returnsRows: statement.returning !== undefined,
    tier: "rows" in root && root.rows.length > 1 && root.sharded ? 2 : 1,
    why,
    root,
    tablesUsed: tablesUsed(analysis),
    pins: distinctPins(pins),
    needsPrimary: true,
    reserves: false,
  };
}
