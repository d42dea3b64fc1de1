/**
 * Rules that a stream can't serve by itself: selects with expressions, with conditions that only
 * a server can decide, with aggregates. Such a rule falls into two: `source`, which the stream
 * serves (the columns that are needed, of the rows that can be told apart by their bytes), and
 * expressions that the target's mysqld evaluates for what arrives.
 */
import { vtError } from "../error/errors.ts";
import type { Call, Expr, SelectItem } from "../sql/ast.ts";
import { decodeLiteral } from "../sql/literal.ts";
import { decodeText, sameColumnName } from "../sql/names.ts";
import { DEFAULT_OPTIONS } from "../sql/options.ts";
import { quoteName } from "../sql/print.ts";
import { aggregatesOf, columnsOf } from "../sql/walk.ts";
import { demandPure, type IsTimeColumn, textOf } from "./expression.ts";
import { type FilterRule, malformed, parseRule, type RuleSelect } from "./rule.ts";

/** A column of the target. Texts are SQL, for the row's table under the rule's alias. */
export type ComputedItem =
  | { readonly is: "star" }
  | {
    readonly is: "value";
    readonly name: string;
    readonly sql: string;
    /** The source's column when the value is simply its. */
    readonly column: string | undefined;
  }
  /** COUNT(*) */
  | { readonly is: "rows"; readonly name: string }
  /** COUNT(sql), SUM(sql) */
  | { readonly is: "count" | "sum"; readonly name: string; readonly sql: string };

export interface ComputedRule {
  /** The target's table. */
  readonly target: string;
  /** What the source is asked for; its rows have the source's column names. */
  readonly source: FilterRule;
  /** The source's table. */
  readonly table: string;
  /** All rows of the table that lie in the rule's key range. */
  readonly placed: FilterRule;
  /** The table's name inside the expressions. */
  readonly alias: string;
  readonly items: readonly ComputedItem[];
  /** SQL; "" when every row that arrives counts. */
  readonly condition: string;
  /** One row a group: "value" items are what they are grouped by. */
  readonly grouped: boolean;
  /**
   * Names in GROUP BY that are taken for those of items: a column of the source's table with such
   * a name would come first.
   */
  readonly groupNames: readonly string[];
  /** Columns that expressions and conditions look into, in lower case. */
  readonly evaluatedColumns: ReadonlySet<string>;
  /** Columns that a row's shard is found by: in_keyrange(...). */
  readonly keyRangeColumns: readonly string[];
  /**
   * Refuses what depends on the columns' types. VT12001 for what makes a date of a time of day:
   * today's.
   */
  readonly demandPure: (isTimeColumn: (column: string) => boolean) => void;
}

/**
 * Undefined for a rule that a stream serves by itself. VT26007 when it is malformed, VT12001 for
 * what can't be kept exact.
 */
export function computedRule(rule: FilterRule): ComputedRule | undefined {
  const parsed = parseRule(rule);
  if (parsed.kind !== "select") return undefined;
  const { select, target } = parsed;
  const aggregates = select.items.some(({ expr }) => aggregatesOf(expr).length > 0);
  const grouped = aggregates || select.groupBy !== undefined;
  const decided = select.terms.filter((term) => isDecided(term, select));
  if (!grouped && select.items.every(isPlain) && decided.length === select.terms.length) {
    return undefined;
  }
  const items = select.items.map((item) => itemOf(item, grouped, select, rule));
  demandDistinct(items, rule);
  if (grouped) demandGroups(items, select, rule);
  const open = select.terms.filter((term) => !isKeyRange(term));
  for (const term of open) demandPure(term, select);
  return {
    target,
    table: select.table,
    alias: select.alias,
    items,
    grouped,
    groupNames: groupNames(items, select),
    evaluatedColumns: new Set(
      [...select.items.map(({ expr }) => expr).filter(({ kind }) => kind !== "column"), ...open]
        .flatMap((expr) => columnsOf(expr).map(({ name }) => name.text.toLowerCase())),
    ),
    keyRangeColumns: select.terms.filter(isKeyRange)
      .flatMap((term) => columnsOf(term).map(({ name }) => name.text)),
    source: sourceRule(
      rule,
      select,
      neededColumns(select),
      decided.filter((term) => isKeyRange(term) || isNullTest(term)),
    ),
    placed: sourceRule(rule, select, "*", select.terms.filter(isKeyRange)),
    condition: open.map((term) => `(${sqlOf(term, select)})`).join(" AND "),
    demandPure: (isTimeColumn) => demandTyped(select, open, isTimeColumn),
  };
}

