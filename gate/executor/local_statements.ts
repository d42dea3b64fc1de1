/** Statements that the session answers itself: each kind goes to the part that knows it. */
import { vtError } from "../../shared/error/errors.ts";
import type { Statement } from "../../shared/sql/ast_statement.ts";
import type { LocalRun } from "./local_run.ts";
import { runKill } from "./kill_statement.ts";
import { runDescribe, runExplain, runVExplain } from "./explain_statements.ts";
import { runSet, runSetFor } from "./set_statement.ts";
import { runShow } from "./show_statement.ts";
import { runDeallocate, runExecute, runExecuteImmediate, runPrepare } from "./text_prepared.ts";
import { runBegin, runEndTransaction, runSavepoint } from "./transaction_statements.ts";
import { runUse } from "./use_statement.ts";

const LOCAL_KINDS = [
  "begin",
  "commit",
  "deallocate",
  "describe_table",
  "empty",
  "execute",
  "execute_immediate",
  "explain",
  "kill",
  "lock_tables",
  "prepare",
  "release_savepoint",
  "rollback",
  "rollback_to",
  "savepoint",
  "set",
  "set_for",
  "show",
  "unlock_tables",
  "use",
  "vexplain",
] as const satisfies readonly Statement["kind"][];

type LocalKind = (typeof LOCAL_KINDS)[number];
export type LocalStatement = Extract<Statement, { kind: LocalKind }>;

const LOCAL: ReadonlySet<string> = new Set(LOCAL_KINDS);

export function isLocal(statement: Statement): statement is LocalStatement {
  return LOCAL.has(statement.kind);
}

/** Answers a local statement, whole: rows or OK. Errors are thrown. */
export async function runLocal(statement: LocalStatement, run: LocalRun): Promise<void> {
  switch (statement.kind) {
    case "set":
      return await runSet(statement, run);
    case "set_for":
      return runSetFor();
    case "begin":
      return await runBegin(statement, run);
    case "commit":
    case "rollback":
      return await runEndTransaction(statement, run);
    case "savepoint":
    case "release_savepoint":
    case "rollback_to":
      return await runSavepoint(statement, run);
    case "use":
      return runUse(statement.target, run);
    case "show":
      return await runShow(statement, run);
    default:
      return await runRare(statement, run);
  }
}

type RareStatement = Exclude<
  LocalStatement,
  {
    kind:
      | "set"
      | "set_for"
      | "begin"
      | "commit"
      | "rollback"
      | "savepoint"
      | "release_savepoint"
      | "rollback_to"
      | "use"
      | "show";
  }
>;

async function runRare(statement: RareStatement, run: LocalRun): Promise<void> {
  switch (statement.kind) {
    case "empty":
      return runEmpty(run);
    case "kill":
      return runKill(statement, run);
    case "prepare":
      return await runPrepare(statement, run);
    case "execute":
      return await runExecute(statement, run);
    case "execute_immediate":
      return await runExecuteImmediate(statement, run);
    case "deallocate":
      return runDeallocate(statement, run);
    case "lock_tables":
    case "unlock_tables":
      // As Vitess: accepted for the dump tools that send it, and without effect.
      return run.ok();
    case "describe_table":
      return await runDescribe(statement, run);
    case "explain":
      return await runExplain(statement, run);
    case "vexplain":
      return await runVExplain(statement, run);
  }
}

/** A text of nothing is an error, one of comments is not: dump tools send such. */
function runEmpty(run: LocalRun): void {
  const { sql } = run.text;
  if (/^[\s;]*$/.test(sql)) throw vtError("ER_EMPTY_QUERY");
  run.ok();
}
