/**
 * ORDER BY over several shards: each sorts its own rows, the gate merges. What the merge compares
 * must be in the rows, so columns are added where the select list lacks them: the key itself, and
 * for text the weights that its collation gives it.
 */
import { vtError } from "../../shared/error/errors.ts";
import type { Expr, OrderItem, Select, SelectItem, Span } from "../../shared/sql/ast.ts";
import { callsOf, columnsOf, subqueriesOf } from "../../shared/sql/walk.ts";
import { quoteName } from "../../shared/sql/print.ts";
import type { TableColumn } from "../../shared/vschema/keyspace.ts";
import { type Block, type Source, tableColumn, unsupported } from "./block.ts";
import { resolveColumn } from "./resolve.ts";
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

/** A column of the result: a select item, or one of those that a `*` stands for. */
type Output =
  | { readonly kind: "item"; readonly item: SelectItem }
  | {
    readonly kind: "star";
    readonly source: Source;
    readonly column: TableColumn;
    /** How the select list can name it. */
    readonly sql: string;
  };

/** The result's columns; undefined when a `*` stands for an unknown number of them. */
function outputsOf(block: Block): readonly Output[] | undefined {
  const outputs: Output[] = [];
  const merged = block.usesUsing && block.select.items.some(({ expr }) => expr.kind === "star");
  if (merged) return undefined;
  for (const item of block.select.items) {
    const { expr } = item;
    if (expr.kind !== "star") {
      outputs.push({ kind: "item", item });
      continue;
    }
    for (const source of block.sources) {
      if (expr.table !== undefined && source.label !== expr.table.text) continue;
      const columns = starColumns(source);
      if (columns === undefined) return undefined;
      outputs.push(...columns);
    }
  }
  return outputs;
}

function starColumns(source: Source): readonly Output[] | undefined {
  if (source.kind !== "table") return undefined;
  const { table, label } = source.instance;
  if (table === undefined || !table.authoritative) return undefined;
  return table.columns.filter(({ invisible }) => !invisible).map((column) => ({
    kind: "star",
    source,
    column,
    sql: `${quoteName(label)}.${quoteName(column.name)}`,
  }));
}

interface Sorting {
  readonly block: Block;
  readonly facts: Facts;
  readonly text: StatementText;
  readonly hidden: HiddenColumns;
  readonly pins: Pin[];
}

/** A column of the shard's rows: from the front, or among the hidden ones. */
type Place = { readonly visible: number } | { readonly hidden: number };

interface PlacedKey {
  readonly value: Place;
  readonly weights: Weights | undefined;
  readonly descending: boolean;
}

/** The merge keys of a SELECT. VT12001 for what can't be compared soundly. */
export function mergeKeys(sorting: Sorting): readonly MergeKey[] {
  const { hidden, block } = sorting;
  const keys = (block.select.orderBy?.items ?? []).map((item) => placeKey(sorting, item));
  // All are added now: only the distance to the end is certain behind a `*`.
  const fromEnd = (index: number): number => index - hidden.count;
  return keys.map(({ value, weights, descending }) => ({
    column: "visible" in value ? value.visible : fromEnd(value.hidden),
    weightColumn: weights === undefined ? undefined : fromEnd(weights.weight),
    padColumn: weights === undefined ? undefined : fromEnd(weights.pad),
    descending,
  }));
}

function placeKey(sorting: Sorting, { expr, descending }: OrderItem): PlacedKey {
  const { hidden, block } = sorting;
  const output = outputOf(sorting, expr);
  if (output === undefined) checkExtra(block.select, expr);
  const column = output?.column;
  const type = column?.kind === "star"
    ? typeOf(column.column.dataType)
    : sortType(block, column?.item.expr ?? expr);
  const part = column?.kind === "star" ? column.sql : column?.item.exprSpan ?? expr;
  const add = (...parts: readonly (Span | string)[]): PlacedKey => ({
    value: { hidden: hidden.add(...parts) },
    weights: undefined,
    descending,
  });
  if (type === "indexed") return add("(", part, ")+0");
  if (type === "float") return add("(", part, ")+0e0");
  const value = output === undefined || output.position === undefined
    ? { hidden: hidden.add(part) }
    : { visible: output.position };
  return { value, weights: type === "text" ? addWeights(hidden, part) : undefined, descending };
}

/** Places among the hidden columns. */
export interface Weights {
  readonly weight: number;
  readonly pad: number;
}

/** WEIGHT_STRING of a text, and of the spaces that its collation may pad it with. */
export function addWeights(hidden: HiddenColumns, part: Span | string): Weights {
  const weight = hidden.add("WEIGHT_STRING(", part, ")");
  // LEFT(x, 0) is an empty text in x's own collation: equal to a space only under PAD SPACE.
  const padding = ["IF(LEFT(", part, ", 0) = SPACE(1), WEIGHT_STRING(LEFT(", part] as const;
  return { weight, pad: hidden.add(...padding, ", 0) AS CHAR(1)), '')") };
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

interface Found {
  readonly column: Output;
  /** Undefined: behind a `*`, so it has to be selected once more. */
  readonly position: number | undefined;
}

/** The column of the result that an ORDER BY names by position, alias or name. */
function outputOf(sorting: Sorting, expr: Expr): Found | undefined {
  if (expr.kind === "literal" && expr.type === "int") return ordinal(sorting, expr);
  if (expr.kind !== "column") return undefined;
  const { items } = sorting.block.select;
  const index = namedItem(sorting, items, expr);
  const item = items[index];
  if (item === undefined) return undefined;
  const starBefore = items.slice(0, index).some((before) => before.expr.kind === "star");
  return { column: { kind: "item", item }, position: starBefore ? undefined : index };
}

function ordinal(
  { text, pins, block }: Sorting,
  expr: Extract<Expr, { readonly kind: "literal" }>,
): Found {
  const source = text.sql.slice(expr.start, expr.end);
  const position = Number(source) - 1;
  if (expr.slot >= 0) pins.push({ slot: expr.slot, text: source });
  const outputs = outputsOf(block);
  if (outputs === undefined) {
    throw unsupported("column offsets in ORDER BY when using '*' of unknown columns, over shards");
  }
  const column = outputs[position];
  if (column === undefined) throw vtError("VT03014", source, "order clause");
  return { column, position };
}

/** MySQL looks among the aliases first, then for the column itself. -1: it isn't selected. */
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

type SortType = "native" | "float" | "indexed" | "text";

/** What the merge compares: the value itself, or the weights of its collation. */
export function sortType(block: Block, expr: Expr): SortType {
  if (expr.kind === "call" && NUMERIC_CALLS.has(expr.name)) return "native";
  refuseRandom(expr);
  return typeOf(columnOf(block, expr)?.dataType ?? "");
}

function typeOf(dataType: string): SortType {
  if (NATIVE_TYPES.has(dataType) || BYTE_TYPES.has(dataType)) return "native";
  if (dataType === "float") return "float";
  if (dataType === "enum" || dataType === "set") return "indexed";
  if (dataType === "" || TEXT_TYPES.has(dataType)) return "text";
  throw unsupported(`merging shards by a column of type ${dataType}`);
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
