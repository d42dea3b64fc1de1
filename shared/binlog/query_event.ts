/**
 * QUERY_EVENT: a statement as text. With binlog_format = ROW these are transaction boundaries and
 * data definition; a change of rows as a statement can't be followed and is refused, never skipped.
 */
import { VtError, vtError } from "../error/errors.ts";
import { latin1Text } from "../mysql/binary_value.ts";
import { ByteReader } from "../mysql/byte_reader.ts";
import type { TableName } from "../sql/ast.ts";
import type { Ddl, Statement } from "../sql/ast_statement.ts";
import { DEFAULT_OPTIONS, type SqlOptions } from "../sql/options.ts";
import { parseSql } from "../sql/parser.ts";
import { isStringQuote, scanComment, scanQuotedName, scanString } from "../sql/scan.ts";
import { inflateRows } from "./rows_event.ts";

export interface QueryEvent {
  /** The session's default database; may be empty. */
  readonly database: string;
  /** UTF-8, whatever the session's charset: names of others than ASCII need a UTF-8 session. */
  readonly sql: string;
  readonly options: SqlOptions;
}

export type QueryMeaning =
  | { readonly kind: "begin" | "commit" | "rollback" | "rollback_to" | "nothing" }
  /** The rows up to XA PREPARE wait for XA COMMIT. */
  | { readonly kind: "xa_start" | "xa_end" }
  | { readonly kind: "xa_commit" | "xa_rollback"; readonly xid: string }
  | { readonly kind: "ddl"; readonly tables: readonly string[] };

const Q_FLAGS2_CODE = 0;
const Q_SQL_MODE_CODE = 1;

const MODE_PIPES_AS_CONCAT = 2n;
const MODE_ANSI_QUOTES = 4n;
const MODE_IGNORE_SPACE = 8n;
const MODE_NO_BACKSLASH_ESCAPES = 0x10_0000n;

export function decodeQuery(
  body: Uint8Array,
  options: { readonly compressed: boolean },
): QueryEvent {
  const reader = new ByteReader(body);
  reader.skip(8);
  const databaseBytes = reader.u8();
  reader.skip(2);
  const variables = reader.bytes(reader.u16());
  const utf8 = new TextDecoder();
  const database = utf8.decode(reader.bytes(databaseBytes));
  reader.skip(1);
  const text = reader.rest();
  return {
    database,
    sql: utf8.decode(options.compressed ? inflateRows(text) : text),
    options: sqlOptions(variables),
  };
}

/** FLAGS2 and SQL_MODE come first; the others don't matter here. */
function sqlOptions(variables: Uint8Array): SqlOptions {
  const reader = new ByteReader(variables);
  if (reader.peek() === Q_FLAGS2_CODE) reader.skip(5);
  if (reader.peek() !== Q_SQL_MODE_CODE) return DEFAULT_OPTIONS;
  reader.skip(1);
  const mode = reader.u64();
  return {
    ...DEFAULT_OPTIONS,
    pipesAsConcat: (mode & MODE_PIPES_AS_CONCAT) !== 0n,
    ansiQuotes: (mode & MODE_ANSI_QUOTES) !== 0n,
    ignoreSpace: (mode & MODE_IGNORE_SPACE) !== 0n,
    noBackslashEscapes: (mode & MODE_NO_BACKSLASH_ESCAPES) !== 0n,
  };
}

/** As the servers write them: hexadecimal, always with all three parts. */
const XA = /^XA (START|BEGIN|END|COMMIT|ROLLBACK) X'([0-9a-f]*)',X'([0-9a-f]*)',(\d+)/i;

/** How prepared transactions are told apart. */
export function xidKey(format: number | string, global: string, branch: string): string {
  return `${format}:${global}:${branch}`.toLowerCase();
}

const XA_KINDS: Readonly<Record<string, "xa_start" | "xa_end" | "xa_commit" | "xa_rollback">> = {
  START: "xa_start",
  BEGIN: "xa_start",
  END: "xa_end",
  COMMIT: "xa_commit",
  ROLLBACK: "xa_rollback",
};

/**
 * What a statement means for a stream of `database`. VT26002 when it changed rows of it as a
 * statement.
 */
