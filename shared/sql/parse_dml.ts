/** INSERT, REPLACE, UPDATE, DELETE. */
import type { Limit, Name, OrderBy, Span, TableName, TableRef, WithClause } from "./ast.ts";
import type {
  ColumnAssignment,
  Delete,
  Insert,
  InsertSource,
  Returning,
  Update,
  ValuesRow,
} from "./ast_statement.ts";
import type { Cursor } from "./cursor.ts";
import { parseFrom, parseTableAlias } from "./parse_from.ts";
import { parseClause, parseLimit, parseOrderBy } from "./parse_clauses.ts";
import { parseQuery, parseValue } from "./parse_query.ts";
import { parseSelectItems } from "./parse_select.ts";
import { parseColumn } from "./parse_reference.ts";

/** At INSERT or REPLACE. */
export function parseInsert(c: Cursor): Insert {
  const start = c.start;
  const replace = c.expectOne("insert", "replace") === "replace";
  const priority = c.acceptOne("low_priority", "high_priority", "delayed");
  const ignore = c.accept("ignore");
  c.accept("into");
  const table = c.tableName();
  const partitions = c.accept("partition") ? c.optionalNames() : [];
  const columnsStart = c.start;
  const columns = atColumnList(c) ? parseInsertColumns(c) : undefined;
  const columnsSpan = columns === undefined ? undefined : c.span(columnsStart);
  const source = parseSource(c);
  const alias = source.kind === "select" ? undefined : parseRowAlias(c);
  const onDuplicate = c.at("on") && !replace ? parseOnDuplicate(c) : undefined;
  const returning = parseReturning(c);
  return {
    kind: "insert",
    replace,
    ignore,
    priority,
    table,
    partitions,
    columns,
    columnsSpan,
    source,
    rowAlias: alias?.name,
    rowColumns: alias?.columns ?? [],
    onDuplicate,
    returning,
    start,
    end: c.previousEnd,
  };
}

const QUERY_WORDS: ReadonlySet<string> = new Set(["select", "with", "(", "table"]);

function atColumnList(c: Cursor): boolean {
  return c.at("(") && !QUERY_WORDS.has(c.peek());
}

function parseInsertColumns(c: Cursor): Insert["columns"] {
  return c.parens((c) => c.at(")") ? [] : c.list(parseColumn));
}

function parseSource(c: Cursor): InsertSource {
  const start = c.start;
  if (c.accept("set")) {
    const assignments = c.list(parseAssignment);
    return { kind: "set", assignments, start, end: c.previousEnd };
  }
  if (c.at("values") || c.at("value")) {
    c.next();
    const rows = c.list(parseRow);
    return { kind: "rows", rows, start, end: c.previousEnd };
  }
  const query = parseQuery(c);
  return { kind: "select", query, start, end: c.previousEnd };
}

function parseRow(c: Cursor): ValuesRow {
  const start = c.start;
  c.accept("row");
  const values = c.parens((c) => c.at(")") ? [] : c.list(parseValue));
  return { values, start, end: c.previousEnd };
}

function parseRowAlias(
  c: Cursor,
): { readonly name: Name; readonly columns: readonly Name[] } | undefined {
  if (!c.accept("as")) return undefined;
  return { name: c.name(), columns: c.optionalNames() };
}

function parseOnDuplicate(c: Cursor): Insert["onDuplicate"] {
  const start = c.start;
  c.expectAll("on", "duplicate", "key", "update");
  const assignments = c.list(parseAssignment);
  return { assignments, start, end: c.previousEnd };
}

function parseAssignment(c: Cursor): ColumnAssignment {
  const start = c.start;
  const column = parseColumn(c);
  if (!c.accept(":=")) c.expect("=");
  const value = parseValue(c);
  return { column, value, start, end: c.previousEnd };
}

function parseReturning(c: Cursor): Returning | undefined {
  const start = c.start;
  if (!c.accept("returning")) return undefined;
  const items = parseSelectItems(c);
  return { items, start, end: c.previousEnd };
}

