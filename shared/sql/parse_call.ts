/** Function calls, the plain ones and those with a grammar of their own. */
import type { Call, Cast, Expr, Match, Name, Span } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { ADJACENT_FUNCTIONS, INTERVAL_UNITS } from "./keywords.ts";
import { parseBits, parseExpr, parseExprs } from "./parse_expr.ts";
import { parseLimit, parseOrderItems } from "./parse_clauses.ts";
import { parseColumn } from "./parse_reference.ts";
import { parseInterval } from "./parse_simple.ts";
import { parseOver } from "./parse_window.ts";

type CallParts = Partial<Omit<Call, "kind" | "name" | "start" | "end">>;

function call(c: Cursor, start: number, name: string, parts: CallParts): Call {
  return {
    kind: "call",
    name,
    schema: parts.schema,
    args: parts.args ?? [],
    distinct: parts.distinct ?? false,
    star: parts.star ?? false,
    special: parts.special,
    orderBy: parts.orderBy ?? [],
    separator: parts.separator,
    limit: parts.limit,
    over: parts.over,
    start,
    end: c.previousEnd,
  };
}

/** At the parenthesis of `name(...)` or `schema.name(...)`. */
export function parseCall(c: Cursor, start: number, schema: Name | undefined, name: Name): Expr {
  const adjacent = c.previousEnd === c.start || c.options.ignoreSpace;
  c.expect("(");
  const parts = adjacent || !ADJACENT_FUNCTIONS.has(name.text.toLowerCase())
    ? parseArguments(c)
    : { args: c.at(")") ? [] : c.list(parseArgument) };
  c.expect(")");
  const over = parseOver(c);
  return call(c, start, name.text.toLowerCase(), { ...parts, schema, over });
}

/** What stands between the parentheses of any function, aggregates included. */
function parseArguments(c: Cursor): CallParts {
  if (c.at(")")) return {};
  if (c.at("*")) {
    c.next();
    return { star: true };
  }
  const distinct = c.accept("distinct");
  if (!distinct) c.accept("all");
  const args = c.list(parseArgument);
  const orderBy = c.acceptAll("order", "by") ? parseOrderItems(c) : [];
  const separator = c.accept("separator") ? c.literal() : undefined;
  const limit = c.at("limit") ? parseLimit(c) : undefined;
  return { args, distinct, orderBy, separator, limit };
}

function parseArgument(c: Cursor): Expr {
  if (!c.at("interval")) return parseExpr(c);
  return parseInterval(c) ?? parseExpr(c);
}

const SPECIAL: ReadonlyMap<string, (c: Cursor, start: number) => Expr> = new Map([
  ["cast", parseCast],
  ["convert", parseConvert],
  ["match", parseMatch],
  ["extract", parseExtract],
  ["trim", parseTrim],
  ["substring", parseSubstring],
  ["substr", parseSubstring],
  ["mid", parseSubstring],
  ["position", parsePosition],
  ["values", parseValuesCall],
  ["value", parseValuesCall],
  ["row", parseRow],
  ["timestampadd", parseWithUnit],
  ["timestampdiff", parseWithUnit],
  ["get_format", parseWithUnit],
  ["weight_string", parseWeightString],
  ["char", parseChar],
  ["json_value", parseJsonValue],
]);

/** A call with a grammar of its own, at its name; undefined when the word is none of those. */
export function parseSpecialCall(c: Cursor, word: string): Expr | undefined {
  const parse = SPECIAL.get(word);
  if (parse === undefined) return undefined;
  const { start, end } = c.lexer;
  if (c.peek() !== "(" && word !== "match") return undefined;
  if (ADJACENT_FUNCTIONS.has(word) && c.sql[end] !== "(" && !c.options.ignoreSpace) {
    return undefined;
  }
  c.next();
  return parse(c, start);
}

function parseCast(c: Cursor, start: number): Cast {
  c.expect("(");
  const operand = parseExpr(c);
  c.expect("as");
  return closeCast(c, start, operand);
}

function closeCast(c: Cursor, start: number, operand: Expr): Cast {
  const type = c.lexer.text;
  const typeSpan = skipType(c);
  c.expect(")");
  return { kind: "cast", operand, type, typeSpan, start, end: c.previousEnd };
}

/** Passes over a type, up to the parenthesis that closes what it stands in. */
function skipType(c: Cursor): Span {
  const start = c.start;
  if (!c.isKind("word")) throw c.error();
  while (!c.at(")") && !c.atEnd()) {
    if (c.at("(")) c.parens(skipTypeArguments);
    else if (c.isKind("op")) throw c.error();
    else c.next();
  }
  return c.span(start);
}

function skipTypeArguments(c: Cursor): void {
  c.literal();
  while (c.accept(",")) c.literal();
}

function parseConvert(c: Cursor, start: number): Expr {
  c.expect("(");
  const operand = parseExpr(c);
  if (c.accept(",")) return closeCast(c, start, operand);
  c.expect("using");
  const charset = parseCharsetName(c);
  c.expect(")");
  return { kind: "convert_using", operand, charset, start, end: c.previousEnd };
}

