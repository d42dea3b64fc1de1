/** Queries: set operations, VALUES, TABLE, WITH, parentheses; parse_select.ts has SELECT itself. */
import type {
  Cte,
  Expr,
  ParenQuery,
  Query,
  QueryTail,
  Row,
  SetOperation,
  Subquery,
  WithClause,
} from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { isLiteralKind } from "./lexer.ts";
import { parseInto, parseLimit, parseLocks, parseOrderBy } from "./parse_clauses.ts";
import { parseExpr } from "./parse_expr.ts";
import { parseSelect } from "./parse_select.ts";

export type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** No clause yet: parsers of queries begin with this. */
export const NO_TAIL: QueryTail = {
  with: undefined,
  orderBy: undefined,
  limit: undefined,
  locks: [],
  into: undefined,
};

/** A query begins here: behind an opening parenthesis it makes that one of a subquery. */
export function startsQuery(c: Cursor): boolean {
  const word = c.lexer.text;
  if (word === "select" || word === "with" || word === "table") return true;
  return word === "values" && c.peek() === "row";
}

/** A whole query expression. */
export function parseQuery(c: Cursor): Query {
  return c.nested(parseQueryHere);
}

function parseQueryHere(c: Cursor): Query {
  const start = c.start;
  const withClause = c.at("with") ? parseWith(c) : undefined;
  return continueWith(c, start, withClause);
}

/** Behind WITH, which began at `start`. */
export function continueWith(
  c: Cursor,
  start: number,
  withClause: WithClause | undefined,
): Query {
  const bodyStart = c.start;
  const body = climbSets(c, parseOperand(c), bodyStart, 1);
  return finish(c, body, start, withClause);
}

/** At the clauses behind the body of a query. */
function finish(
  c: Cursor,
  body: Query,
  start: number,
  withClause: WithClause | undefined,
): Query {
  const query = body as Mutable<Query>;
  query.with = withClause;
  query.start = start;
  parseTail(c, query);
  query.end = c.previousEnd;
  return query;
}

function parseTail(c: Cursor, query: Mutable<QueryTail>): void {
  if (c.at("order")) query.orderBy = parseOrderBy(c);
  if (c.at("limit") || c.at("offset") || c.at("fetch")) query.limit = parseLimit(c);
  if (c.at("into")) query.into = parseInto(c);
  if (c.at("for") || c.at("lock")) query.locks = parseLocks(c);
  if (c.at("into") && query.into === undefined) query.into = parseInto(c);
}

const SETS: ReadonlyMap<string, readonly [SetOperation["op"], number]> = new Map([
  ["union", ["union", 1]],
  ["except", ["except", 1]],
  ["minus", ["except", 1]],
  ["intersect", ["intersect", 2]],
]);

function climbSets(c: Cursor, first: Query, start: number, level: number): Query {
  let left = first;
  for (;;) {
    const found = SETS.get(c.lexer.text);
    if (found === undefined || found[1] < level) return left;
    c.next();
    const all = c.accept("all");
    if (!all) c.accept("distinct");
    const rightStart = c.start;
    const right = climbSets(c, parseOperand(c), rightStart, found[1] + 1);
    left = {
      ...NO_TAIL,
      kind: "set_operation",
      op: found[0],
      all,
      left,
      right,
      start,
      end: c.previousEnd,
    };
  }
}

function parseOperand(c: Cursor): Query {
  const start = c.start;
  switch (c.lexer.text) {
    case "select":
      return parseSelect(c);
    case "(":
      return parseParenQuery(c);
    case "values":
      return parseValues(c);
    case "table":
      c.next();
      return { ...NO_TAIL, kind: "table", table: c.tableName(), start, end: c.previousEnd };
    default:
      throw c.error();
  }
}

function parseParenQuery(c: Cursor): ParenQuery {
  const start = c.start;
  const query = c.parens(parseQuery);
  return { ...NO_TAIL, kind: "paren_query", query, start, end: c.previousEnd };
}

function parseValues(c: Cursor): Query {
  const start = c.start;
  c.next();
  const rows = c.list(parseValuesRow);
  return { ...NO_TAIL, kind: "values", rows, start, end: c.previousEnd };
}

function parseValuesRow(c: Cursor): Row {
  const start = c.start;
  c.accept("row");
  const items = c.parens((c) => c.at(")") ? [] : c.list(parseValue));
  return { kind: "row", items, start, end: c.previousEnd };
}

/** An expression where DEFAULT and IGNORE are values too. */
export function parseValue(c: Cursor): Expr {
  if (isLoneLiteral(c)) return c.literal();
  if (c.at("ignore")) {
    const start = c.start;
    c.next();
    return { kind: "default", ignore: true, column: undefined, start, end: c.previousEnd };
  }
  return parseExpr(c);
}

/** A fast lane: values of long INSERTs are literals with a comma or parenthesis right behind. */
function isLoneLiteral(c: Cursor): boolean {
  if (!isLiteralKind(c.lexer.kind)) return false;
  const byte = c.sql.charCodeAt(c.lexer.end);
  return byte === 0x2c || byte === 0x29;
}

// Subqueries.

/**
 * `(query)`. `open`: the parenthesis is taken already, and was there. The caller knows that only
 * a query can come; nested parentheses belong to it.
 */
export function parseSubquery(c: Cursor, open?: number): Subquery {
  const start = open ?? c.start;
  if (open === undefined) c.expect("(");
  const query = parseQuery(c);
  c.expect(")");
  return { kind: "subquery", query, start, end: c.previousEnd };
}

/** What looked like an expression or table in parentheses goes on as a query. */
export function continuesQuery(c: Cursor): boolean {
  const word = c.lexer.text;
  return SETS.has(word) || word === "order" || word === "limit" || word === "offset";
}

export function parenOfSubquery(subquery: Subquery): ParenQuery {
  const { query, start, end } = subquery;
  return { ...NO_TAIL, kind: "paren_query", query, start, end };
}

/** `((select 1) union (select 2))`, behind its first operand. */
export function continueQuery(c: Cursor, first: ParenQuery): Query {
  return finish(c, climbSets(c, first, first.start, 1), first.start, undefined);
}

// WITH.

export function parseWith(c: Cursor): WithClause {
  const start = c.start;
  c.expect("with");
  const recursive = c.accept("recursive");
  const ctes = c.list(parseCte);
  return { recursive, ctes, start, end: c.previousEnd };
}

function parseCte(c: Cursor): Cte {
  const start = c.start;
  const name = c.name();
  const columns = c.optionalNames();
  c.expect("as");
  const { query } = parseSubquery(c);
  // CYCLE a, b RESTRICT (MariaDB).
  if (c.accept("cycle")) {
    c.list((c) => c.name());
    c.expect("restrict");
  }
  return { name, columns, query, start, end: c.previousEnd };
}
