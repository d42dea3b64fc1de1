/** SET in all its forms. */
import type { Expr, Name, UserVariable, VariableScope } from "./ast.ts";
import type { SetForStatement, SetItem, SetStatement, Statement } from "./ast_statement.ts";
import type { Cursor } from "./cursor.ts";
import { parseCharsetName } from "./parse_call.ts";
import { parseExpr } from "./parse_expr.ts";
import { parseSystemVariable, userVariable } from "./parse_reference.ts";

/** At SET. `parseInner` parses the statement behind SET STATEMENT ... FOR. */
export function parseSet(
  c: Cursor,
  parseInner: (c: Cursor) => Statement,
): SetStatement | SetForStatement {
  const start = c.start;
  c.expect("set");
  if (c.at("statement") && c.peek() !== "=" && c.peek() !== ":=") {
    c.next();
    const items = c.list(parseItem);
    c.expect("for");
    const statement = c.nested(parseInner);
    return { kind: "set_for", items, statement, start, end: c.previousEnd };
  }
  const items = c.list(parseItem);
  return { kind: "set", items, start, end: c.previousEnd };
}

function parseItem(c: Cursor): SetItem {
  const start = c.start;
  if (c.lexer.kind === "user_variable") return parseUserItem(c, start, userVariable(c));
  if (c.at("@@")) {
    const { name, scope } = parseSystemVariable(c);
    return parseValueOf(c, start, { name, scope, marked: true });
  }
  const special = isAssignment(c) ? undefined : parseSpecial(c, start);
  if (special !== undefined) return special;
  const scope = parseScope(c);
  if (c.at("transaction") && !isAssignment(c)) {
    if (scope === "persist" || scope === "persist_only") throw c.error();
    return parseTransaction(c, start, scope);
  }
  let name = c.anyName().text;
  while (c.accept(".")) name += `.${c.anyName().text}`;
  return parseValueOf(c, start, { name: name.toLowerCase(), scope, marked: false });
}

/** `x = ...`: whatever the word is, it is a variable here. */
function isAssignment(c: Cursor): boolean {
  const next = c.peek();
  return next === "=" || next === ":=" || next === ".";
}

function parseUserItem(c: Cursor, start: number, target: UserVariable): SetItem {
  if (!c.accept(":=")) c.expect("=");
  const value = parseExpr(c);
  return { kind: "user", target, value, start, end: c.previousEnd };
}

function parseScope(c: Cursor): VariableScope | undefined {
  if (isAssignment(c)) return undefined;
  const word = c.acceptOne("session", "local", "global", "persist", "persist_only");
  return word === "local" ? "session" : word;
}

interface Variable {
  readonly name: string;
  readonly scope: VariableScope | undefined;
  readonly marked: boolean;
}

function parseValueOf(c: Cursor, start: number, variable: Variable): SetItem {
  if (!c.accept(":=")) c.expect("=");
  const value = parseSetValue(c);
  return { kind: "system", ...variable, value, start, end: c.previousEnd };
}

/** ON, ALL, BINARY, ROW and SYSTEM are reserved words, but values here; DEFAULT is none. */
const WORD_VALUES: ReadonlySet<string> = new Set(["on", "all", "binary", "row", "system"]);

function parseSetValue(c: Cursor): Expr | undefined {
  if (c.at("default") && c.peek() !== "(") {
    c.next();
    return undefined;
  }
  const next = c.atAny(WORD_VALUES) ? c.peek() : "(";
  if (next !== "" && next !== ",") return parseExpr(c);
  const start = c.start;
  const name = c.anyName();
  return { kind: "column", schema: undefined, table: undefined, name, start, end: c.previousEnd };
}

function parseSpecial(c: Cursor, start: number): SetItem | undefined {
  switch (c.lexer.text) {
    case "names":
      return parseNames(c, start);
    case "charset":
      c.next();
      return parseCharset(c, start);
    case "character":
    case "char":
      c.next();
      c.expect("set");
      return parseCharset(c, start);
    case "password":
    case "role":
      return passOver(c, start, c.lexer.text);
    case "default":
      return c.peek() === "role" ? passOver(c, start, "default role") : undefined;
    case "resource":
      return c.peek() === "group" ? passOver(c, start, "resource group") : undefined;
    default:
      return undefined;
  }
}

function parseNames(c: Cursor, start: number): SetItem {
  c.next();
  if (c.accept("default")) {
    return {
      kind: "names",
      charset: undefined,
      collation: undefined,
      start,
      end: c.previousEnd,
    };
  }
  const charset = parseCharsetName(c);
  const collation = c.accept("collate") ? parseCollation(c) : undefined;
  return { kind: "names", charset, collation, start, end: c.previousEnd };
}

function parseCollation(c: Cursor): Name | undefined {
  if (c.accept("default")) return undefined;
  return parseCharsetName(c);
}

function parseCharset(c: Cursor, start: number): SetItem {
  const charset = c.accept("default") ? undefined : parseCharsetName(c);
  return { kind: "charset", charset, start, end: c.previousEnd };
}

/** Access control: the gate only needs to know what it is. */
function passOver(c: Cursor, start: number, what: string): SetItem {
  c.next();
  if (c.atEnd()) throw c.error();
  while (!c.atEnd()) c.next();
  return { kind: "other", what, start, end: c.previousEnd };
}

type Transaction = Extract<SetItem, { readonly kind: "transaction" }>;

function parseTransaction(
  c: Cursor,
  start: number,
  scope: Transaction["scope"],
): SetItem {
  c.next();
  let isolation: Transaction["isolation"];
  let access: Transaction["access"];
  do {
    if (c.at("isolation") && isolation === undefined) isolation = parseIsolation(c);
    else if (c.at("read") && access === undefined) access = parseAccess(c);
    else throw c.error();
  } while (c.accept(","));
  return { kind: "transaction", scope, isolation, access, start, end: c.previousEnd };
}

function parseIsolation(c: Cursor): Transaction["isolation"] {
  c.expectAll("isolation", "level");
  if (c.accept("serializable")) return "serializable";
  if (c.acceptAll("repeatable", "read")) return "repeatable read";
  c.expect("read");
  return `read ${c.expectOne("committed", "uncommitted")}`;
}

/** READ ONLY or READ WRITE. */
export function parseAccess(c: Cursor): "read only" | "read write" {
  c.expect("read");
  return `read ${c.expectOne("only", "write")}`;
}
