/** PREPARE, KILL, CALL, EXPLAIN, table maintenance, FLUSH, LOAD DATA and what is passed through. */
import type { Expr } from "./ast.ts";
import type {
  AccessControl,
  CallStatement,
  Deallocate,
  DescribeTable,
  Do,
  Execute,
  ExecuteImmediate,
  Explain,
  Flush,
  Kill,
  LoadData,
  OtherStatement,
  Prepare,
  Statement,
  TableMaintenance,
  VExplain,
} from "./ast_statement.ts";
import type { Cursor } from "./cursor.ts";
import { isLiteralKind } from "./lexer.ts";
import { parseExpr, parseExprs } from "./parse_expr.ts";

type ParseStatement = (c: Cursor) => Statement;

/** At PREPARE name FROM 'text'. */
export function parsePrepare(c: Cursor): Prepare {
  const start = c.start;
  c.next();
  const name = c.name();
  c.expect("from");
  const from = parseExpr(c);
  return { kind: "prepare", name, from, start, end: c.previousEnd };
}

/** At EXECUTE. */
export function parseExecute(c: Cursor): Execute | ExecuteImmediate {
  const start = c.start;
  c.next();
  const next = c.at("immediate") ? c.peek() : "";
  if (c.at("immediate") && next !== "using" && !endsAfterWord(c)) {
    c.next();
    const from = parseExpr(c);
    const using = parseUsing(c);
    return { kind: "execute_immediate", from, using, start, end: c.previousEnd };
  }
  const name = c.name();
  const using = parseUsing(c);
  return { kind: "execute", name, using, start, end: c.previousEnd };
}

function endsAfterWord(c: Cursor): boolean {
  return c.lexer.end >= c.statementEnd;
}

function parseUsing(c: Cursor): readonly Expr[] {
  return c.accept("using") ? parseExprs(c) : [];
}

/** At DEALLOCATE or DROP PREPARE. */
export function parseDeallocate(c: Cursor): Deallocate {
  const start = c.start;
  c.expectOne("deallocate", "drop");
  c.expect("prepare");
  return { kind: "deallocate", name: c.name(), start, end: c.previousEnd };
}

/** At KILL [HARD|SOFT] [CONNECTION|QUERY [ID]] id. */
export function parseKill(c: Cursor): Kill {
  const start = c.start;
  c.next();
  c.acceptOne("hard", "soft");
  const what = c.acceptOne("connection", "query") ?? "connection";
  c.accept("id");
  const id = parseExpr(c);
  return { kind: "kill", what, id, start, end: c.previousEnd };
}

/** At CALL. */
export function parseCallStatement(c: Cursor): CallStatement {
  const start = c.start;
  c.next();
  const { qualifier, name } = c.tableName();
  const args = c.at("(") ? c.parens((c) => c.at(")") ? [] : parseExprs(c)) : [];
  return { kind: "call_procedure", schema: qualifier, name, args, start, end: c.previousEnd };
}

/** At DO. */
export function parseDo(c: Cursor): Do {
  const start = c.start;
  c.next();
  const exprs = c.list((c) => {
    const expr = parseExpr(c);
    if (c.accept("as")) c.nameOrString();
    return expr;
  });
  return { kind: "do", exprs, start, end: c.previousEnd };
}

const EXPLAINABLE: ReadonlySet<string> = new Set([
  ...["select", "insert", "replace", "update", "delete", "with", "table", "values", "(", "for"],
]);

/** At EXPLAIN, DESCRIBE or DESC. */
export function parseExplain(c: Cursor, parseInner: ParseStatement): Explain | DescribeTable {
  const start = c.start;
  c.next();
  const options = parseExplainOptions(c);
  if (options === undefined && !c.atAny(EXPLAINABLE)) return parseDescribe(c, start);
  return explained(c, start, options ?? NO_OPTIONS, parseInner);
}

interface ExplainOptions {
  readonly analyze: boolean;
  readonly format: string | undefined;
}
const NO_OPTIONS: ExplainOptions = { analyze: false, format: undefined };

/** EXTENDED, PARTITIONS, ANALYZE, FORMAT = x; undefined: none of them. */
function parseExplainOptions(c: Cursor): ExplainOptions | undefined {
  let analyze = false;
  let format: string | undefined;
  let found = false;
  for (;;) {
    if (c.at("analyze")) {
      c.next();
      analyze = true;
    } else if (c.at("format") && c.peek() === "=") format = parseFormat(c);
    else if ((c.at("extended") || c.at("partitions")) && EXPLAINABLE.has(c.peek())) c.next();
    else return found ? { analyze, format } : undefined;
    found = true;
  }
}

function parseFormat(c: Cursor): string {
  c.next();
  c.expect("=");
  return c.nameOrString().text.toLowerCase();
}

function explained(
  c: Cursor,
  start: number,
  options: ExplainOptions,
  parseInner: ParseStatement,
): Explain {
  if (c.at("for") && c.peek() === "connection") {
    c.next();
    c.next();
    parseExpr(c);
    return { kind: "explain", ...options, statement: undefined, start, end: c.previousEnd };
  }
  if (c.at("for")) {
    // EXPLAIN FOR DATABASE d statement.
    c.next();
    c.expectOne("database", "schema");
    c.name();
  }
  if (!c.atAny(EXPLAINABLE)) throw c.error();
  const statement = c.nested(parseInner);
  return { kind: "explain", ...options, statement, start, end: c.previousEnd };
}

