/** PREPARE, EXECUTE and DEALLOCATE as statements. */
import { vtError } from "../../shared/error/errors.ts";
import type { Expr } from "../../shared/sql/ast.ts";
import type {
  Deallocate,
  Execute,
  ExecuteImmediate,
  Prepare,
} from "../../shared/sql/ast_statement.ts";
import { parseStatement } from "../../shared/sql/parser.ts";
import { parseLiteral, type Value } from "../../shared/value/value.ts";
import type { LocalRun } from "./local_run.ts";
import { madeStatement, type StatementText } from "./statement_text.ts";

export function runPrepare(statement: Prepare, run: LocalRun): void {
  const text = preparedText(statement.from, run);
  run.parts.preparedTexts.name(statement.name.text, text);
  run.ok();
}

/** The text to prepare, which must be one statement that can be read. */
function preparedText(from: Expr, run: LocalRun): StatementText {
  const { session } = run.parts;
  const sql = valueOf(from, run);
  if (sql.type === "null") throw vtError("ER_PARSE_ERROR", SYNTAX, "NULL", 1);
  const text = madeStatement(sql.text, session.options);
  if (text.normalized.next >= 0) {
    throw vtError("ER_PARSE_ERROR", SYNTAX, sql.text.slice(text.normalized.next), 1);
  }
  parseStatement(text.sql, text.normalized, session.options);
  return text;
}

const SYNTAX =
  "You have an error in your SQL syntax; check the manual that corresponds to your server version for the right syntax to use";

export async function runExecute(statement: Execute, run: LocalRun): Promise<void> {
  const text = run.parts.preparedTexts.named(statement.name.text, "EXECUTE");
  await executeText(text, statement.using, run);
}

export async function runExecuteImmediate(
  statement: ExecuteImmediate,
  run: LocalRun,
): Promise<void> {
  await executeText(preparedText(statement.from, run), statement.using, run);
}

async function executeText(
  text: StatementText,
  using: readonly Expr[],
  run: LocalRun,
): Promise<void> {
  if (using.length !== text.normalized.params) throw vtError("VT03025", "EXECUTE");
  const values = using.map((expr) => valueOf(expr, run));
  const parameters = { values, payload: undefined };
  await run.pipeline.run(text, parameters, run.output, run.more, run.signal);
}

export function runDeallocate(statement: Deallocate, run: LocalRun): void {
  run.parts.preparedTexts.forget(statement.name.text);
  run.ok();
}

/** A literal or a user variable. VT03024 for one that was never set. */
function valueOf(expr: Expr, run: LocalRun): Value {
  const { state, options } = run.parts.session;
  const { noBackslashEscapes } = options;
  if (expr.kind === "user_variable") {
    const sql = state.userVariables.get(expr.name);
    if (sql === undefined) throw vtError("VT03024", expr.name);
    return parseLiteral(sql, { noBackslashEscapes });
  }
  if (expr.kind === "null") return { type: "null", text: "" };
  if (expr.kind !== "literal") throw vtError("VT12001", "an expression in PREPARE or EXECUTE");
  return parseLiteral(run.text.sql.slice(expr.start, expr.end), { noBackslashEscapes });
}
