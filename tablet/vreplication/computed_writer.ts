/** Writes rows that expressions make of a stream's rows, one of one. */
import type { Row, RowChange } from "../../shared/binlog/change.ts";
import { ER_DUP_ENTRY } from "../../shared/error/errno.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import type { Evaluation } from "./evaluator.ts";
import { applyChanges, deleteRows, insertRows, type RunSql } from "./row_statements.ts";
import { sameRow } from "./same_row.ts";
import type { RowWriter, TablePlan } from "./target_table.ts";

interface Call {
  readonly signal: AbortSignal;
}

export class ComputedWriter implements RowWriter {
  readonly #evaluation: Evaluation;
  readonly #plan: TablePlan;
  readonly #call: Call;

  /** `plan` is for the rows that come out. */
  constructor(evaluation: Evaluation, plan: TablePlan, call: Call) {
    this.#evaluation = evaluation;
    this.#plan = plan;
    this.#call = call;
  }

  async apply(changes: readonly RowChange[], run: RunSql): Promise<void> {
    const evaluated = await evaluateChanges(this.#evaluation, changes, this.#call);
    await applyChanges(this.#plan, evaluated.flatMap(changeOf), run);
  }

  async copy(rows: readonly Row[], run: RunSql): Promise<void> {
    const plan = this.#plan;
    const results = await this.#evaluation.evaluate(rows, this.#call);
    const made = results.filter((row) => row !== undefined);
    try {
      await insertRows(plan, made, "INSERT", run);
    } catch (error) {
      const known = error instanceof MysqlError && error.errno === ER_DUP_ENTRY;
      if (!known || plan.key === undefined || plan.copies !== "pieces") throw error;
      // Changes brought some of them before.
      await deleteRows(plan, plan.key, made, run);
      await insertRows(plan, made, "INSERT", run);
    }
  }

  endCopy(): Promise<void> {
    return Promise.resolve();
  }
}

/** What a change does to what is made of its row; undefined: there is, or was, nothing of it. */
export interface EvaluatedChange {
  readonly table: string;
  readonly before: Row | undefined;
  readonly after: Row | undefined;
}

/** Leaves out what changes nothing. */
export async function evaluateChanges(
  evaluation: Evaluation,
  changes: readonly RowChange[],
  call: Call,
): Promise<readonly EvaluatedChange[]> {
  const rows: Row[] = [];
  const wanted = changes.filter((change) =>
    change.kind !== "update" || !sameRow(change.before, change.after)
  );
  for (const change of wanted) {
    if (change.kind !== "insert") rows.push(change.before);
    if (change.kind !== "delete") rows.push(change.after);
  }
  const results = await evaluation.evaluate(rows, call);
  let at = 0;
  return wanted.map((change) => ({
    table: change.table,
    before: change.kind === "insert" ? undefined : results[at++],
    after: change.kind === "delete" ? undefined : results[at++],
  })).filter(({ before, after }) =>
    before === undefined || after === undefined
      ? before !== undefined || after !== undefined
      : !sameRow(before, after)
  );
}

function changeOf({ table, before, after }: EvaluatedChange): readonly RowChange[] {
  if (before === undefined) {
    return after === undefined ? [] : [{ kind: "insert", table, after }];
  }
  if (after === undefined) return [{ kind: "delete", table, before }];
  return [{ kind: "update", table, before, after }];
}
