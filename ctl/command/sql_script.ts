/** The statements of a script for ApplySchema. */
import { vtError } from "../../shared/error/errors.ts";
import { decodeText, encodeText } from "../../shared/sql/names.ts";
import { DEFAULT_OPTIONS } from "../../shared/sql/options.ts";
import { parseSql } from "../../shared/sql/parser.ts";
import { splitStatements } from "../../shared/sql/split.ts";

/** Statements of one call. A migration of a large application has some hundreds. */
const STATEMENTS_MAX = 10_000;

export interface SchemaStatement {
  readonly sql: string;
  /** INSERT, UPDATE, DELETE: changes rows, not tables. */
  readonly changesRows: boolean;
}

/** For statements whose text was made from table definitions. */
export function definition(sql: string): SchemaStatement {
  return { sql, changesRows: false };
}

/**
 * Cuts a script at its semicolons, comments around statements left out, and parses each part.
 * VT22001 for an empty script and for statements that change nothing, ER_PARSE_ERROR for what
 * can't be read.
 */
export function splitSchemaScript(script: string): readonly SchemaStatement[] {
  const bytes = encodeText(script, "utf8");
  const spans = splitStatements(bytes, DEFAULT_OPTIONS);
  if (spans.length === 0) throw vtError("VT22001", "there is no statement in the SQL");
  if (spans.length > STATEMENTS_MAX) {
    throw vtError("VT22001", `more than ${STATEMENTS_MAX} statements; apply them in parts`);
  }
  return spans.map(({ start, end }) => {
    const statement = bytes.slice(start, end);
    const sql = decodeText(statement, "utf8");
    return { sql, changesRows: changesRows(statement, sql) };
  });
}

/** Only what changes a schema, and what fills sequences and reference tables. */
function changesRows(bytes: string, text: string): boolean {
  const statement = parseSql(bytes, DEFAULT_OPTIONS);
  switch (statement.kind) {
    case "ddl":
      if (statement.object !== "vschema" && statement.object !== "vitess_migration") return false;
      throw vtError("VT12001", `"${printStatement(text)}" in ApplySchema; see ApplyVSchema`);
    case "insert":
    case "update":
    case "delete":
      return true;
    default:
      throw vtError(
        "VT22001",
        `"${
          printStatement(text)
        }" changes no schema; ApplySchema takes DDL and INSERT, UPDATE, DELETE`,
      );
  }
}

/** A statement in one short line, for progress and errors. */
export function printStatement(statement: string): string {
  const line = statement.replace(/\s+/g, " ").trim();
  return line.length > 100 ? `${line.slice(0, 97)}...` : line;
}
