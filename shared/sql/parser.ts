/**
 * Statements. A hand-written recursive descent, one file a family (parse_*.ts); this one tells
 * them apart by their first words. What it makes is described in ast.ts and ast_statement.ts.
 */
import type { Statement } from "./ast_statement.ts";
import { Cursor } from "./cursor.ts";
import { Lexer } from "./lexer.ts";
import { normalize } from "./normalize.ts";
import type { SqlOptions } from "./options.ts";
import type { Normalized } from "./slots.ts";
import { parseStatementAt } from "./parse_statement.ts";

/**
 * Parses the statement that `normalized` was made from (with the same options). Throws
 * ER_PARSE_ERROR in MySQL's words, and ER_TOO_HIGH_LEVEL_OF_NESTING_FOR_SELECT.
 */
export function parseStatement(
  sql: string,
  normalized: Normalized,
  options: SqlOptions,
): Statement {
  const { slots, start, end } = normalized;
  const cursor = new Cursor(new Lexer(sql, options, slots, start, end), slots);
  const statement = parseStatementAt(cursor);
  if (!cursor.atEnd()) throw cursor.error();
  return statement;
}

/** Both steps for callers that don't need the key. */
export function parseSql(sql: string, options: SqlOptions): Statement {
  return parseStatement(sql, normalize(sql, options), options);
}