interface Selection {
  readonly where: Update["where"];
  readonly orderBy: OrderBy | undefined;
  readonly limit: Limit | undefined;
  readonly returning: Returning | undefined;
}

/** WHERE, ORDER BY, LIMIT, RETURNING. */
function parseSelection(c: Cursor): Selection {
  return {
    where: parseClause(c, "where"),
    orderBy: c.at("order") ? parseOrderBy(c) : undefined,
    limit: c.at("limit") ? parseCount(c) : undefined,
    returning: parseReturning(c),
  };
}

/** LIMIT without an offset. */
function parseCount(c: Cursor): Limit {
  const limit = parseLimit(c);
  if (limit.offset !== undefined || limit.count === undefined) throw c.error();
  return limit;
}

/** At UPDATE; `start` and `withClause` when WITH came first. */
export function parseUpdate(
  c: Cursor,
  start: number = c.start,
  withClause?: WithClause,
): Update {
  c.expect("update");
  const lowPriority = c.accept("low_priority");
  const ignore = c.accept("ignore");
  const tables = parseFrom(c);
  c.expect("set");
  const assignments = c.list(parseAssignment);
  return {
    kind: "update",
    with: withClause,
    ignore,
    lowPriority,
    tables,
    assignments,
    ...parseSelection(c),
    start,
    end: c.previousEnd,
  };
}

/** At DELETE; `start` and `withClause` when WITH came first. */
export function parseDelete(
  c: Cursor,
  start: number = c.start,
  withClause?: WithClause,
): Delete {
  c.expect("delete");
  const words = new Set<string>();
  for (let word = deleteWord(c); word !== undefined; word = deleteWord(c)) words.add(word);
  const { targets, tables } = parseDeleteTables(c);
  return {
    kind: "delete",
    with: withClause,
    ignore: words.has("ignore"),
    lowPriority: words.has("low_priority"),
    quick: words.has("quick"),
    targets,
    tables,
    ...parseSelection(c),
    start,
    end: c.previousEnd,
  };
}

function deleteWord(c: Cursor): string | undefined {
  if (c.at("quick") && [".", ",", "from"].includes(c.peek()) && c.peek() !== "from") {
    return undefined;
  }
  return c.acceptOne("low_priority", "quick", "ignore");
}

interface DeleteTables {
  readonly targets: readonly TableName[];
  readonly tables: readonly TableRef[];
}

/** `FROM t`, `FROM a, b USING joins`, `a, b FROM joins`. */
function parseDeleteTables(c: Cursor): DeleteTables {
  if (!c.at("from")) {
    const targets = c.list(parseTarget);
    c.expect("from");
    return { targets, tables: parseFrom(c) };
  }
  c.next();
  if (isUsingForm(c)) {
    const targets = c.list(parseTarget);
    c.expect("using");
    return { targets, tables: parseFrom(c) };
  }
  return { targets: [], tables: [parseSingleTable(c)] };
}

function isUsingForm(c: Cursor): boolean {
  const mark = c.lexer.mark();
  parseTarget(c);
  const multiple = c.at(",") || c.at("using");
  c.lexer.reset(mark);
  return multiple;
}

/** `t`, `ks.t`, `t.*`; the star is part of the text, not of the name. */
function parseTarget(c: Cursor): TableName {
  const start = c.start;
  const first = c.name();
  const short = c.tableOf(start, undefined, first);
  if (!c.accept(".") || c.accept("*")) return short;
  const name = c.tableOf(start, first, c.anyName());
  if (c.accept(".")) c.expect("*");
  return name;
}

function parseSingleTable(c: Cursor): TableRef {
  const start = c.start;
  const name = c.tableName();
  let partitions: readonly Name[] = c.accept("partition") ? c.optionalNames() : [];
  const systemTime: Span | undefined = undefined;
  const alias = parseTableAlias(c);
  if (partitions.length === 0 && c.accept("partition")) partitions = c.optionalNames();
  return {
    kind: "named_table",
    name,
    alias,
    partitions,
    hints: [],
    systemTime,
    start,
    end: c.previousEnd,
  };
}