/** The rules that sources are asked to serve. */
export function sourceRules(rules: readonly FilterRule[]): readonly FilterRule[] {
  return rules.map((rule) => computedRule(rule)?.source ?? rule);
}

function isKeyRange(term: Expr): boolean {
  return term.kind === "call" && term.name === "in_keyrange";
}

function isNullTest(term: Expr): boolean {
  return term.kind === "is" && term.test === "null" && term.operand.kind === "column";
}

/** A number is compared alike everywhere, a text as its collation has it. */
function isDecided(term: Expr, select: RuleSelect): boolean {
  if (isKeyRange(term) || isNullTest(term)) return true;
  if (term.kind === "binary") {
    const [one, other] = [term.left, term.right];
    return term.op !== "<=>" && (isNumber(one) ? other : one).kind === "column" &&
      (isNumber(one) || isNumber(other));
  }
  return term.kind === "in" && term.operand.kind === "column" &&
    term.list.kind === "literal_list" && NUMBERS.test(textOf(term.list, select));
}

const NUMBERS = /^[-+0-9.eE,\s]*$/;

function isNumber(expr: Expr): boolean {
  return expr.kind === "literal" && ["int", "decimal", "float"].includes(expr.type);
}

function isPlain({ expr }: SelectItem): boolean {
  return expr.kind === "star" || expr.kind === "column" || expr.kind === "literal" ||
    expr.kind === "null" || isKeyspaceId(expr);
}

function isKeyspaceId(expr: Expr): boolean {
  return expr.kind === "call" && expr.name === "keyspace_id";
}

/** The parser reads byte strings; what is sent to a server is text. */
function sqlOf(expr: Expr, select: RuleSelect): string {
  return decodeText(textOf(expr, select), "utf8");
}

function itemOf(
  item: SelectItem,
  grouped: boolean,
  select: RuleSelect,
  rule: FilterRule,
): ComputedItem {
  const { expr, alias } = item;
  if (expr.kind === "star") {
    if (!grouped) return { is: "star" };
    throw vtError("VT12001", `* beside GROUP BY in a filter: ${rule.filter}`);
  }
  const name = alias?.text ??
    (expr.kind === "column" ? expr.name.text : decodeText(textOf(item.exprSpan, select), "utf8"));
  const [aggregate] = aggregatesOf(expr);
  if (aggregate === undefined) {
    demandPure(expr, select);
    const column = expr.kind === "column" ? expr.name.text : undefined;
    return { is: "value", name, sql: sqlOf(expr, select), column };
  }
  if (aggregate === expr) return aggregateOf(aggregate, name, select);
  throw vtError(
    "VT12001",
    `"${
      textOf(expr, select)
    }" in a filter: a column must be one aggregate; give each its own column, and reckon with them where they are read`,
  );
}

function aggregateOf(call: Call, name: string, select: RuleSelect): ComputedItem {
  const text = textOf(call, select);
  if (call.distinct) {
    throw vtError(
      "VT12001",
      `"${text}" in a filter: DISTINCT; group by the column in a table of its own, and count its rows`,
    );
  }
  if (call.name === "count" && call.star) return { is: "rows", name };
  const [argument, more] = call.args;
  if ((call.name === "count" || call.name === "sum") && argument !== undefined && !more) {
    demandPure(argument, select);
    return { is: call.name, name, sql: sqlOf(argument, select) };
  }
  const remedy = call.name === "avg"
    ? "select sum and count of it, and divide where they are read"
    : call.name === "min" || call.name === "max"
    ? "when the row that has it is deleted, the next one is known to the source alone; ask the source for it"
    : "it can't be kept exact when rows change; count and sum can";
  throw vtError("VT12001", `aggregate "${text}" in a filter: ${remedy}`);
}

