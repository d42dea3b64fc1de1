/** Operands: literals, names, variables, parentheses, CASE, CAST and the prefix operators. */
import type {
  Assignment,
  Case,
  CaseWhen,
  Expr,
  Interval,
  Literal,
  TemporalLiteral,
  Unary,
  UnaryOp,
} from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import {
  BARE_FUNCTIONS,
  CHARSETS,
  INTERVAL_UNITS,
  RESERVED,
  RESERVED_FUNCTIONS,
} from "./keywords.ts";
import { isLiteralKind } from "./lexer.ts";
import { parseCall, parseSpecialCall } from "./parse_call.ts";
import { climbBits, parseExpr, parseExprs } from "./parse_expr.ts";
import { parseColumn, parseSystemVariable, userVariable } from "./parse_reference.ts";
import {
  continueQuery,
  continuesQuery,
  parenOfSubquery,
  parseSubquery,
  startsQuery,
} from "./parse_query.ts";

/** simple_expr with its prefixes and postfixes. */
export function parseSimple(c: Cursor): Expr {
  const start = c.start;
  let expr = parsePrefixed(c);
  for (;;) {
    if (c.at("collate")) {
      c.next();
      const collation = c.at("binary") ? c.anyName() : c.nameOrString();
      expr = { kind: "collate", operand: expr, collation, start, end: c.previousEnd };
    } else if (c.at("->") || c.at("->>")) {
      const op = c.at("->") ? "->" : "->>";
      c.next();
      const right = isLiteralKind(c.lexer.kind) ? c.literal() : parsePrefixed(c);
      expr = { kind: "binary", op, left: expr, right, start, end: c.previousEnd };
    } else return expr;
  }
}

const PREFIXES: ReadonlyMap<string, UnaryOp> = new Map([
  ["-", "-"],
  ["+", "+"],
  ["~", "~"],
  ["!", "!"],
  ["binary", "binary"],
  ["prior", "prior"],
]);

function parsePrefixed(c: Cursor): Expr {
  const { kind, text } = c.lexer;
  if (kind === "op") {
    const op = PREFIXES.get(text);
    return op === undefined ? parseSymbol(c) : parseUnary(c, op);
  }
  if (kind === "word") return parseWord(c, text);
  if (isLiteralKind(kind)) return c.literal();
  switch (kind) {
    case "param":
      return parseParam(c);
    case "quoted_name":
      return parseNamed(c);
    case "user_variable":
      return parseUserVariable(c);
    default:
      throw c.error();
  }
}

function parseUnary(c: Cursor, op: UnaryOp): Unary {
  const start = c.start;
  c.next();
  const operand = c.nested(parseSimple);
  return { kind: "unary", op, operand, start, end: c.previousEnd };
}

function parseParam(c: Cursor): Expr {
  const { start, end, slot } = c.lexer;
  c.next();
  const found = c.slots[slot];
  const index = found?.kind === "value" ? found.param : -1;
  return { kind: "param", slot, index, start, end };
}

function parseSymbol(c: Cursor): Expr {
  switch (c.lexer.text) {
    case "(":
      return parseParens(c);
    case "@@":
      return parseSystemVariable(c);
    case "{":
      return parseOdbc(c);
    case "\\N":
      c.next();
      return { kind: "null", start: c.previousEnd - 2, end: c.previousEnd };
    case ".":
      return parseNamed(c);
    default:
      throw c.error();
  }
}

/** `(expr)`, `(a, b)`, `(select ...)`. */
function parseParens(c: Cursor): Expr {
  const open = c.start;
  c.next();
  if (c.lexer.kind === "list") return parseLoneList(c);
  if (startsQuery(c)) return parseSubquery(c, open);
  const first = parseExpr(c);
  if (first.kind === "subquery" && first.end === c.previousEnd && continuesQuery(c)) {
    const query = continueQuery(c, parenOfSubquery(first));
    c.expect(")");
    return { kind: "subquery", query, start: open, end: c.previousEnd };
  }
  if (!c.at(",")) {
    c.expect(")");
    return first;
  }
  c.next();
  const items = [first, ...parseExprs(c)];
  c.expect(")");
  return { kind: "row", items, start: open, end: c.previousEnd };
}

/** POSITION(x IN ('a')): the normaliser took it for a list of one. */
function parseLoneList(c: Cursor): Literal {
  const { slot, start, end } = c.lexer;
  const list = c.slots[slot];
  if (list?.kind !== "list" || list.items.length !== 1 || list.type === "param") throw c.error();
  c.next();
  c.expect(")");
  return { kind: "literal", type: list.type, slot, start, end };
}

function parseUserVariable(c: Cursor): Expr {
  const target = userVariable(c);
  if (!c.at(":=")) return target;
  c.next();
  const value = parseExpr(c);
  const assign: Assignment = {
    kind: "assign",
    target,
    value,
    start: target.start,
    end: c.previousEnd,
  };
  return assign;
}

function parseOdbc(c: Cursor): Expr {
  const start = c.start;
  c.next();
  const name = c.anyName().text.toLowerCase();
  const operand = parseExpr(c);
  c.expect("}");
  return { kind: "odbc", name, operand, start, end: c.previousEnd };
}