export function meaningOf(query: QueryEvent, database: string): QueryMeaning {
  const { sql } = query;
  if (sql === "BEGIN") return { kind: "begin" };
  if (sql === "COMMIT") return { kind: "commit" };
  const xa = XA.exec(sql);
  if (xa !== null) {
    const kind = XA_KINDS[(xa[1] ?? "").toUpperCase()] ?? "xa_end";
    if (kind === "xa_start" || kind === "xa_end") return { kind };
    return { kind, xid: xidKey(xa[4] ?? "", xa[2] ?? "", xa[3] ?? "") };
  }
  const statement = tryParse(sql, query.options);
  if (statement === undefined) return unparsed(query, database);
  switch (statement.kind) {
    case "begin":
      return { kind: "begin" };
    case "commit":
    case "rollback":
    case "rollback_to":
      return { kind: statement.kind };
    case "ddl":
      return ddlMeaning(statement, query, database);
    case "insert":
    case "update":
    case "delete":
    case "load_data":
    case "call_procedure":
    case "query":
    case "do":
      refuseStatement(query, database);
      return { kind: "nothing" };
    default:
      return { kind: "nothing" };
  }
}

/** The parser reads byte strings. */
function tryParse(sql: string, options: SqlOptions): Statement | undefined {
  try {
    return parseSql(latin1Text(new TextEncoder().encode(sql)), options);
  } catch {
    // The server ran it, so it is no error; `unparsed` judges by its words.
    return undefined;
  }
}

/** Words that may change a table in a statement that our parser can't read. */
const DEFINES = /\b(?:create|alter|drop|rename|truncate)\b/i;
const CHANGES = /^\s*(?:insert|replace|update|delete|load|call|with|merge)\b/i;

function unparsed(query: QueryEvent, database: string): QueryMeaning {
  if (CHANGES.test(query.sql)) refuseStatement(query, database);
  else if (DEFINES.test(query.sql) && concerns(query, database)) return { kind: "ddl", tables: [] };
  return { kind: "nothing" };
}

function concerns({ database: selected, sql, options }: QueryEvent, database: string): boolean {
  if (selected === database) return true;
  // Most have it nowhere: what needs no search of names is fast, however long it is.
  return sql.includes(database) && mentions(sql, database, options);
}

/**
 * True when the name stands outside of texts and comments. A row of another database may hold our
 * name: what a tablet writes into its `_vt` does.
 */
function mentions(sql: string, name: string, options: SqlOptions): boolean {
  let from = 0;
  try {
    for (let at = 0; at < sql.length;) {
      const end = behindText(sql, at, options);
      if (end === at) at = behindName(sql, at, options);
      else {
        if (sql.slice(from, at).includes(name)) return true;
        from = at = end;
      }
    }
  } catch (error) {
    // Something that never ends for us did for the server: its names can't be told from texts.
    if (error instanceof VtError) return true;
    throw error;
  }
  return sql.slice(from).includes(name);
}

/** Behind the text or the comment that begins here; the place itself when none does. */
function behindText(sql: string, at: number, options: SqlOptions): number {
  const byte = sql.charCodeAt(at);
  return isStringQuote(byte, options) ? scanString(sql, at, options) : scanComment(sql, at);
}

/** Behind a quoted name, in which quotes are letters, or behind one character. */
function behindName(sql: string, at: number, options: SqlOptions): number {
  const char = sql.charAt(at);
  const quotes = char === "`" || (char === '"' && options.ansiQuotes);
  return quotes ? scanQuotedName(sql, at) : at + 1;
}

function refuseStatement(query: QueryEvent, database: string): void {
  if (!concerns(query, database)) return;
  throw vtError(
    "VT26002",
    "rows changed by a statement that is logged as text: a session has set binlog_format away " +
      "from ROW, or is older than its change; let sessions reconnect, then copy anew (cancel and create)",
  );
}

function ddlMeaning(ddl: Ddl, query: QueryEvent, database: string): QueryMeaning {
  if (ddl.temporary) return { kind: "nothing" };
  if (ddl.object === "database") {
    const dropped = ddl.action === "drop" && (ddl.database?.text ?? query.database) === database;
    return dropped ? { kind: "ddl", tables: [] } : { kind: "nothing" };
  }
  if (ddl.object !== "table" && ddl.object !== "index" && ddl.object !== "view") {
    return { kind: "nothing" };
  }
  const own = (name: TableName) => (name.qualifier?.text ?? query.database) === database;
  const tables = [...ddl.tables, ...renamedTo(ddl)].filter(own).map((name) => name.name.text);
  return tables.length === 0 ? { kind: "nothing" } : { kind: "ddl", tables };
}

/** ALTER TABLE a RENAME TO b, which names b among what it mentions. */
function renamedTo(ddl: Ddl): readonly TableName[] {
  return ddl.action === "alter" && ddl.object === "table" ? ddl.mentioned : [];
}
