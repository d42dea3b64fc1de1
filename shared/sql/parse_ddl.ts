/**
 * Data definition: what is done to what, and every table and database that the text names. The
 * body is passed over; only its table names and its query are taken out.
 */
import type { Name, Query, TableName } from "./ast.ts";
import type { Ddl, DdlAction, DdlObject, Statement } from "./ast_statement.ts";
import type { Cursor } from "./cursor.ts";
import { parseQuery } from "./parse_query.ts";

type Parts = Omit<Ddl, "kind" | "start" | "end">;
type Found = Partial<Parts> & { readonly action: DdlAction; readonly object: DdlObject };

function ddl(c: Cursor, start: number, found: Found): Ddl {
  return {
    kind: "ddl",
    temporary: false,
    ifExists: false,
    ifNotExists: false,
    orReplace: false,
    tables: [],
    mentioned: [],
    database: undefined,
    name: undefined,
    query: undefined,
    ...found,
    start,
    end: c.previousEnd,
  };
}

const ACCESS_OBJECTS: ReadonlySet<string> = new Set(["user", "role"]);

/** At CREATE, ALTER or DROP. */
export function parseDefinition(c: Cursor): Statement {
  const start = c.start;
  const action = c.expectOne("create", "alter", "drop");
  const orReplace = action === "create" && c.acceptAll("or", "replace");
  const prefix = skipPrefix(c);
  const word = c.lexer.text;
  if (ACCESS_OBJECTS.has(word)) {
    const what = `${action} ${word}`;
    c.next();
    if (c.atEnd()) throw c.error();
    skipRest(c);
    return { kind: "access_control", what, start, end: c.previousEnd };
  }
  const object = parseObject(c);
  const found = parseObjectTail(c, action, object);
  return ddl(c, start, { ...found, orReplace, temporary: prefix.temporary });
}

interface Prefix {
  readonly temporary: boolean;
}

/** TEMPORARY, UNIQUE, ONLINE, ALGORITHM = x, DEFINER = u@h, SQL SECURITY x, AGGREGATE. */
function skipPrefix(c: Cursor): Prefix {
  let temporary = false;
  for (;;) {
    if (c.accept("temporary")) temporary = true;
    else if (c.at("algorithm") || c.at("definer")) skipSetting(c);
    else if (c.acceptAll("sql", "security")) c.expectOne("definer", "invoker");
    else if (!acceptModifier(c)) return { temporary };
  }
}

function acceptModifier(c: Cursor): boolean {
  const word = c.acceptOne("unique", "fulltext", "spatial", "online", "offline", "ignore");
  if (word !== undefined) return true;
  return c.accept("aggregate") || (c.peek() === "tablespace" && c.accept("undo"));
}

/** `ALGORITHM = MERGE`, `DEFINER = 'a'@'b'`, `DEFINER = CURRENT_USER()`. */
function skipSetting(c: Cursor): void {
  c.next();
  c.expect("=");
  c.next();
  if (c.at("(")) c.parens(() => undefined);
  if (c.isKind("user_variable")) c.next();
  else if (c.accept("@")) c.next();
}

const OBJECTS: ReadonlyMap<string, DdlObject> = new Map<string, DdlObject>([
  ["table", "table"],
  ["tables", "table"],
  ["index", "index"],
  ["view", "view"],
  ["database", "database"],
  ["schema", "database"],
  ["trigger", "trigger"],
  ["procedure", "procedure"],
  ["function", "function"],
  ["package", "package"],
  ["event", "event"],
  ["sequence", "sequence"],
  ["server", "server"],
  ["tablespace", "tablespace"],
  ["instance", "instance"],
  ["vschema", "vschema"],
  ["vitess_migration", "vitess_migration"],
]);

function parseObject(c: Cursor): DdlObject {
  if (c.acceptAll("logfile", "group")) return "logfile group";
  if (c.acceptAll("resource", "group")) return "resource group";
  if (c.acceptAll("reference", "system")) return "spatial reference system";
  const object = OBJECTS.get(c.lexer.text);
  if (object === undefined) throw c.error();
  c.next();
  if (object === "package") c.accept("body");
  return object;
}

function parseObjectTail(c: Cursor, action: DdlAction, object: DdlObject): Found {
  const ifNotExists = action === "create" && c.acceptAll("if", "not", "exists");
  const ifExists = !ifNotExists && c.acceptAll("if", "exists");
  const head = { action, object, ifNotExists, ifExists };
  switch (object) {
    case "table":
    case "view":
    case "sequence":
      return parseTableTail(c, head);
    case "index":
      return parseIndexTail(c, head);
    case "database":
      return parseDatabaseTail(c, head);
    case "trigger":
      return parseTriggerTail(c, head);
    case "procedure":
    case "function":
    case "package":
    case "event":
      return parseRoutineTail(c, head);
    default:
      if (c.atEnd()) throw c.error();
      skipRest(c);
      return head;
  }
}

function parseTableTail(c: Cursor, head: Found): Found {
  if (head.action === "drop") {
    const tables = c.list((c) => c.tableName());
    c.acceptOne("cascade", "restrict");
    return { ...head, tables };
  }
  const table = c.tableName();
  if (head.object === "view") return parseViewTail(c, head, table);
  const mentioned: TableName[] = [];
  const query = scanBody(c, head, mentioned);
  skipRest(c);
  return { ...head, tables: [table], mentioned, query };
}

/** Behind the view's name: `(a, b) AS query WITH CHECK OPTION`. */
function parseViewTail(c: Cursor, head: Found, view: TableName): Found {
  c.optionalNames();
  c.expect("as");
  const query = parseQuery(c);
  skipRest(c);
  return { ...head, tables: [view], query };
}