/** A character set: a name, a string, or BINARY. */
export function parseCharsetName(c: Cursor): Name {
  return c.at("binary") || c.at("default") ? c.anyName() : c.nameOrString();
}

function parseMatch(c: Cursor, start: number): Match {
  const columns = c.at("(") ? c.parens((c) => c.list(parseColumn)) : c.list(parseColumn);
  c.expect("against");
  c.expect("(");
  const against = parseBits(c, 1);
  let mode: Match["mode"];
  if (c.acceptAll("in", "natural", "language", "mode")) mode = "natural";
  else if (c.acceptAll("in", "boolean", "mode")) mode = "boolean";
  const expansion = c.acceptAll("with", "query", "expansion");
  c.expect(")");
  return { kind: "match", columns, against, mode, expansion, start, end: c.previousEnd };
}

function parseExtract(c: Cursor, start: number): Expr {
  c.expect("(");
  if (!c.atAny(INTERVAL_UNITS)) throw c.error();
  const special = c.lexer.text;
  c.next();
  c.expect("from");
  const args = [parseExpr(c)];
  c.expect(")");
  return call(c, start, "extract", { args, special });
}

function parseTrim(c: Cursor, start: number): Expr {
  c.expect("(");
  const special = c.acceptOne("leading", "trailing", "both");
  const args: Expr[] = [];
  if (special === undefined || !c.at("from")) args.push(parseExpr(c));
  if (special !== undefined || c.at("from")) {
    c.expect("from");
    args.push(parseExpr(c));
  }
  c.expect(")");
  return call(c, start, "trim", { args, special });
}

/** SUBSTRING(a, 1, 2) and SUBSTRING(a FROM 1 FOR 2). */
function parseSubstring(c: Cursor, start: number): Expr {
  const name = c.sql.slice(start, c.previousEnd).toLowerCase();
  c.expect("(");
  const args = [parseExpr(c)];
  if (c.accept("from")) {
    args.push(parseExpr(c));
    if (c.accept("for")) args.push(parseExpr(c));
  } else {
    c.expect(",");
    args.push(...parseExprs(c));
  }
  c.expect(")");
  return call(c, start, name, { args });
}

function parsePosition(c: Cursor, start: number): Expr {
  c.expect("(");
  const needle = parseBits(c, 1);
  c.expect("in");
  const args = [needle, parseExpr(c)];
  c.expect(")");
  return call(c, start, "position", { args });
}

/** VALUES(c) in ON DUPLICATE KEY UPDATE; MariaDB writes VALUE(c) too. */
function parseValuesCall(c: Cursor, start: number): Expr {
  const args = c.parens((c) => [parseExpr(c)]);
  return call(c, start, "values", { args });
}

function parseRow(c: Cursor, start: number): Expr {
  const items = c.parens(parseExprs);
  if (items.length < 2) throw c.error();
  return { kind: "row", items, start, end: c.previousEnd };
}

/** TIMESTAMPADD(unit, n, d), GET_FORMAT(DATE, 'USA'): the first argument is a keyword. */
function parseWithUnit(c: Cursor, start: number): Expr {
  const name = c.sql.slice(start, c.previousEnd).toLowerCase();
  c.expect("(");
  const special = c.lexer.text;
  if (c.lexer.kind !== "word") throw c.error();
  c.next();
  c.expect(",");
  const args = parseExprs(c);
  c.expect(")");
  return call(c, start, name, { args, special });
}

function parseWeightString(c: Cursor, start: number): Expr {
  c.expect("(");
  const args = [parseExpr(c)];
  const special = c.accept("as") ? c.expectOne("char", "binary") : undefined;
  if (special !== undefined) args.push(c.parens((c) => c.literal()));
  if (c.accept("level")) {
    while (!c.at(")") && !c.atEnd()) c.next();
  }
  c.expect(")");
  return call(c, start, "weight_string", { args, special });
}

/** CHAR(77, 121 USING utf8mb4). */
function parseChar(c: Cursor, start: number): Expr {
  c.expect("(");
  const args = parseExprs(c);
  const special = c.accept("using") ? parseCharsetName(c).text.toLowerCase() : undefined;
  c.expect(")");
  return call(c, start, "char", { args, special });
}

/** JSON_VALUE(doc, path RETURNING type ... ON EMPTY ... ON ERROR): the tail is passed over. */
function parseJsonValue(c: Cursor, start: number): Expr {
  c.expect("(");
  const args = parseExprs(c);
  const special = c.at("returning") || c.at("null") || c.at("error") || c.at("default")
    ? "returning"
    : undefined;
  if (special !== undefined) skipBalanced(c);
  c.expect(")");
  return call(c, start, "json_value", { args, special });
}

/** Passes over everything up to the parenthesis that closes what we are in. */
export function skipBalanced(c: Cursor): void {
  for (let depth = 0; !c.atEnd(); c.next()) {
    if (c.at("(")) depth++;
    else if (c.at(")") && depth-- === 0) return;
  }
}
