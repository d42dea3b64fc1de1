/** What a session's sql_mode changes in how its statements are read. */
import { vtError } from "../../shared/error/errors.ts";
import { DEFAULT_OPTIONS, type SqlOptions } from "../../shared/sql/options.ts";
import { parseLiteral } from "../../shared/value/value.ts";
import type { SessionState } from "./state.ts";

/** Modes that stand for several (manual, "Combination SQL Modes"). */
const ANSI = ["PIPES_AS_CONCAT", "ANSI_QUOTES", "IGNORE_SPACE"];

/** MariaDB's dialects change far more than the lexer knows. */
const REFUSED: ReadonlySet<string> = new Set([
  "DB2",
  "MAXDB",
  "MSSQL",
  "ORACLE",
  "POSTGRESQL",
]);

/**
 * sql_mode of a client that logs in with CLIENT_IGNORE_SPACE, as mysqld makes it: the server's own
 * and one mode more, until the client sets another.
 */
export const IGNORING_SPACE = "concat(@@sql_mode,',IGNORE_SPACE')";

/** The modes in a value of sql_mode, in upper case. VT24004 for one that can't be read. */
export function modesOf(valueSql: string): ReadonlySet<string> {
  if (valueSql === IGNORING_SPACE) return new Set(["IGNORE_SPACE"]);
  const value = parseLiteral(valueSql);
  if (value.type === "integer" && value.text !== "0") {
    throw vtError("VT24004", `number ${value.text} as`);
  }
  if (value.type !== "text") return new Set();
  const modes = value.text.toUpperCase().split(",").map((mode) => mode.trim());
  const refused = modes.find((mode) => REFUSED.has(mode));
  if (refused !== undefined) throw vtError("VT24004", refused);
  return new Set(modes.flatMap((mode) => mode === "ANSI" ? ANSI : mode === "" ? [] : [mode]));
}

const LATIN1_COLLATIONS: ReadonlySet<number> = new Set([8, 47, 48, 49]);

/** How the lexer and parser read this session's statements. */
export function sqlOptionsOf(state: SessionState): SqlOptions {
  const sqlMode = state.settings.get("sql_mode");
  const charset = LATIN1_COLLATIONS.has(state.collation) ? "latin1" : "utf8";
  if (sqlMode === undefined && charset === "utf8") return DEFAULT_OPTIONS;
  const modes = sqlMode === undefined ? new Set<string>() : modesOf(sqlMode);
  return {
    ...DEFAULT_OPTIONS,
    ansiQuotes: modes.has("ANSI_QUOTES"),
    noBackslashEscapes: modes.has("NO_BACKSLASH_ESCAPES"),
    pipesAsConcat: modes.has("PIPES_AS_CONCAT"),
    ignoreSpace: modes.has("IGNORE_SPACE"),
    highNotPrecedence: modes.has("HIGH_NOT_PRECEDENCE"),
    charset,
  };
}
