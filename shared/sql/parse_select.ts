/** One SELECT, without the clauses that belong to the whole query (parse_query.ts). */
import type { Expr, GroupBy, NamedWindow, Select, SelectItem, SelectOptions, Star } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { ITEM_ALIAS_STOP } from "./keywords.ts";
import { isLiteralKind } from "./lexer.ts";
import { parseExpr } from "./parse_expr.ts";
import { parseFrom } from "./parse_from.ts";
import { parseClause, parseInto, parseOrderItems } from "./parse_clauses.ts";
import { type Mutable, NO_TAIL } from "./parse_query.ts";
import { parseWindowSpec } from "./parse_window.ts";

/** At SELECT. */
export function parseSelect(c: Cursor): Select {
  const start = c.start;
  c.expect("select");
  const nextValues = parseNextValues(c);
  const options = nextValues === undefined ? parseOptions(c) : NO_OPTIONS;
  const itemsStart = c.start;
  const items = nextValues === undefined ? parseSelectItems(c) : [];
  const itemsSpan = items.length > 0 ? c.span(itemsStart) : { start: itemsStart, end: itemsStart };
  const into = c.at("into") ? parseInto(c) : undefined;
  const fromStart = c.start;
  const from = c.accept("from") ? parseFrom(c) : [];
  const select: Mutable<Select> = {
    ...NO_TAIL,
    kind: "select",
    options,
    items,
    itemsSpan,
    from,
    fromSpan: from.length > 0 ? c.span(fromStart) : undefined,
    where: parseClause(c, "where"),
    groupBy: c.at("group") ? parseGroupBy(c) : undefined,
    having: parseClause(c, "having"),
    windows: c.at("window") ? parseWindows(c) : [],
    nextValues,
    start,
    end: c.previousEnd,
  };
  if (c.at("procedure")) skipProcedure(c);
  select.into = into;
  select.end = c.previousEnd;
  return select;
}

const NO_OPTIONS: SelectOptions = {
  distinct: false,
  straightJoin: false,
  calcFoundRows: false,
  others: [],
};

/** `next [n] values from seq`: the gate's own way to ask a sequence. */
function parseNextValues(c: Cursor): Select["nextValues"] {
  if (!c.at("next")) return undefined;
  const mark = c.lexer.mark();
  c.next();
  if (c.accept("value") || c.accept("values")) {
    if (c.at("from")) return "one";
  } else if (isLiteralKind(c.lexer.kind) || c.lexer.kind === "param") {
    const count = parseExpr(c);
    if (c.accept("values") && c.at("from")) return count;
  }
  c.lexer.reset(mark);
  return undefined;
}

const OPTION_WORDS: ReadonlySet<string> = new Set([
  ...["all", "distinct", "distinctrow", "high_priority", "straight_join", "sql_small_result"],
  ...["sql_big_result", "sql_buffer_result", "sql_cache", "sql_no_cache", "sql_calc_found_rows"],
]);
/** Not reserved: they may be columns. */
const SOFT_OPTIONS: ReadonlySet<string> = new Set([
  "sql_buffer_result",
  "sql_cache",
  "sql_no_cache",
]);
const ITEM_ENDS: ReadonlySet<string> = new Set(["", ",", "from", "as", ".", ";", ")", "="]);

function parseOptions(c: Cursor): SelectOptions {
  if (!c.atAny(OPTION_WORDS)) return NO_OPTIONS;
  const found = new Set<string>();
  while (c.atAny(OPTION_WORDS)) {
    const word = c.lexer.text;
    if (SOFT_OPTIONS.has(word) && isColumn(c)) break;
    c.next();
    found.add(word);
  }
  return {
    distinct: found.has("distinct") || found.has("distinctrow"),
    straightJoin: found.has("straight_join"),
    calcFoundRows: found.has("sql_calc_found_rows"),
    others: [...found].filter((word) => !NAMED_OPTIONS.has(word)),
  };
}

const NAMED_OPTIONS: ReadonlySet<string> = new Set([
  ...["all", "distinct", "distinctrow", "straight_join", "sql_calc_found_rows"],
]);

/** A column of that name: nothing that could be an item follows. */
function isColumn(c: Cursor): boolean {
  const mark = c.lexer.mark();
  c.next();
  const { kind, text } = c.lexer;
  c.lexer.reset(mark);
  return kind === "end" || (kind === "op" || kind === "word") && ITEM_ENDS.has(text);
}

/** A bare `*` may only be the first item. */
export function parseSelectItems(c: Cursor): readonly SelectItem[] {
  const items: SelectItem[] = [];
  do {
    if (items.length > 0 && c.at("*")) throw c.error();
    items.push(parseSelectItem(c));
  } while (c.accept(","));
  return items;
}

function parseSelectItem(c: Cursor): SelectItem {
  const start = c.start;
  const star = parseStar(c);
  if (star !== undefined) {
    return { expr: star, exprSpan: star, alias: undefined, start, end: star.end };
  }
  const expr: Expr = parseExpr(c);
  const exprSpan = c.span(start);
  const alias = parseItemAlias(c);
  return { expr, exprSpan, alias, start, end: c.previousEnd };
}

function parseItemAlias(c: Cursor): SelectItem["alias"] {
  if (c.accept("as")) return c.nameOrString();
  if (c.atString()) return c.stringName();
  return c.atName() && !c.atAny(ITEM_ALIAS_STOP) ? c.name() : undefined;
}

/** `*`, `t.*`, `ks.t.*`; undefined, and nothing taken, at all else. */
function parseStar(c: Cursor): Star | undefined {
  const start = c.start;
  if (c.accept("*")) return star(c, start, undefined, undefined);
  if (!c.atName()) return undefined;
  // Cheap look ahead: a name directly in front of a dot may be the qualifier of a star.
  if (c.sql.charCodeAt(c.lexer.end) > 0x2e) return undefined;
  const mark = c.lexer.mark();
  const first = c.anyName();
  if (c.accept(".")) {
    if (c.accept("*")) return star(c, start, undefined, first);
    if (c.lexer.kind === "word" || c.lexer.kind === "quoted_name") {
      const second = c.anyName();
      if (c.accept(".") && c.accept("*")) return star(c, start, first, second);
    }
  }
  c.lexer.reset(mark);
  return undefined;
}

function star(
  c: Cursor,
  start: number,
  schema: Star["schema"],
  table: Star["table"],
): Star {
  return { kind: "star", schema, table, start, end: c.previousEnd };
}

function parseGroupBy(c: Cursor): GroupBy {
  const start = c.start;
  c.expectAll("group", "by");
  const items = parseOrderItems(c);
  const rollup = c.acceptAll("with", "rollup");
  return { items, rollup, start, end: c.previousEnd };
}

function parseWindows(c: Cursor): readonly NamedWindow[] {
  c.expect("window");
  return c.list((c) => {
    const start = c.start;
    const name = c.name();
    c.expect("as");
    const spec = parseWindowSpec(c);
    return { name, spec, start, end: c.previousEnd };
  });
}

/** PROCEDURE ANALYSE(...) (MariaDB): passed over. */
function skipProcedure(c: Cursor): void {
  c.next();
  c.name();
  c.parens((c) => c.at(")") ? [] : c.list(parseExpr));
}
