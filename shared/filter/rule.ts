/**
 * The rules of a stream: which tables and rows it carries, and what of them (Vitess's
 * binlogdata.Rule). `match` is a table or `/regular expression/`, `filter` one of
 *
 *     ""                                              all rows
 *     "-80"                                           rows whose primary vindex lies in the range
 *     "exclude"                                       none
 *     "select a, b as c from t where in_keyrange(a, 'hash', '-80') and d > 5"
 *
 * A rule with a select reads the table behind FROM, and calls what it gives by `match`. What of
 * a select a stream can't do by itself is done where its rows arrive: computed.ts.
 */
import { vtError } from "../error/errors.ts";
import { type KeyRange, parseShardName } from "../key/range.ts";
import type { Expr, Select, SelectItem } from "../sql/ast.ts";
import { DEFAULT_OPTIONS } from "../sql/options.ts";
import { parseSql } from "../sql/parser.ts";

export interface FilterRule {
  readonly match: string;
  readonly filter: string;
}

export type ParsedRule =
  | { readonly kind: "exclude" | "all"; readonly matches: (table: string) => boolean }
  | {
    readonly kind: "key_range";
    readonly matches: (table: string) => boolean;
    readonly range: KeyRange;
  }
  | {
    readonly kind: "select";
    readonly matches: (table: string) => boolean;
    /** What the rows are called behind the filter. */
    readonly target: string;
    readonly select: RuleSelect;
  };

/** A rule's select, whose offsets are into `sql`. */
export interface RuleSelect {
  readonly sql: string;
  /** Names that a column's qualifier may have. */
  readonly table: string;
  readonly alias: string;
  readonly items: readonly SelectItem[];
  /** The terms of WHERE, all of which a row must satisfy. */
  readonly terms: readonly Expr[];
  /** Undefined without GROUP BY. */
  readonly groupBy: readonly Expr[] | undefined;
}

const KEY_RANGE = /^[0-9a-f]*-[0-9a-f]*$/i;
const EXCLUDE = "exclude";

/** VT26007 for a malformed rule, VT12001 for what is beyond a filter. */
export function parseRule(rule: FilterRule): ParsedRule {
  const filter = rule.filter.trim();
  const matches = matcher(rule.match);
  if (filter === "") return { kind: "all", matches };
  if (filter.toLowerCase() === EXCLUDE) return { kind: "exclude", matches };
  if (KEY_RANGE.test(filter)) {
    return { kind: "key_range", matches, range: parseRange(filter, rule) };
  }
  if (rule.match.startsWith("/")) throw malformed(rule, "a select needs a table, not a pattern");
  const select = parseSelect(filter, rule);
  return {
    kind: "select",
    matches: (table) => table === select.table,
    target: rule.match,
    select,
  };
}

/** Go's regexp as Vitess uses it: the pattern may match anywhere in the name. */
function matcher(match: string): (table: string) => boolean {
  if (!match.startsWith("/")) return (table) => table === match;
  try {
    const pattern = new RegExp(match.replace(/^\//, "").replace(/\/$/, ""));
    return (table) => pattern.test(table);
  } catch (error) {
    throw vtError("VT26007", match, error instanceof Error ? error.message : String(error));
  }
}

/** VT26007 when the text is no key range. */
export function parseRange(text: string, rule: FilterRule): KeyRange {
  try {
    return parseShardName(text);
  } catch (error) {
    throw malformed(rule, error instanceof Error ? error.message : String(error));
  }
}

export function malformed(rule: FilterRule, cause: string): Error {
  return vtError("VT26007", `"${rule.match}"`, cause);
}

/** The parser reads byte strings (docs/decisions/0002-sql-text-is-a-byte-string.md). */
export function byteString(text: string): string {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

function parseSelect(filter: string, rule: FilterRule): RuleSelect {
  const sql = byteString(filter);
  const query = parseQuery(sql, rule);
  const [from, second] = query.from;
  if (from === undefined || second !== undefined || from.kind !== "named_table") {
    throw vtError("VT12001", `a filter that doesn't read one table: ${filter}`);
  }
  demandPlain(query, filter);
  return {
    sql,
    table: from.name.name.text,
    alias: from.alias?.text ?? from.name.name.text,
    items: query.items,
    terms: query.where === undefined ? [] : terms(query.where.expr),
    groupBy: query.groupBy?.items.map(({ expr }) => expr),
  };
}

function parseQuery(sql: string, rule: FilterRule): Select {
  let statement;
  try {
    statement = parseSql(sql, DEFAULT_OPTIONS);
  } catch (error) {
    throw malformed(rule, error instanceof Error ? error.message : String(error));
  }
  if (statement.kind === "query" && statement.query.kind === "select") return statement.query;
  throw malformed(rule, `want a select, a key range or exclude, not "${rule.filter}"`);
}

/** VT12001 for what can't be kept up to date row by row. */
function demandPlain(select: Select, filter: string): void {
  const what = select.groupBy?.rollup === true
    ? "WITH ROLLUP"
    : select.having !== undefined
    ? "HAVING"
    : select.orderBy !== undefined
    ? "ORDER BY"
    : select.limit !== undefined
    ? "LIMIT"
    : select.options.distinct
    ? "DISTINCT"
    : select.with !== undefined
    ? "WITH"
    : select.windows.length > 0
    ? "WINDOW"
    : undefined;
  if (what !== undefined) throw vtError("VT12001", `${what} in the filter of a stream: ${filter}`);
}

function terms(expr: Expr): readonly Expr[] {
  return expr.kind === "binary" && expr.op === "and"
    ? [...terms(expr.left), ...terms(expr.right)]
    : [expr];
}