function parseWord(c: Cursor, word: string): Expr {
  const start = c.start;
  switch (word) {
    case "null":
      c.next();
      return { kind: "null", start, end: c.previousEnd };
    case "true":
    case "false":
      c.next();
      return { kind: "bool", value: word === "true", start, end: c.previousEnd };
    case "case":
      return parseCase(c);
    case "not":
      c.next();
      return {
        kind: "unary",
        op: "not",
        operand: c.nested(parseSimple),
        start,
        end: c.previousEnd,
      };
    case "binary":
      return c.peek() === "," ? parseNamed(c) : parseUnary(c, "binary");
    case "exists":
      c.next();
      return { kind: "exists", query: parseSubquery(c).query, start, end: c.previousEnd };
    case "default":
      return parseDefault(c);
    case "interval":
      return parseLeadingInterval(c);
    case "date":
    case "time":
    case "timestamp":
      return parseTemporal(c, word);
    default:
      return parseIntroduced(c, word) ?? parseSpecialCall(c, word) ?? parseNamed(c);
  }
}

function parseTemporal(c: Cursor, type: TemporalLiteral["type"]): Expr {
  const mark = c.lexer.mark();
  c.next();
  if (!c.atString()) {
    c.lexer.reset(mark);
    return parseNamed(c);
  }
  const literal = c.literal();
  return { kind: "temporal", type, literal, start: mark.start, end: c.previousEnd };
}

/** `_latin1'x'`, `N'x'`; undefined when the word is neither. */
function parseIntroduced(c: Cursor, word: string): Expr | undefined {
  const national = word === "n" && c.sql.charCodeAt(c.lexer.end) === 0x27;
  const named = word.startsWith("_") && CHARSETS.has(word.slice(1));
  if (!national && !named) return undefined;
  const mark = c.lexer.mark();
  c.next();
  const { kind } = c.lexer;
  if (kind !== "string" && kind !== "hex" && kind !== "bit") {
    c.lexer.reset(mark);
    return undefined;
  }
  const charset = national ? "utf8mb3" : word.slice(1);
  return {
    kind: "introduced",
    charset,
    literal: c.literal(),
    start: mark.start,
    end: c.previousEnd,
  };
}

function parseCase(c: Cursor): Case {
  const start = c.start;
  c.next();
  const operand = c.at("when") ? undefined : parseExpr(c);
  const whens: CaseWhen[] = [];
  while (c.at("when")) {
    const whenStart = c.start;
    c.next();
    const when = parseExpr(c);
    c.expect("then");
    const then = parseExpr(c);
    whens.push({ when, then, start: whenStart, end: c.previousEnd });
  }
  if (whens.length === 0) throw c.error();
  const otherwise = c.accept("else") ? parseExpr(c) : undefined;
  c.expect("end");
  return { kind: "case", operand, whens, otherwise, start, end: c.previousEnd };
}

function parseDefault(c: Cursor): Expr {
  const start = c.start;
  c.next();
  const column = c.at("(") ? c.parens(parseColumn) : undefined;
  return { kind: "default", ignore: false, column, start, end: c.previousEnd };
}

/** `INTERVAL 1 DAY` at its keyword; undefined (and nothing taken) when it is the function. */
export function parseInterval(c: Cursor): Interval | undefined {
  const mark = c.lexer.mark();
  const value = parseIntervalValue(c);
  if (value === undefined) {
    c.lexer.reset(mark);
    return undefined;
  }
  const unit = c.lexer.text;
  c.next();
  return { kind: "interval", value, unit, start: mark.start, end: c.previousEnd };
}

/**
 * Behind INTERVAL: the value, if a unit follows. `INTERVAL(1, 2)` is a function whose arguments
 * look like a row; it has no unit. Rows are skipped by parentheses, so nothing is parsed twice.
 */
function parseIntervalValue(c: Cursor): Expr | undefined {
  c.next();
  if (c.at("(") && isArgumentList(c)) return undefined;
  const value = parseExpr(c);
  if (!c.atAny(INTERVAL_UNITS)) throw c.error();
  return value;
}

/** At a parenthesis: it holds a comma of its own. */
function isArgumentList(c: Cursor): boolean {
  const mark = c.lexer.mark();
  let depth = 0;
  let comma = false;
  while (!c.atEnd() && !comma) {
    if (c.at("(")) depth++;
    else if (c.at(")") && --depth === 0) break;
    else if (c.at(",") && depth === 1) comma = true;
    c.next();
  }
  c.lexer.reset(mark);
  return comma;
}

/** `INTERVAL 1 DAY + d`, or the function INTERVAL(n, a, b). */
function parseLeadingInterval(c: Cursor): Expr {
  const start = c.start;
  const interval = parseInterval(c);
  if (interval === undefined) return parseNamed(c);
  if (!c.at("+")) throw c.error();
  return climbBits(c, interval, start, 4);
}

/** A column or a call. */
function parseNamed(c: Cursor): Expr {
  const { kind, start, text } = c.lexer;
  if (kind === "op") return parseColumn(c);
  const reserved = kind === "word" && RESERVED.has(text);
  if (c.peek() === "(") {
    if (reserved && !RESERVED_FUNCTIONS.has(text)) throw c.error();
    return parseCall(c, start, undefined, c.anyName());
  }
  if (reserved) {
    if (BARE_FUNCTIONS.has(text)) return bareCall(c, text);
    throw c.error();
  }
  const column = parseColumn(c);
  if (!c.at("(") || column.schema !== undefined) return column;
  return parseCall(c, start, column.table, column.name);
}

function bareCall(c: Cursor, name: string): Expr {
  const start = c.start;
  c.next();
  return {
    kind: "call",
    name,
    schema: undefined,
    args: [],
    distinct: false,
    star: false,
    special: undefined,
    orderBy: [],
    separator: undefined,
    limit: undefined,
    over: undefined,
    start,
    end: c.previousEnd,
  };
}