function parseDescribe(c: Cursor, start: number): DescribeTable {
  const table = c.tableName();
  const column = c.atEnd() ? undefined : c.nameOrString();
  return { kind: "describe_table", table, column, start, end: c.previousEnd };
}

/** At VEXPLAIN [PLAN|QUERIES|ALL|TRACE|KEYS] statement. */
export function parseVExplain(c: Cursor, parseInner: ParseStatement): VExplain {
  const start = c.start;
  c.next();
  const what = c.acceptOne("plan", "queries", "all", "trace", "keys") ?? "plan";
  const statement = c.nested(parseInner);
  return { kind: "vexplain", what, statement, start, end: c.previousEnd };
}

/** At ANALYZE, OPTIMIZE, CHECK, REPAIR or CHECKSUM; ANALYZE may explain (MariaDB). */
export function parseMaintenance(
  c: Cursor,
  parseInner: ParseStatement,
): TableMaintenance | Explain | OtherStatement {
  const start = c.start;
  const action = c.expectOne("analyze", "optimize", "check", "repair", "checksum");
  // ANALYZE TABLE t is maintenance, EXPLAIN TABLE t is about a query.
  const explains = action === "analyze" && !c.at("table") && c.atAny(EXPLAINABLE);
  if (explains || (action === "analyze" && c.at("format"))) {
    const format = c.at("format") ? parseFormat(c) : undefined;
    return explained(c, start, { analyze: true, format }, parseInner);
  }
  c.acceptOne("no_write_to_binlog", "local");
  if (c.accept("view")) {
    c.list((c) => c.tableName());
    passOver(c);
    return { kind: "other", what: `${action} view`, start, end: c.previousEnd };
  }
  c.expectOne("table", "tables");
  const tables = c.list((c) => c.tableName());
  passOver(c);
  return { kind: "table_maintenance", action, tables, start, end: c.previousEnd };
}

/** At FLUSH. */
export function parseFlush(c: Cursor): Flush {
  const start = c.start;
  c.next();
  c.acceptOne("no_write_to_binlog", "local");
  if (c.atEnd()) throw c.error();
  if (c.at("tables") || c.at("table")) return parseFlushTables(c, start);
  const from = c.start;
  passOver(c);
  const what = c.sql.slice(from, c.previousEnd).toLowerCase();
  return { kind: "flush", what, tables: [], start, end: c.previousEnd };
}

function parseFlushTables(c: Cursor, start: number): Flush {
  c.next();
  const tables = c.atName() ? c.list((c) => c.tableName()) : [];
  let what = "tables";
  if (c.acceptAll("with", "read", "lock")) what = "tables with read lock";
  else if (c.acceptAll("for", "export")) what = "tables for export";
  else c.acceptAll("with", "read", "lock", "and", "disable", "checkpoint");
  return { kind: "flush", what, tables, start, end: c.previousEnd };
}

/** At LOAD DATA or LOAD XML; the rest is passed over. */
export function parseLoad(c: Cursor): LoadData | OtherStatement {
  const start = c.start;
  c.next();
  if (!c.at("data") && !c.at("xml")) {
    if (!c.at("index")) throw c.error();
    passOver(c);
    return { kind: "other", what: "load index", start, end: c.previousEnd };
  }
  c.next();
  c.acceptOne("low_priority", "concurrent");
  const local = c.accept("local");
  c.expect("infile");
  if (!isLiteralKind(c.lexer.kind)) throw c.error();
  c.next();
  c.acceptOne("replace", "ignore");
  c.expectAll("into", "table");
  const table = c.tableName();
  passOver(c);
  return { kind: "load_data", local, table, start, end: c.previousEnd };
}

/** At GRANT or REVOKE. */
export function parseGrant(c: Cursor): AccessControl {
  const start = c.start;
  const what = c.expectOne("grant", "revoke");
  if (c.atEnd()) throw c.error();
  passOver(c);
  return { kind: "access_control", what, start, end: c.previousEnd };
}

/** A statement known by its first word: everything else belongs to whoever runs it. */
export function parseOther(c: Cursor): OtherStatement {
  const start = c.start;
  const what = c.lexer.text;
  c.next();
  if (c.atEnd() && !ALONE.has(what)) throw c.error();
  passOver(c);
  return { kind: "other", what, start, end: c.previousEnd };
}

/** Complete with one word. */
const ALONE: ReadonlySet<string> = new Set(["shutdown", "restart", "signal", "resignal"]);

/** `begin not atomic ... end` (MariaDB): semicolons inside. */
export function parseCompound(c: Cursor): OtherStatement {
  const start = c.start;
  while (!c.atEnd()) c.next();
  return { kind: "other", what: "begin not atomic", start, end: c.previousEnd };
}

function passOver(c: Cursor): void {
  while (!c.atEnd()) {
    if (c.at(";")) throw c.error();
    c.next();
  }
}