function demandDistinct(items: readonly ComputedItem[], rule: FilterRule): void {
  const names = items.flatMap((item) => item.is === "star" ? [] : [item.name.toLowerCase()]);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw malformed(rule, `it gives column ${twice} twice`);
}

/** Every column that is no aggregate is grouped by, and the other way round. */
function demandGroups(
  items: readonly ComputedItem[],
  select: RuleSelect,
  rule: FilterRule,
): void {
  const groups = select.groupBy;
  if (groups === undefined) {
    throw vtError(
      "VT12001",
      "aggregates without GROUP BY in a filter: the target's row needs a key; group by a constant, as in: " +
        `select 1 as id, count(*) as n from ${select.table} group by id`,
    );
  }
  const grouped = new Set(groups.map((group) => groupedItem(group, items, select, rule)));
  const loose = items.find((item) => item.is === "value" && !grouped.has(item));
  if (loose?.is === "value") {
    throw vtError(
      "VT12001",
      `column ${loose.name} in a filter that is neither grouped by nor an aggregate`,
    );
  }
}

function groupedItem(
  group: Expr,
  items: readonly ComputedItem[],
  select: RuleSelect,
  rule: FilterRule,
): ComputedItem {
  const values = items.filter((item) => item.is === "value");
  // As the server resolves it: a column of the table, or else one of the select.
  const found = group.kind === "column"
    ? values.find(({ column }) =>
      column !== undefined && sameColumnName(column, group.name.text)
    ) ??
      values.find(({ name }) => group.table === undefined && sameColumnName(name, group.name.text))
    : items.find((item, i) => item.is === "value" && isGroup(group, item.sql, i, select));
  if (found !== undefined) return found;
  throw vtError(
    "VT12001",
    `GROUP BY ${
      textOf(group, select)
    } in a filter: it must be one of the columns that the filter gives: ${rule.filter}`,
  );
}

function groupNames(items: readonly ComputedItem[], { groupBy }: RuleSelect): readonly string[] {
  return (groupBy ?? []).flatMap((group) => {
    if (group.kind !== "column") return [];
    const name = group.name.text;
    const isColumn = items.some((item) =>
      item.is === "value" && item.column !== undefined && sameColumnName(item.column, name)
    );
    return isColumn ? [] : [name];
  });
}

/** By its number, or written alike. */
function isGroup(group: Expr, sql: string, place: number, select: RuleSelect): boolean {
  if (group.kind !== "literal") return sqlOf(group, select) === sql;
  const literal = decodeLiteral(select.sql, group, DEFAULT_OPTIONS);
  return literal.type === "int" && literal.value === BigInt(place + 1);
}

/** Only the columns that somebody looks at, each once. */
function neededColumns({ items, terms }: RuleSelect): string {
  if (items.some(({ expr }) => expr.kind === "star")) return "*";
  const looked = [
    ...items.map(({ expr }) => expr),
    ...terms.filter((term) => !isKeyRange(term)),
  ];
  const columns = new Map<string, string>();
  for (const expr of looked) {
    for (const { name } of columnsOf(expr)) columns.set(name.text.toLowerCase(), name.text);
  }
  // Rows are counted also where nobody looks into them.
  return [...columns.values()].map((name) => quoteName(name)).join(", ") || "1 as one";
}

function sourceRule(
  rule: FilterRule,
  select: RuleSelect,
  columns: string,
  terms: readonly Expr[],
): FilterRule {
  const alias = select.alias === select.table ? "" : ` as ${quoteName(select.alias)}`;
  const where = terms.map((term) => textOf(term, select)).join(" and ");
  const sql = `select ${columns} from ${quoteName(select.table)}${alias}` +
    (where === "" ? "" : ` where ${where}`);
  return { match: rule.match, filter: decodeText(sql, "utf8") };
}

function demandTyped(
  select: RuleSelect,
  open: readonly Expr[],
  isTime: (column: string) => boolean,
): void {
  const isTimeColumn: IsTimeColumn = (column) => isTime(column.name.text);
  for (const { expr } of select.items) {
    const [aggregate] = aggregatesOf(expr);
    if (expr.kind === "star") continue;
    for (const one of aggregate?.args ?? [expr]) demandPure(one, select, isTimeColumn);
  }
  for (const term of open) demandPure(term, select, isTimeColumn);
}
