/** Clauses that several kinds of statements have: ORDER BY, WHERE, LIMIT, locks, INTO. */
import type { Clause, Expr, Into, Limit, LockClause, OrderBy, OrderItem } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { isLiteralKind } from "./lexer.ts";
import { parseExpr } from "./parse_expr.ts";
import { userVariable } from "./parse_reference.ts";

export function parseOrderBy(c: Cursor): OrderBy {
  const start = c.start;
  c.expectAll("order", "by");
  const items = parseOrderItems(c);
  return { items, start, end: c.previousEnd };
}

/** `a, b DESC`, behind ORDER BY or GROUP BY. */
export function parseOrderItems(c: Cursor): readonly OrderItem[] {
  return c.list(parseOrderItem);
}

function parseOrderItem(c: Cursor): OrderItem {
  const start = c.start;
  const expr = parseExpr(c);
  const descending = c.accept("desc");
  if (!descending) c.accept("asc");
  return { expr, descending, start, end: c.previousEnd };
}

export function parseClause(c: Cursor, keyword: string): Clause | undefined {
  if (!c.at(keyword)) return undefined;
  const start = c.start;
  c.next();
  const expr = parseExpr(c);
  return { expr, start, end: c.previousEnd };
}

/** At LIMIT, OFFSET or FETCH. */
export function parseLimit(c: Cursor): Limit {
  const start = c.start;
  if (!c.at("limit")) return parseFetch(c, start);
  c.next();
  let count: Expr | undefined = c.at("rows") ? undefined : parseLimitValue(c);
  let offset: Expr | undefined;
  if (count !== undefined) {
    if (c.accept(",")) {
      offset = count;
      count = parseLimitValue(c);
    } else if (c.accept("offset")) offset = parseLimitValue(c);
  }
  const rowsExamined = c.acceptAll("rows", "examined") ? parseLimitValue(c) : undefined;
  if (count === undefined && rowsExamined === undefined) throw c.error();
  return { count, offset, fetchFirst: undefined, rowsExamined, start, end: c.previousEnd };
}

/** A number, a parameter, or a variable of a stored routine. */
function parseLimitValue(c: Cursor): Expr {
  const { kind, start, end, slot } = c.lexer;
  if (kind === "param") return parseExpr(c);
  if (isLiteralKind(kind)) {
    if (kind !== "int" && kind !== "hex") throw c.error();
    if (c.sql.charCodeAt(start) === 0x2d) throw c.error();
    c.next();
    return { kind: "literal", type: kind, slot, start, end };
  }
  const name = c.name();
  return { kind: "column", schema: undefined, table: undefined, name, start, end: c.previousEnd };
}

/** OFFSET n ROWS FETCH {FIRST|NEXT} [n] {ROW|ROWS} {ONLY|WITH TIES} (MariaDB). */
function parseFetch(c: Cursor, start: number): Limit {
  let offset: Expr | undefined;
  if (c.accept("offset")) {
    offset = parseLimitValue(c);
    c.expectOne("row", "rows");
  }
  let count: Expr | undefined;
  let fetchFirst: Limit["fetchFirst"] = "none";
  if (c.accept("fetch")) {
    c.expectOne("first", "next");
    if (!c.at("row") && !c.at("rows")) count = parseLimitValue(c);
    c.expectOne("row", "rows");
    fetchFirst = c.accept("only") ? "only" : "with_ties";
    if (fetchFirst === "with_ties") c.expectAll("with", "ties");
  }
  return { count, offset, fetchFirst, rowsExamined: undefined, start, end: c.previousEnd };
}

export function parseLocks(c: Cursor): readonly LockClause[] {
  const locks: LockClause[] = [];
  while (c.at("for") || c.at("lock")) locks.push(parseLock(c));
  return locks;
}

function parseLock(c: Cursor): LockClause {
  const start = c.start;
  let strength: LockClause["strength"] = "share";
  let of: LockClause["of"] = [];
  if (c.accept("lock")) c.expectAll("in", "share", "mode");
  else {
    c.expect("for");
    strength = c.expectOne("update", "share");
    if (c.accept("of")) of = c.list((c) => c.tableName());
  }
  let wait: LockClause["wait"];
  if (c.accept("nowait")) wait = "nowait";
  else if (c.acceptAll("skip", "locked")) wait = "skip_locked";
  else if (c.accept("wait")) wait = parseLimitValue(c);
  return { strength, of, wait, start, end: c.previousEnd };
}

/** INTO OUTFILE 'f' ..., INTO DUMPFILE 'f', INTO @a, @b (or variables of a routine). */
export function parseInto(c: Cursor): Into {
  const start = c.start;
  c.expect("into");
  const file = c.acceptOne("outfile", "dumpfile");
  if (file === undefined) {
    c.list((c) => c.lexer.kind === "user_variable" ? userVariable(c) : c.name());
    return { target: "variables", start, end: c.previousEnd };
  }
  if (!c.atString()) throw c.error();
  c.next();
  if (file === "outfile") skipExportOptions(c);
  return { target: file, start, end: c.previousEnd };
}

const EXPORT_ENDS: ReadonlySet<string> = new Set(["from", "for", "lock", "union", ")", ";"]);

/** CHARACTER SET, FIELDS ..., LINES ...: passed over. */
function skipExportOptions(c: Cursor): void {
  while (!c.atEnd() && !c.atAny(EXPORT_ENDS)) c.next();
}
