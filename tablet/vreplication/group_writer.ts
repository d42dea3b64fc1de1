/**
 * Keeps a table of groups: counts and sums of the rows that have the same values in the group's
 * columns. Each change adds what it brings and takes away what it takes: an update that moves a
 * row into another group does both.
 *
 *     changes ─▶ evaluated ─▶ net of each group ─▶ temporary table ─▶ added to the target's rows
 *
 * The temporary table has the target's own key columns, so groups fall together there as they do
 * in the target, whatever its collation. What gathers in it is added in four statements, however
 * many groups there are, in the order of the key, so that streams of several shards into the same
 * rows wait for each other in one order.
 *
 * Adding is exactly-once because it commits together with the position. A copy gathers all rows of
 * its snapshot in the temporary table and adds them in the very transaction that says that the
 * table is copied: before it nothing of this stream is in the target, and no change was applied;
 * behind it the changes since the snapshot follow. Whoever dies before, begins with a new snapshot.
 */
import type { Row, RowChange } from "../../shared/binlog/change.ts";
import { vtError } from "../../shared/error/errors.ts";
import { evaluateChanges } from "./computed_writer.ts";
import { parseScaled, printScaled } from "./scaled.ts";
import type { Evaluation } from "./evaluator.ts";
import type { GroupPlan } from "./group_plan.ts";
import { insertRows, type RunSql } from "./row_statements.ts";
import type { RowWriter } from "./target_table.ts";

interface Call {
  readonly signal: AbortSignal;
}

/** What rows come to in one group. */
interface Delta {
  readonly group: Row;
  /** By the plan's sums. */
  readonly sums: bigint[];
  /** Some row came: the group is to be there. */
  grows: boolean;
}

const UTF8 = new TextEncoder();
const LATIN1 = new TextDecoder("latin1");

export class GroupWriter implements RowWriter {
  readonly #evaluation: Evaluation;
  readonly #plan: GroupPlan;
  readonly #call: Call;

  /** The plan's temporary table is there, and empty. */
  constructor(evaluation: Evaluation, plan: GroupPlan, call: Call) {
    this.#evaluation = evaluation;
    this.#plan = plan;
    this.#call = call;
  }

  async apply(changes: readonly RowChange[], run: RunSql): Promise<void> {
    const deltas = new Map<string, Delta>();
    for (const { before, after } of await evaluateChanges(this.#evaluation, changes, this.#call)) {
      if (before !== undefined) this.#add(deltas, before, -1n);
      if (after !== undefined) this.#add(deltas, after, 1n);
    }
    if (deltas.size === 0) return;
    await this.#gather(deltas, run);
    await this.#merge(run);
  }

  async copy(rows: readonly Row[], run: RunSql): Promise<void> {
    const deltas = new Map<string, Delta>();
    for (const row of await this.#evaluation.evaluate(rows, this.#call)) {
      if (row !== undefined) this.#add(deltas, row, 1n);
    }
    await this.#gather(deltas, run);
  }

  async endCopy(run: RunSql): Promise<void> {
    await this.#merge(run);
  }

  #add(deltas: Map<string, Delta>, row: Row, sign: bigint): void {
    const { groups, sums } = this.#plan;
    const group = groups.map((place) => row[place] ?? null);
    if (group.includes(null)) throw this.#withoutGroup(group);
    const key = keyOf(group);
    let delta = deltas.get(key);
    if (delta === undefined) {
      delta = { group, sums: sums.map(() => 0n), grows: false };
      deltas.set(key, delta);
    }
    if (sign > 0n) delta.grows = true;
    for (const [i, sum] of sums.entries()) {
      const value = sum.place === undefined ? undefined : row[sum.place];
      if (value === null) continue;
      const amount = sum.is === "sum" && value !== undefined ? parseScaled(value, sum.scale) : 1n;
      delta.sums[i] = (delta.sums[i] ?? 0n) + sign * amount;
    }
  }

  #withoutGroup(group: Row): Error {
    const { table, statements } = this.#plan;
    const column = statements.gather.columns[group.indexOf(null)]?.field.name ?? "";
    return vtError(
      "VT27007",
      `a row's ${column} is NULL, which can't be a key of ${table}: leave such rows out in the rule's WHERE, or give them a value with coalesce(); cancel the workflow and create it again`,
    );
  }

  async #gather(deltas: ReadonlyMap<string, Delta>, run: RunSql): Promise<void> {
    const { sums: plans, statements: { gather } } = this.#plan;
    const rows = [...deltas.values()].map(({ group, sums, grows }): Row => [
      ...group,
      ...sums.map((sum, i) => UTF8.encode(printScaled(sum, plans[i]?.scale ?? 0))),
      UTF8.encode(grows ? "1" : "0"),
    ]);
    await insertRows(gather, rows, "INSERT", run, gather.tail);
  }

  /** Adds what has gathered to the target. VT27010 when a group that rows leave isn't there. */
  async #merge(run: RunSql): Promise<void> {
    const { statements, table } = this.#plan;
    await run(UTF8.encode(statements.create));
    const added = await run(UTF8.encode(statements.add));
    for (const sql of statements.after) await run(UTF8.encode(sql));
    const gathered = await run(UTF8.encode(statements.clear));
    if (added === gathered) return;
    throw vtError("VT27010", table, `of ${gathered} groups to change ${added} are there`);
  }
}

function keyOf(group: Row): string {
  return group.map((value) => value === null ? "-;" : `${value.length};${LATIN1.decode(value)}`)
    .join("");
}
