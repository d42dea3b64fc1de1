/**
 * SHOW: what is asked for as words, and the table, database, pattern and condition that come with
 * it. `what` is checked against the words that MySQL, MariaDB and the gate know.
 */
import type { Name, TableName } from "./ast.ts";
import type { Show } from "./ast_statement.ts";
import type { Cursor } from "./cursor.ts";
import { isLiteralKind } from "./lexer.ts";
import { parseClause, parseLimit } from "./parse_clauses.ts";
import { parseExpr } from "./parse_expr.ts";

type Shape =
  /** [FROM db] */
  | "database"
  /** FROM t [FROM db] */
  | "table"
  /** A name that must follow: SHOW CREATE TABLE t. */
  | "name"
  /** The same, behind an optional IF NOT EXISTS. */
  | "database_name"
  /** An account follows, or nothing. */
  | "account"
  /** [IN 'log'] [FROM pos] [LIMIT ...] and other tails that are passed over. */
  | "rest"
  | "nothing";

const KINDS: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ...kinds("database", "tables", "table status", "triggers", "events", "open tables", "sequences"),
  ...kinds("table", "columns", "fields", "index", "indexes", "keys"),
  ...kinds("name", "create table", "create view", "create procedure", "create function"),
  ...kinds("name", "create trigger", "create event", "create sequence", "create package"),
  ...kinds("name", "create package body", "create server", "procedure code", "function code"),
  ...kinds("name", "package body code"),
  ...kinds("database_name", "create database", "create schema"),
  ...kinds("account", "grants", "create user"),
  ...kinds("rest", "binlog events", "relaylog events", "engine", "profile", "explain"),
  ...kinds("rest", "replica status", "slave status", "all slaves status", "all replicas status"),
  ...kinds("rest", "binlog status", "binary log status", "master status", "analyze", "parse_tree"),
  ...kinds("nothing", "databases", "schemas", "variables", "status", "warnings", "errors"),
  ...kinds("nothing", "engines", "storage engines", "plugins", "plugins soname", "privileges"),
  ...kinds("nothing", "processlist", "profiles", "collation", "character set", "charset"),
  ...kinds("nothing", "procedure status", "function status", "package status", "locales"),
  ...kinds("nothing", "package body status", "master logs", "binary logs", "slave hosts"),
  ...kinds("nothing", "replicas", "replica hosts", "authors", "contributors", "count warnings"),
  ...kinds(
    "nothing",
    "count errors",
    "client_statistics",
    "user_statistics",
    "query_response_time",
  ),
  ...kinds("nothing", "index_statistics", "table_statistics", "user_variables", "keyspaces"),
  ...kinds("nothing", "vitess_shards", "vitess_tablets", "vitess_replication_status"),
  ...kinds("nothing", "vitess_target", "vitess_metadata variables", "vschema tables"),
  ...kinds("nothing", "vschema keyspaces", "global gtid_executed", "transaction_status"),
  ...kinds("rest", "vschema vindexes", "vitess_migrations", "vitess_migration", "gtid_executed"),
  ...kinds("rest", "vitess_throttler status", "vitess_throttled_apps", "unresolved transactions"),
]);

function kinds(shape: Shape, ...names: readonly string[]): (readonly [string, Shape])[] {
  return names.map((name) => [name, shape] as const);
}

interface Modifiers {
  readonly full: boolean;
  readonly extended: boolean;
  readonly scope: Show["scope"];
}

/** At SHOW. */
export function parseShow(c: Cursor): Show {
  const start = c.start;
  c.next();
  const modifiers = parseModifiers(c);
  const what = parseWhat(c);
  const tail = parseTail(c, KINDS.get(what) ?? "nothing", what);
  return { kind: "show", what, ...modifiers, ...tail, start, end: c.previousEnd };
}

function parseModifiers(c: Cursor): Modifiers {
  const extended = c.accept("extended");
  const full = c.accept("full");
  const scope = c.acceptOne("session", "local", "global");
  return { full, extended, scope: scope === "local" ? "session" : scope };
}

const WORDS_MAX = 3;

/** As many words as make a kind that we know. */
function parseWhat(c: Cursor): string {
  if (c.at("count") && c.peek() === "(") {
    c.next();
    c.parens((c) => c.expect("*"));
    return `count ${c.expectOne("warnings", "errors")}`;
  }
  if (c.at("slave") || c.at("replica")) return parseReplica(c);
  const mark = c.lexer.mark();
  let found = "";
  let words = "";
  let end = mark;
  for (let count = 0; count < WORDS_MAX && c.isKind("word"); count++) {
    words = words === "" ? c.lexer.text : `${words} ${c.lexer.text}`;
    c.next();
    if (!KINDS.has(words)) continue;
    found = words;
    end = c.lexer.mark();
  }
  if (found === "") {
    c.lexer.reset(mark);
    throw c.error();
  }
  c.lexer.reset(end);
  return found;
}

/** SHOW SLAVE ['connection'] STATUS, SHOW REPLICA STATUS, SHOW SLAVE HOSTS. */
function parseReplica(c: Cursor): string {
  const word = c.expectOne("slave", "replica");
  if (c.atString()) {
    c.next();
    c.expect("status");
    return `${word} status`;
  }
  return `${word} ${c.expectOne("status", "hosts")}`;
}

type Tail = Pick<Show, "table" | "database" | "like" | "where" | "limit">;
const NO_TAIL: Tail = {
  table: undefined,
  database: undefined,
  like: undefined,
  where: undefined,
  limit: undefined,
};

function parseTail(c: Cursor, shape: Shape, what: string): Tail {
  switch (shape) {
    case "name":
      return { ...NO_TAIL, table: c.tableName() };
    case "database_name":
      c.acceptAll("if", "not", "exists");
      return { ...NO_TAIL, database: c.name() };
    case "account":
    case "rest":
      return parseRest(c, what);
    case "table":
      return parseFilter(c, parseTableFrom(c));
    case "database":
      return parseFilter(c, { database: parseFromName(c) });
    case "nothing":
      return parseFilter(c, {});
  }
}

function parseTableFrom(c: Cursor): Partial<Tail> {
  c.expectOne("from", "in");
  const table: TableName = c.tableName();
  return { table, database: parseFromName(c) };
}

function parseFromName(c: Cursor): Name | undefined {
  return c.acceptOne("from", "in") === undefined ? undefined : c.name();
}

function parseFilter(c: Cursor, found: Partial<Tail>): Tail {
  const like = c.accept("like") ? parseExpr(c) : undefined;
  const where = like === undefined ? parseClause(c, "where") : undefined;
  const limit = c.at("limit") ? parseLimit(c) : undefined;
  return { ...NO_TAIL, ...found, like, where, limit };
}

/** `show vschema vindexes [on|from] t`, and tails that only mysqld reads. */
function parseRest(c: Cursor, what: string): Tail {
  if (what === "vschema vindexes") {
    const table = c.acceptOne("on", "from", "in") === undefined ? undefined : c.tableName();
    return parseFilter(c, { table });
  }
  if (what === "vitess_migrations") return parseFilter(c, { database: parseFromName(c) });
  if (what === "engine") c.name();
  let database: Name | undefined;
  while (!c.atEnd() && !c.at("like") && !c.at("where") && !c.at("limit")) {
    if (c.at(";")) throw c.error();
    if (c.accept("from") && c.atName() && !isLiteralKind(c.lexer.kind)) database = c.name();
    else if (!c.atEnd()) c.next();
  }
  return parseFilter(c, { database });
}
