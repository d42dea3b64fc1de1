/**
 * ORDER BY over several shards: each sorts its own rows, the gate merges. What the merge compares
 * must be in the rows, so columns are added where the select list lacks them: the key itself, and
 * for text the weights that its collation gives it.
 */
import { vtError } from "../../shared/error/errors.ts";
import type { Expr, OrderItem, Select, SelectItem, Span } from "../../shared/sql/ast.ts";
import { callsOf, columnsOf, subqueriesOf } from "../../shared/sql/walk.ts";
import type { TableColumn } from "../../shared/vschema/keyspace.ts";
import { type Block, resolveColumn, tableColumn, unsupported } from "./block.ts";
import type { StatementText } from "./context.ts";
import type { Facts } from "./facts.ts";
import type { MergeKey, Pin, QueryPiece } from "./plan.ts";
import { type Edit, piecesOf } from "./template.ts";

/** Columns added behind the select list. */
export class HiddenColumns {
  readonly #text: StatementText;
  readonly #edits: readonly Edit[];
  readonly pieces: QueryPiece[] = [];
  /** Positions count from the end: the select list may have a `*`. */
  count = 0;

  /** `edits` are those that the statement gets anyway: added text gets them too. */
  constructor(text: StatementText, edits: readonly Edit[]) {
    this.#text = text;
    this.#edits = edits;
  }

