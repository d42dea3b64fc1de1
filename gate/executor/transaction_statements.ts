/** BEGIN, COMMIT, ROLLBACK and savepoints. */
import { vtError } from "../../shared/error/errors.ts";
import type { Begin, EndTransaction, Savepoint } from "../../shared/sql/ast_statement.ts";
import type { LocalRun } from "./local_run.ts";

export async function runBegin(statement: Begin, run: LocalRun): Promise<void> {
  const { session, transactions } = run.parts;
  // A transaction that is open is committed first (manual, "START TRANSACTION"). Of one that has
  // failed the client knows, and begins again.
  if (session.state.transaction.at === "failed") await transactions.rollback();
  else await transactions.commit({ signal: run.signal });
  const { consistentSnapshot, access } = statement;
  transactions.begin({ consistentSnapshot, access, implicit: false });
  finish(run);
}

export async function runEndTransaction(statement: EndTransaction, run: LocalRun): Promise<void> {
  const { transactions } = run.parts;
  if (statement.release === true) throw vtError("VT12001", `${statement.kind} RELEASE`);
  if (statement.kind === "rollback") await transactions.rollback();
  else await transactions.commit({ signal: run.signal });
  if (statement.chain === true) {
    transactions.begin({ consistentSnapshot: false, access: undefined, implicit: false });
  }
  finish(run);
}

export async function runSavepoint(statement: Savepoint, run: LocalRun): Promise<void> {
  const { session, transactions } = run.parts;
  const name = statement.name.text;
  const { transaction, autocommit } = session.state;
  if (transaction.at === "failed") throw vtError("VT09032");
  if (transaction.at === "none") {
    // Outside a transaction a savepoint is gone as soon as it is set.
    if (statement.kind !== "savepoint") throw vtError("ER_SP_DOES_NOT_EXIST", "SAVEPOINT", name);
    if (autocommit) return finish(run);
    transactions.begin({ consistentSnapshot: false, access: undefined, implicit: true });
  }
  if (statement.kind === "savepoint") await transactions.savepoint(name, run.signal);
  else if (statement.kind === "rollback_to") await transactions.rollbackTo(name, run.signal);
  else await transactions.releaseSavepoint(name, run.signal);
  finish(run);
}

function finish(run: LocalRun): void {
  run.parts.session.outcome.rowCount = 0n;
  run.ok();
}
