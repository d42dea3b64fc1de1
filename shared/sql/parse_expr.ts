/**
 * Expressions by precedence climbing. Levels as in MySQL's grammar (sql_yacc.yy: expr, bool_pri,
 * predicate, bit_expr, simple_expr); the loops keep long chains of one operator off the stack.
 */
import type { Binary, BinaryOp, ComparisonOp, Expr, In, Subquery } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseInterval, parseSimple } from "./parse_simple.ts";
import { parseSubquery, startsQuery } from "./parse_query.ts";

/** Any expression. */
export function parseExpr(c: Cursor): Expr {
  return c.nested(parseLogical);
}

export function parseExprs(c: Cursor): readonly Expr[] {
  return c.list(parseExpr);
}

const LOGICAL: ReadonlyMap<string, readonly [BinaryOp, number]> = new Map([
  ["or", ["or", 1]],
  ["||", ["or", 1]],
  ["xor", ["xor", 2]],
  ["and", ["and", 3]],
  ["&&", ["and", 3]],
]);

function parseLogical(c: Cursor): Expr {
  return climbLogical(c, 1);
}

function climbLogical(c: Cursor, level: number): Expr {
  const start = c.start;
  let left = parseNot(c);
  for (;;) {
    const found = LOGICAL.get(c.lexer.text);
    if (found === undefined || found[1] < level) return left;
    if (c.at("||") && c.options.pipesAsConcat) return left;
    c.next();
    const right = climbLogical(c, found[1] + 1);
    left = binary(c, found[0], left, right, start);
  }
}

function binary(c: Cursor, op: BinaryOp, left: Expr, right: Expr, start: number): Binary {
  return { kind: "binary", op, left, right, start, end: c.previousEnd };
}

function parseNot(c: Cursor): Expr {
  if (!c.at("not") || c.options.highNotPrecedence) return parseComparison(c);
  const start = c.start;
  c.next();
  const operand = c.nested(parseNot);
  return { kind: "unary", op: "not", operand, start, end: c.previousEnd };
}

const COMPARISONS: ReadonlyMap<string, ComparisonOp> = new Map([
  ["=", "="],
  ["<=>", "<=>"],
  ["<>", "<>"],
  ["!=", "<>"],
  ["<", "<"],
  ["<=", "<="],
  [">", ">"],
  [">=", ">="],
]);

function parseComparison(c: Cursor): Expr {
  const start = c.start;
  let left = parsePredicate(c);
  for (;;) {
    if (c.at("is")) {
      left = parseIs(c, left, start);
      continue;
    }
    const op = COMPARISONS.get(c.lexer.text);
    if (op === undefined) return left;
    c.next();
    left = parseCompared(c, op, left, start);
  }
}

function parseCompared(c: Cursor, op: ComparisonOp, left: Expr, start: number): Expr {
  const word = c.lexer.text;
  const quantified = word === "any" || word === "some" || word === "all";
  if (!quantified || c.peek() !== "(") return binary(c, op, left, parsePredicate(c), start);
  c.next();
  const { query } = parseSubquery(c);
  const quantifier = word === "all" ? "all" : "any";
  return { kind: "quantified", op, quantifier, left, query, start, end: c.previousEnd };
}

function parseIs(c: Cursor, operand: Expr, start: number): Expr {
  c.next();
  const negated = c.accept("not");
  const word = c.expectOne("null", "true", "false", "unknown");
  const test = word === "unknown" ? "null" : word;
  return { kind: "is", negated, operand, test, start, end: c.previousEnd };
}

/** bit_expr with IN, BETWEEN, LIKE, REGEXP, SOUNDS LIKE, MEMBER OF. */
function parsePredicate(c: Cursor): Expr {
  const start = c.start;
  let left = parseBits(c, 1);
  for (;;) {
    const next = parsePredicateTail(c, left, start);
    if (next === undefined) return left;
    left = next;
  }
}