/** Columns, options, ALTER clauses, up to the end, a closing parenthesis, or behind the query. */
function scanBody(c: Cursor, head: Found, mentioned: TableName[]): Query | undefined {
  const mayHoldQuery = head.action === "create" && head.object !== "sequence";
  while (!c.atEnd()) {
    if (c.at(";") || c.at(")")) throw c.error();
    if (mayHoldQuery) {
      const query = parseBodyQuery(c);
      if (query !== undefined) return query;
    }
    if (c.at("(")) c.parens((c) => c.nested((c) => scanGroup(c, head, mentioned)));
    else mentioned.push(...parseMention(c, head));
  }
  return undefined;
}

function scanGroup(c: Cursor, head: Found, mentioned: TableName[]): void {
  while (!c.at(")")) {
    if (c.atEnd() || c.at(";")) throw c.error();
    if (c.at("(")) c.parens((c) => c.nested((c) => scanGroup(c, head, mentioned)));
    else mentioned.push(...parseMention(c, head));
  }
}

/** `AS select ...`, `select ...`, `(select ...)`; undefined, and nothing taken, at all else. */
function parseBodyQuery(c: Cursor): Query | undefined {
  if (c.at("select")) return parseQuery(c);
  const mark = c.lexer.mark();
  c.accept("as");
  while (c.accept("(")) { /* Columns or a query: the first word behind tells. */ }
  const isQuery = c.lexer.start !== mark.start && QUERY_STARTS.has(c.lexer.text);
  c.lexer.reset(mark);
  if (!isQuery) return undefined;
  c.accept("as");
  return parseQuery(c);
}

const QUERY_STARTS: ReadonlySet<string> = new Set(["select", "with", "values", "table"]);

/** Takes a token, or a few that name other tables. */
function parseMention(c: Cursor, head: Found): readonly TableName[] {
  const word = c.lexer.text;
  if (word === "exchange" && c.acceptAll("exchange", "partition")) {
    c.name();
    c.expectAll("with", "table");
    return [c.tableName()];
  }
  c.next();
  switch (word) {
    case "references":
      return [c.tableName()];
    case "like":
      return head.action === "create" && head.object === "table" ? [c.tableName()] : [];
    case "rename":
      return parseRenameClause(c, head);
    case "union":
      c.accept("=");
      return c.at("(") ? c.parens((c) => c.at(")") ? [] : c.list((c) => c.tableName())) : [];
    default:
      return [];
  }
}

/** ALTER TABLE a RENAME [TO|AS] b; RENAME COLUMN, INDEX and KEY name no table. */
function parseRenameClause(c: Cursor, head: Found): readonly TableName[] {
  if (head.action !== "alter" || head.object !== "table") return [];
  if (c.at("column") || c.at("index") || c.at("key")) return [];
  if (!c.accept("to") && !c.accept("as")) c.accept("=");
  return [c.tableName()];
}

/** CREATE INDEX i ON t (...), DROP INDEX i ON t. */
function parseIndexTail(c: Cursor, head: Found): Found {
  const name = c.at("primary") ? c.tableOf(c.start, undefined, c.anyName()) : c.tableName();
  if (c.accept("using")) c.name();
  c.expect("on");
  const table = c.tableName();
  if (head.action === "create" && !c.at("(")) throw c.error();
  skipRest(c);
  return { ...head, name, tables: [table] };
}

function parseDatabaseTail(c: Cursor, head: Found): Found {
  const options = head.action === "alter" && !c.atName();
  const database: Name | undefined = options ? undefined : c.name();
  if (head.action === "alter" && c.atEnd()) throw c.error();
  skipRest(c);
  return { ...head, database };
}

/** CREATE TRIGGER n {BEFORE|AFTER} event ON t FOR EACH ROW body. */
function parseTriggerTail(c: Cursor, head: Found): Found {
  const name = c.tableName();
  if (head.action === "drop") return { ...head, name };
  c.expectOne("before", "after");
  c.expectOne("insert", "update", "delete");
  c.expect("on");
  const table = c.tableName();
  c.expectAll("for", "each", "row");
  skipBodyText(c);
  return { ...head, name, tables: [table] };
}

function parseRoutineTail(c: Cursor, head: Found): Found {
  const name = c.tableName();
  if (head.action !== "drop") skipBodyText(c);
  return { ...head, name };
}

/** A routine's body has semicolons: it goes to the end of the text. */
function skipBodyText(c: Cursor): void {
  if (c.atEnd()) throw c.error();
  while (!c.atEnd()) c.next();
}

function skipRest(c: Cursor): void {
  while (!c.atEnd()) {
    if (c.at(";")) throw c.error();
    c.next();
  }
}

/** At TRUNCATE [TABLE] t. */
export function parseTruncate(c: Cursor): Ddl {
  const start = c.start;
  c.next();
  c.accept("table");
  const tables = [c.tableName()];
  skipRest(c);
  return ddl(c, start, { action: "truncate", object: "table", tables });
}

/** At RENAME TABLE a TO b, c TO d; RENAME USER is access control. */
export function parseRename(c: Cursor): Statement {
  const start = c.start;
  c.next();
  if (c.accept("user")) {
    skipRest(c);
    return { kind: "access_control", what: "rename user", start, end: c.previousEnd };
  }
  c.expectOne("table", "tables");
  const ifExists = c.acceptAll("if", "exists");
  const tables = c.list(parseRenamePair).flat();
  return ddl(c, start, { action: "rename", object: "table", ifExists, tables });
}

function parseRenamePair(c: Cursor): readonly TableName[] {
  const from = c.tableName();
  if (!c.accept("nowait") && c.accept("wait")) c.literal();
  c.expect("to");
  return [from, c.tableName()];
}
