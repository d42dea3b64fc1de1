import { vtError } from "../../shared/error/errors.ts";

/** What ApplySchema takes: definitions of tables and views and what belongs to them. */
const SCHEMA_CHANGE =
  /^(?:CREATE\s+(?:OR\s+REPLACE\s+)?(?:TABLE|VIEW|INDEX|(?:UNIQUE|FULLTEXT|SPATIAL)\s+INDEX|SQL\s|ALGORITHM|DEFINER)|ALTER\s+(?:ONLINE\s+)?(?:TABLE|VIEW|ALGORITHM|DEFINER|SQL\s)|DROP\s+(?:TABLE|VIEW|INDEX)|RENAME\s+TABLE|TRUNCATE\b)/i;

/**
 * VT22001 for statements that change no table or view. The server judges the rest: this only
 * keeps rows and server settings out of reach.
 */
export function checkSchemaChange(statement: string): void {
  if (SCHEMA_CHANGE.test(skipComments(statement))) return;
  const start = statement.trim().slice(0, 60);
  throw vtError("VT22001", `not a change of a table or view: ${JSON.stringify(start)}`);
}

/** The statement from its first word on; "/*!" holds code and is no comment. */
function skipComments(statement: string): string {
  return statement.replace(
    /^(?:\s+|--[ \t][^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|\/\*(?![!M])[^]*?\*\/)+/,
    "",
  );
}