function parsePredicateTail(c: Cursor, left: Expr, start: number): Expr | undefined {
  switch (c.lexer.text) {
    case "in":
      return parseIn(c, left, start, false);
    case "between":
      return parseBetween(c, left, start, false);
    case "like":
    case "regexp":
    case "rlike":
      return parseLike(c, left, start, false);
    case "not":
      return parseNegated(c, left, start);
    case "sounds":
      if (!c.acceptAll("sounds", "like")) return undefined;
      return binary(c, "sounds like", left, parseBits(c, 1), start);
    case "member":
      return parseMember(c, left, start);
    default:
      return undefined;
  }
}

function parseNegated(c: Cursor, left: Expr, start: number): Expr {
  c.next();
  if (c.at("in")) return parseIn(c, left, start, true);
  if (c.at("between")) return parseBetween(c, left, start, true);
  if (c.at("like") || c.at("regexp") || c.at("rlike")) return parseLike(c, left, start, true);
  throw c.error();
}

function parseMember(c: Cursor, operand: Expr, start: number): Expr | undefined {
  const mark = c.lexer.mark();
  c.next();
  c.accept("of");
  if (!c.at("(")) {
    c.lexer.reset(mark);
    return undefined;
  }
  const array = c.parens(parseExpr);
  return { kind: "member_of", operand, array, start, end: c.previousEnd };
}

function parseBetween(c: Cursor, operand: Expr, start: number, negated: boolean): Expr {
  c.next();
  const low = parseBits(c, 1);
  c.expect("and");
  const high = c.nested(parsePredicate);
  return { kind: "between", negated, operand, low, high, start, end: c.previousEnd };
}

function parseLike(c: Cursor, operand: Expr, start: number, negated: boolean): Expr {
  const op = c.at("like") ? "like" : "regexp";
  c.next();
  const pattern = parseBits(c, 1);
  const escape = op === "like" && c.accept("escape") ? parseSimple(c) : undefined;
  return { kind: "like", op, negated, operand, pattern, escape, start, end: c.previousEnd };
}

function parseIn(c: Cursor, operand: Expr, start: number, negated: boolean): In {
  c.next();
  const open = c.start;
  c.expect("(");
  const list = parseInList(c, open);
  return { kind: "in", negated, operand, list, start, end: c.previousEnd };
}

/** Behind the opening parenthesis, up to and with the closing one. */
function parseInList(c: Cursor, open: number): In["list"] {
  const { kind, slot, start, end } = c.lexer;
  if (kind === "list") {
    c.next();
    c.expect(")");
    return { kind: "literal_list", slot, start, end };
  }
  if (startsQuery(c)) return closeSubquery(c, open);
  const items = parseExprs(c);
  const listEnd = c.previousEnd;
  c.expect(")");
  const [only] = items;
  if (items.length === 1 && only?.kind === "subquery") return only;
  return { kind: "expr_list", items, start, end: listEnd };
}

function closeSubquery(c: Cursor, open: number): Subquery {
  return parseSubquery(c, open);
}

const BITS: ReadonlyMap<string, readonly [BinaryOp, number]> = new Map([
  ["|", ["|", 1]],
  ["&", ["&", 2]],
  ["<<", ["<<", 3]],
  [">>", [">>", 3]],
  ["+", ["+", 4]],
  ["-", ["-", 4]],
  ["*", ["*", 5]],
  ["/", ["/", 5]],
  ["%", ["mod", 5]],
  ["div", ["div", 5]],
  ["mod", ["mod", 5]],
  ["^", ["^", 6]],
  ["||", ["||", 7]],
]);

/** Bitwise and arithmetic operators of at least this level. */
export function parseBits(c: Cursor, level: number): Expr {
  const start = c.start;
  return climbBits(c, parseSimple(c), start, level);
}

/** The same when the first operand is already there. */
export function climbBits(c: Cursor, first: Expr, start: number, level: number): Expr {
  let left = first;
  for (;;) {
    const found = BITS.get(c.lexer.text);
    if (found === undefined || found[1] < level) return left;
    if (found[0] === "||" && !c.options.pipesAsConcat) return left;
    c.next();
    const interval = found[1] === 4 && c.at("interval") ? parseInterval(c) : undefined;
    const right = interval ?? parseBits(c, found[1] + 1);
    left = binary(c, found[0], left, right, start);
  }
}
