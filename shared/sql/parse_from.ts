/** Table references and joins. */
import type {
  DerivedTable,
  IndexHint,
  Join,
  Name,
  NamedTable,
  ParenTables,
  Query,
  TableFunction,
  TableRef,
} from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { TABLE_ALIAS_STOP } from "./keywords.ts";
import { skipBalanced } from "./parse_call.ts";
import { parseExpr } from "./parse_expr.ts";
import { continueQuery, continuesQuery, NO_TAIL, parseQuery, startsQuery } from "./parse_query.ts";

/** Behind FROM, UPDATE and the like: `a, b join c`. */
export function parseFrom(c: Cursor): readonly TableRef[] {
  return c.list(parseTableRef);
}

/** A table with all its joins. */
export function parseTableRef(c: Cursor): TableRef {
  return c.nested((c) => parseJoins(c, parseFactor(c)));
}

interface JoinWords {
  readonly type: Join["type"];
  readonly natural: boolean;
  /** LEFT and RIGHT joins need one. */
  readonly condition: "must" | "may" | "none";
}

function parseJoins(c: Cursor, first: TableRef): TableRef {
  let left = first;
  for (;;) {
    const words = parseJoinWords(c);
    if (words === undefined) return left;
    left = parseJoin(c, left, words);
  }
}

function parseJoinWords(c: Cursor): JoinWords | undefined {
  switch (c.lexer.text) {
    case "join":
      c.next();
      return { type: "inner", natural: false, condition: "may" };
    case "inner":
    case "cross":
      c.next();
      c.expect("join");
      return { type: "inner", natural: false, condition: "may" };
    case "straight_join":
      c.next();
      return { type: "straight", natural: false, condition: "may" };
    case "left":
    case "right": {
      const type = c.expectOne("left", "right");
      c.accept("outer");
      c.expect("join");
      return { type, natural: false, condition: "must" };
    }
    case "natural":
      return parseNatural(c);
    default:
      return undefined;
  }
}

function parseNatural(c: Cursor): JoinWords {
  c.next();
  const side = c.acceptOne("left", "right");
  if (side !== undefined) c.accept("outer");
  else c.accept("inner");
  c.expect("join");
  return { type: side ?? "inner", natural: true, condition: "none" };
}

function parseJoin(c: Cursor, left: TableRef, words: JoinWords): TableRef {
  const right = parseFactor(c);
  if (words.condition === "none") return join(c, words, left, right, NO_CONDITION);
  const own = parseCondition(c);
  if (own !== undefined) return join(c, words, left, right, own);
  // `a join b join c on .. on ..`: the second ON is ours, if it comes.
  const rest = c.nested((c) => parseJoins(c, right));
  const late = rest === right ? undefined : parseCondition(c);
  if (late !== undefined) return join(c, words, left, rest, late);
  if (words.condition === "must") throw c.error();
  const { type, natural } = words;
  const bare = { kind: "join", type, natural, left, right, ...NO_CONDITION } as const;
  return graft(rest, right, { ...bare, start: left.start, end: right.end });
}

/** Joins without a condition are left associative: `bare` takes the place of the leftmost table. */
function graft(tree: TableRef, leftmost: TableRef, bare: Join): TableRef {
  if (tree === leftmost || tree.kind !== "join") return bare;
  return { ...tree, left: graft(tree.left, leftmost, bare), start: bare.start };
}

type Condition = Pick<Join, "on" | "using">;
const NO_CONDITION: Condition = { on: undefined, using: [] };

function parseCondition(c: Cursor): Condition | undefined {
  if (c.accept("on")) return { on: parseExpr(c), using: [] };
  if (!c.accept("using")) return undefined;
  return { on: undefined, using: c.parens((c) => c.list((c) => c.name())) };
}

function join(
  c: Cursor,
  words: JoinWords,
  left: TableRef,
  right: TableRef,
  { on, using }: Condition,
): Join {
  const { type, natural } = words;
  const start = left.start;
  return { kind: "join", type, natural, left, right, on, using, start, end: c.previousEnd };
}

function parseFactor(c: Cursor): TableRef {
  if (c.at("(")) return c.nested(parseParens);
  if (c.at("{")) return parseOdbcJoin(c);
  if (c.at("lateral") && c.peek() === "(") return parseLateral(c);
  const start = c.start;
  if (c.lexer.kind === "word" && c.peek() === "(" && c.at("json_table")) return parseFunction(c);
  const name = c.at("dual") ? c.tableOf(start, undefined, c.anyName()) : c.tableName();
  return parseNamedTable(c, start, name);
}

function parseNamedTable(c: Cursor, start: number, name: NamedTable["name"]): NamedTable {
  const partitions = c.accept("partition") ? c.optionalNames() : [];
  const systemTime = c.at("for") && c.peek() === "system_time" ? skipSystemTime(c) : undefined;
  const alias = parseTableAlias(c);
  const hints = parseHints(c);
  const end = c.previousEnd;
  return { kind: "named_table", name, alias, partitions, hints, systemTime, start, end };
}

