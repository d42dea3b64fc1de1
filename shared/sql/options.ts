/** What a session's settings change in how its statements read. */
export interface SqlOptions {
  /** sql_mode ANSI_QUOTES: "x" is an identifier. */
  readonly ansiQuotes: boolean;
  /** sql_mode NO_BACKSLASH_ESCAPES. */
  readonly noBackslashEscapes: boolean;
  /** sql_mode PIPES_AS_CONCAT: || concatenates. */
  readonly pipesAsConcat: boolean;
  /** sql_mode IGNORE_SPACE: blanks may stand between a built-in function and its parenthesis. */
  readonly ignoreSpace: boolean;
  /** sql_mode HIGH_NOT_PRECEDENCE: NOT binds as tightly as !. */
  readonly highNotPrecedence: boolean;
  /** Character set of the text, for names: they are decoded to real text. */
  readonly charset: "utf8" | "latin1";
  /** Comments of the form slash-star-!50001 up to this version are SQL. */
  readonly mysqlVersion: number;
  /** The same for MariaDB's slash-star-M!; 0: they are comments. */
  readonly mariadbVersion: number;
}

/** A session that has set nothing. */
export const DEFAULT_OPTIONS: SqlOptions = {
  ansiQuotes: false,
  noBackslashEscapes: false,
  pipesAsConcat: false,
  ignoreSpace: false,
  highNotPrecedence: false,
  charset: "utf8",
  mysqlVersion: 80040,
  mariadbVersion: 101199,
};