  /** Adds a column made of texts and of parts of the statement; answers its place among them. */
  add(...parts: readonly (string | Span)[]): number {
    this.pieces.push(", ");
    for (const part of parts) {
      if (typeof part === "string") this.pieces.push(part);
      else this.pieces.push(...piecesOf(this.#text, this.#edits, part));
    }
    return this.count++;
  }
}

/** How many columns the select list has; undefined when a `*` stands for an unknown number. */
export function visibleColumns(block: Block): number | undefined {
  let count = 0;
  for (const { expr } of block.select.items) {
    if (expr.kind !== "star") count++;
    else {
      const columns = starColumns(block, expr.table?.text);
      if (columns === undefined) return undefined;
      count += columns;
    }
  }
  return count;
}

function starColumns(block: Block, label: string | undefined): number | undefined {
  let count = 0;
  for (const source of block.sources) {
    if (label !== undefined && source.label !== label) continue;
    const table = source.kind === "table" ? source.instance.table : undefined;
    if (table === undefined || !table.authoritative) return undefined;
    count += table.columns.filter(({ invisible }) => !invisible).length;
  }
  return count;
}

interface Sorting {
  readonly block: Block;
  readonly facts: Facts;
  readonly text: StatementText;
  readonly hidden: HiddenColumns;
  readonly pins: Pin[];
  /** Places of hidden columns are known only when all of them are: this many come before. */
  readonly visible: number;
}

/** The merge keys of a SELECT. VT12001 for what can't be compared soundly. */
export function mergeKeys(sorting: Sorting): readonly MergeKey[] {
  const { select } = sorting.block;
  return (select.orderBy?.items ?? []).map((item) => mergeKey(sorting, select, item));
}

function mergeKey(sorting: Sorting, select: Select, { expr, descending }: OrderItem): MergeKey {
  const position = itemPosition(sorting, select, expr);
  const item = position === undefined ? undefined : select.items[position];
  const value = item?.expr ?? expr;
  const span = item?.exprSpan ?? expr;
  if (item === undefined) checkExtra(select, expr);
  const type = sortType(sorting, value);
  const { hidden, visible } = sorting;
  const plain = { weightColumn: undefined, padColumn: undefined, descending };
  if (type === "indexed") return { ...plain, column: visible + hidden.add("(", span, ")+0") };
  if (type === "float") return { ...plain, column: visible + hidden.add("(", span, ")+0e0") };
  const column = position ?? visible + hidden.add(span);
  if (type === "native") return { ...plain, column };
  return { column, descending, ...weights(hidden, visible, span) };
}

/** WEIGHT_STRING of a text, and of the spaces that its collation may pad it with. */
export function weights(
  hidden: HiddenColumns,
  visible: number,
  span: Span,
): { readonly weightColumn: number; readonly padColumn: number } {
  const weightColumn = visible + hidden.add("WEIGHT_STRING(", span, ")");
  // LEFT(x, 0) is an empty text in x's own collation: equal to a space only under PAD SPACE.
  const padding = ["IF(LEFT(", span, ", 0) = SPACE(1), WEIGHT_STRING(LEFT(", span] as const;
  const padColumn = visible + hidden.add(...padding, ", 0) AS CHAR(1)), '')");
  return { weightColumn, padColumn };
}

function checkExtra(select: Select, expr: Expr): void {
  if (select.options.distinct) {
    throw unsupported("ORDER BY of what SELECT DISTINCT doesn't select, over shards");
  }
  if (subqueriesOf(expr).length > 0) throw unsupported("subqueries in ORDER BY over shards");
  for (const { table, name } of columnsOf(expr)) {
    if (table !== undefined) continue;
    const key = name.text.toLowerCase();
    const item = select.items.find(({ alias }) => alias?.text.toLowerCase() === key);
    const same = item?.expr.kind === "column" && item.expr.name.text.toLowerCase() === key;
    // Behind the select list the name would mean the column, in ORDER BY it means the alias.
    if (item !== undefined && !same) {
      throw unsupported(`alias ${name.text} inside an expression of ORDER BY, over shards`);
    }
  }
}

/** Index of the select item that an ORDER BY names by position, alias or column. */
function itemPosition(sorting: Sorting, select: Select, expr: Expr): number | undefined {
  if (expr.kind === "literal" && expr.type === "int") return ordinal(sorting, select, expr);
  const index = expr.kind === "column" ? namedItem(sorting, select.items, expr) : -1;
  if (index < 0 || select.items.slice(0, index).some((item) => item.expr.kind === "star")) {
    return undefined;
  }
  return index;
}

function ordinal(
  { text, pins }: Sorting,
  select: Select,
  expr: Extract<Expr, { readonly kind: "literal" }>,
): number {
  const source = text.sql.slice(expr.start, expr.end);
  const position = Number(source);
  if (expr.slot >= 0) pins.push({ slot: expr.slot, text: source });
  const before = select.items.slice(0, position);
  if (before.some((item) => item.expr.kind === "star")) {
    throw unsupported("column offsets in ORDER BY when using '*', over shards");
  }
  if (before.length !== position || position < 1) {
    throw vtError("VT03014", source, "order clause");
  }
  return position - 1;
}

/** MySQL looks among the aliases first, then for the column itself. */
function namedItem(
  { block, facts }: Sorting,
  items: readonly SelectItem[],
  expr: Extract<Expr, { readonly kind: "column" }>,
): number {
  const name = expr.name.text.toLowerCase();
  if (expr.table === undefined) {
    const aliased = items.findIndex(({ alias }) => alias?.text.toLowerCase() === name);
    if (aliased >= 0) return aliased;
  }
  const key = facts.keyOf(expr, block);
  return items.findIndex((item) => {
    if (item.expr.kind !== "column" || item.expr.name.text.toLowerCase() !== name) return false;
    if (item.alias !== undefined && item.alias.text.toLowerCase() !== name) return false;
    return expr.table === undefined ||
      (key !== undefined && facts.keyOf(item.expr, block) === key);
  });
}

const NATIVE_TYPES: ReadonlySet<string> = new Set([
  "tinyint",
  "smallint",
  "mediumint",
  "int",
  "bigint",
  "decimal",
  "double",
  "year",
  "bit",
  "date",
  "datetime",
  "timestamp",
  "time",
]);
const BYTE_TYPES: ReadonlySet<string> = new Set([
  "binary",
  "varbinary",
  "tinyblob",
  "blob",
  "mediumblob",
  "longblob",
]);
const TEXT_TYPES: ReadonlySet<string> = new Set([
  "char",
  "varchar",
  "tinytext",
  "text",
  "mediumtext",
  "longtext",
]);
/** Aggregates and functions whose value is a number whatever they are given. */
const NUMERIC_CALLS: ReadonlySet<string> = new Set([
  "count",
  "sum",
  "avg",
  "std",
  "stddev",
  "variance",
  "length",
  "char_length",
  "year",
  "month",
  "day",
  "row_number",
  "rank",
  "dense_rank",
]);

/** What the merge compares: the value itself, or the weights of its collation. */
export function sortType(
  { block }: Pick<Sorting, "block">,
  expr: Expr,
): "native" | "float" | "indexed" | "text" {
  if (expr.kind === "call" && NUMERIC_CALLS.has(expr.name)) return "native";
  refuseRandom(expr);
  const type = columnOf(block, expr)?.dataType ?? "";
  if (NATIVE_TYPES.has(type) || BYTE_TYPES.has(type)) return "native";
  if (type === "float") return "float";
  if (type === "enum" || type === "set") return "indexed";
  if (type === "" || TEXT_TYPES.has(type)) return "text";
  throw unsupported(`merging shards by a column of type ${type}`);
}

function columnOf(block: Block, expr: Expr): TableColumn | undefined {
  if (expr.kind !== "column") return undefined;
  const column = resolveColumn(expr, block);
  if (column?.source.kind !== "table") return undefined;
  const { table } = column.source.instance;
  return table === undefined ? undefined : tableColumn(table, column.name);
}

const RANDOM: ReadonlySet<string> = new Set(["rand", "uuid", "uuid_short", "random_bytes"]);

/** A second evaluation of the key would give another order. */
function refuseRandom(expr: Expr): void {
  const call = callsOf(expr).find(({ name }) => RANDOM.has(name));
  if (call !== undefined) throw unsupported(`ORDER BY ${call.name}() over shards`);
}