/** FOR SYSTEM_TIME {AS OF x | FROM x TO y | BETWEEN x AND y | ALL}. */
function skipSystemTime(c: Cursor): NamedTable["systemTime"] {
  const start = c.start;
  c.expectAll("for", "system_time");
  if (c.acceptAll("as", "of")) parseSystemTimePoint(c);
  else if (c.accept("from")) {
    parseSystemTimePoint(c);
    c.expect("to");
    parseSystemTimePoint(c);
  } else if (c.accept("between")) parseExpr(c);
  else c.expect("all");
  return c.span(start);
}

function parseSystemTimePoint(c: Cursor): void {
  c.accept("transaction");
  parseExpr(c);
}

/** `AS x`, `x`; MariaDB takes no string here, MySQL neither. */
export function parseTableAlias(c: Cursor): Name | undefined {
  if (c.accept("as")) return c.name();
  return c.atName() && !c.atAny(TABLE_ALIAS_STOP) ? c.name() : undefined;
}

function parseHints(c: Cursor): readonly IndexHint[] {
  const hints: IndexHint[] = [];
  for (;;) {
    const hint = parseHint(c);
    if (hint === undefined) return hints;
    hints.push(hint);
  }
}

function parseHint(c: Cursor): IndexHint | undefined {
  const start = c.start;
  const verb = c.at("use") || c.at("force") || c.at("ignore") ? c.lexer.text : undefined;
  if (verb === undefined) return undefined;
  c.next();
  if ((verb === "use" || verb === "ignore") && c.accept("vindex")) {
    const indexes = c.parens((c) => c.list((c) => c.name()));
    return { action: `${verb}_vindex`, scope: undefined, indexes, start, end: c.previousEnd };
  }
  c.expectOne("index", "key");
  const scope = c.accept("for") ? parseHintScope(c) : undefined;
  const indexes = c.parens((c) => c.at(")") ? [] : c.list(parseIndexName));
  const action = verb as IndexHint["action"];
  return { action, scope, indexes, start, end: c.previousEnd };
}

function parseHintScope(c: Cursor): IndexHint["scope"] {
  if (c.accept("join")) return "join";
  const scope = c.expectOne("order", "group");
  c.expect("by");
  return `${scope}_by`;
}

function parseIndexName(c: Cursor): Name {
  return c.at("primary") ? c.anyName() : c.name();
}

/** `(select ...) t`, `(a, b)`, `(a join b on ..)`, `((select ..) union (select ..)) t`. */
function parseParens(c: Cursor): TableRef {
  const start = c.start;
  c.expect("(");
  if (startsQuery(c) || c.at("values")) {
    const query = parseQuery(c);
    c.expect(")");
    return parseDerivedTail(c, start, query, false);
  }
  const tables = parseFrom(c);
  const lone = loneQuery(tables);
  if (lone !== undefined) {
    const paren = { ...NO_TAIL, kind: "paren_query", ...lone } as const;
    const query = continuesQuery(c) ? continueQuery(c, paren) : paren;
    c.expect(")");
    return parseDerivedTail(c, start, query, false);
  }
  c.expect(")");
  const paren: ParenTables = { kind: "paren_tables", tables, start, end: c.previousEnd };
  return paren;
}

/** The query of a derived table that got no alias: it was an operand, or parentheses twice. */
function loneQuery(
  tables: readonly TableRef[],
): { readonly query: Query; readonly start: number; readonly end: number } | undefined {
  const [only] = tables;
  if (tables.length !== 1 || only?.kind !== "derived_table" || only.alias !== undefined) {
    return undefined;
  }
  return { query: only.query, start: only.start, end: only.end };
}

function parseDerivedTail(
  c: Cursor,
  start: number,
  query: Query,
  lateral: boolean,
): DerivedTable {
  const alias = parseTableAlias(c);
  const columns = alias === undefined ? [] : c.optionalNames();
  return { kind: "derived_table", lateral, query, alias, columns, start, end: c.previousEnd };
}

function parseLateral(c: Cursor): DerivedTable {
  const start = c.start;
  c.next();
  return parseDerivedTail(c, start, c.parens(parseQuery), true);
}

/** JSON_TABLE(doc, path COLUMNS (...)) AS t. */
function parseFunction(c: Cursor): TableFunction {
  const start = c.start;
  const name = c.anyName().text.toLowerCase();
  c.expect("(");
  const args = c.list(parseExpr);
  skipBalanced(c);
  c.expect(")");
  const alias = parseTableAlias(c);
  return { kind: "table_function", name, args, alias, start, end: c.previousEnd };
}

/** `{oj a left join b on ..}`. */
function parseOdbcJoin(c: Cursor): TableRef {
  c.next();
  c.anyName();
  const table = parseTableRef(c);
  c.expect("}");
  return table;
}
