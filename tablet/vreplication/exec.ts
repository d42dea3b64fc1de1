/** VReplicationExec: which statements on VReplication's tables it takes. */
import { vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import type { TableName } from "../../shared/sql/ast.ts";
import type { Statement } from "../../shared/sql/ast_statement.ts";
import { DEFAULT_OPTIONS } from "../../shared/sql/options.ts";
import { parseSql } from "../../shared/sql/parser.ts";
import type { QueryRows } from "../../shared/rpc/tablet_admin.ts";

export interface ExecRunners {
  readonly read: (sql: string) => Promise<QueryRows>;
  readonly write: (sql: string) => Promise<QueryRows>;
}

/** Tables whose rows may be changed. */
const WRITABLE: ReadonlySet<string> = new Set(["vreplication", "copy_state", "resharding_journal"]);

/** VT22001 for anything but SELECT, INSERT, UPDATE and DELETE on `_vt`. */
export async function runExec(sql: string, run: ExecRunners): Promise<QueryRows> {
  const statement = parse(sql);
  if (statement.kind === "query") return await run.read(sql);
  const table = writtenTable(statement);
  if (table === undefined || !WRITABLE.has(table)) {
    throw vtError(
      "VT22001",
      "VReplicationExec takes SELECT, and INSERT, UPDATE and DELETE on _vt.vreplication and " +
        `_vt.copy_state; not: ${sql.trim().slice(0, 80)}`,
    );
  }
  return await run.write(sql);
}

function parse(sql: string): Statement {
  try {
    // The parser reads byte strings.
    return parseSql(byteString(sql), DEFAULT_OPTIONS);
  } catch (error) {
    throw vtErrorFrom(error, "VT22001", error instanceof Error ? error.message : String(error));
  }
}

function byteString(text: string): string {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

/** The table of `_vt` that a statement changes; undefined when it is another or several. */
function writtenTable(statement: Statement): string | undefined {
  const name = changedTable(statement);
  return name?.qualifier?.text === "_vt" ? name.name.text.toLowerCase() : undefined;
}

function changedTable(statement: Statement): TableName | undefined {
  if (statement.kind === "insert") return statement.table;
  if (statement.kind !== "update" && statement.kind !== "delete") return undefined;
  const [only, another] = statement.tables;
  return only?.kind === "named_table" && another === undefined ? only.name : undefined;
}
