/** The statements of a script for ApplySchema. */
import { vtError } from "../../shared/error/errors.ts";
import { decodeText, encodeText } from "../../shared/sql/names.ts";
import { normalize } from "../../shared/sql/normalize.ts";
import { DEFAULT_OPTIONS } from "../../shared/sql/options.ts";

/** Statements of one call. A migration of a large application has some hundreds. */
const STATEMENTS_MAX = 10_000;

/** First words of what changes a schema, and of what fills sequences and reference tables. */
const CHANGES: ReadonlySet<string> = new Set([
  ..."create alter drop rename truncate insert replace update delete with".split(" "),
]);

/**
 * Cuts a script at its semicolons, comments around statements left out. VT22001 for an empty
 * script and for statements that change nothing, ER_PARSE_ERROR for a text that never ends.
 */
export function splitSchemaScript(script: string): readonly string[] {
  const bytes = encodeText(script, "utf8");
  const statements: string[] = [];
  for (let from = 0; from >= 0;) {
    const { start, end, firstWord, next } = normalize(bytes, DEFAULT_OPTIONS, from);
    if (firstWord !== "") {
      const statement = decodeText(bytes.slice(start, end), "utf8");
      if (!CHANGES.has(firstWord)) {
        throw vtError(
          "VT22001",
          `"${
            printStatement(statement)
          }" changes no schema; ApplySchema takes DDL and INSERT, UPDATE, DELETE`,
        );
      }
      statements.push(statement);
    }
    if (statements.length > STATEMENTS_MAX) {
      throw vtError("VT22001", `more than ${STATEMENTS_MAX} statements; apply them in parts`);
    }
    from = next;
  }
  if (statements.length === 0) throw vtError("VT22001", "there is no statement in the SQL");
  return statements;
}

/** A statement in one short line, for progress and errors. */
export function printStatement(statement: string): string {
  const line = statement.replace(/\s+/g, " ").trim();
  return line.length > 100 ? `${line.slice(0, 97)}...` : line;
}
