/**
 * A statement's way through the gate:
 *
 *   text ─▶ normalise ─▶ plan cache ─hit──────────────────────▶ run plan
 *                            └─miss─▶ parse ─▶ local? ─yes─▶ the session answers it itself
 *                                                └──no─▶ plan ─▶ cache ─▶ run plan
 */
import { vtError } from "../../shared/error/errors.ts";
import { FRAME_HEADER_BYTES } from "../../shared/mysql/frame.ts";
import { decodeOkPacket } from "../../shared/mysql/ok_packet.ts";
import { SERVER_MORE_RESULTS_EXISTS } from "../../shared/mysql/status_flags.ts";
import type { ServerWarning } from "../../shared/rpc/query_service.ts";
import { parseStatement } from "../../shared/sql/parser.ts";
import { syntaxError } from "../../shared/sql/syntax_error.ts";
import type { Value } from "../../shared/value/value.ts";
import { Bindings } from "../engine/bindings.ts";
import type { ShardCall } from "../engine/shards.ts";
import type { Answer, ClientRows } from "../engine/world.ts";
import { CapturedRows } from "./captured_rows.ts";
import type { ClientOutput } from "./client_output.ts";
import type { GateServices } from "./gate_services.ts";
import type { LiveSession } from "./live_session.ts";
import { LocalRun, type Pipeline, type SessionParts } from "./local_run.ts";
import { isLocal, type LocalStatement, runLocal } from "./local_statements.ts";
import { makePlan } from "./make_plan.ts";
import type { CachedPlan } from "./plan_cache.ts";
import { PlanRunner } from "./plan_runner.ts";
import { sessionLiteral } from "./session_values.ts";
import {
  madeStatement,
  ownText,
  statementAt,
  type StatementText,
  timeoutOf,
} from "./statement_text.ts";

/** Values of COM_STMT_EXECUTE. */
export interface BoundParameters {
  readonly values: readonly Value[];
  /** As ExecuteRequest.parameters; undefined for EXECUTE, whose answer is text. */
  readonly payload: Uint8Array | undefined;
}

/** What a text comes to: a plan, or a statement that the gate answers itself. */
export type Prepared =
  | Planned
  | { readonly kind: "local"; readonly statement: LocalStatement };

export interface Planned {
  readonly kind: "plan";
  readonly cached: CachedPlan;
  /** Of the catalog that it was planned for. */
  readonly version: number;
}

interface Repeatable<Result> {
  readonly run: (planned: Planned) => Promise<Result>;
  /** The client has got nothing of an answer yet. */
  readonly isUntouched: () => boolean;
}

const DROPPED_ROWS: ClientRows = { passThrough: () => {}, columns: () => {}, rows: () => {} };

export class Statements implements Pipeline {
  readonly #parts: SessionParts;
  readonly #session: LiveSession;
  readonly #gate: GateServices;
  readonly #runner: PlanRunner;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#session = parts.session;
    this.#gate = parts.gate;
    this.#runner = new PlanRunner(parts.session, parts.shards, parts.transactions);
  }

  /** COM_QUERY: one result a statement, up to the first error. */
  async runText(
    sql: string,
    bytes: Uint8Array,
    output: ClientOutput,
    options: { readonly signal: AbortSignal; readonly multiStatements: boolean },
  ): Promise<void> {
    for (let from = 0;;) {
      const text = statementAt(sql, bytes, this.#session.options, from);
      const { next } = text.normalized;
      if (next >= 0 && !options.multiStatements) throw syntaxError(sql, next);
      const more = next >= 0 ? SERVER_MORE_RESULTS_EXISTS : 0;
      await this.run(text, undefined, output, more, options.signal);
      if (next < 0) return;
      from = next;
    }
  }

  /** One statement, whole. Throws its error. */
  async run(
    text: StatementText,
    parameters: BoundParameters | undefined,
    output: ClientOutput,
    more: number,
    signal: AbortSignal,
  ): Promise<void> {
    const started = this.#gate.clock.monotonicMs();
    const prepared = this.prepare(text);
    if (prepared.kind === "local") {
      const options = {
        parts: this.#parts,
        pipeline: this,
        text,
        parameters,
        output,
        more,
        signal,
      };
      // What asks for warnings leaves them there.
      if (prepared.statement.kind !== "show") this.#session.outcome.warnings = NO_WARNINGS;
      await runLocal(prepared.statement, new LocalRun(options));
      this.#gate.metrics.record("Local", this.#gate.clock.monotonicMs() - started);
      return;
    }
    const { cached } = prepared;
    try {
      await this.#runPlan(cached, text, parameters, output, more, signal);
    } catch (error) {
      cached.errors++;
      const work = {
        run: ({ cached }: Planned) => this.#runPlan(cached, text, parameters, output, more, signal),
        isUntouched: () => !output.started,
      };
      await this.#runAgain(error, prepared, started, text, work, signal);
    } finally {
      const timeMs = this.#gate.clock.monotonicMs() - started;
      cached.executions++;
      cached.timeMs += timeMs;
      this.#gate.metrics.record(cached.label, timeMs);
    }
  }

  /** The plan of a text, from the cache when it is there. Throws parse and plan errors. */
  prepare(text: StatementText): Prepared {
    const catalog = this.#gate.catalog();
    const { sql, normalized } = text;
    const { planContext, options } = this.#session;
    const { plans } = this.#gate;
    const { version } = catalog;
    const found = plans.find(version, planContext, normalized.key, sql, normalized.slots);
    if (found !== undefined) return { kind: "plan", cached: found, version };
    const statement = parseStatement(sql, normalized, options);
    if (isLocal(statement)) return { kind: "local", statement };
    const plan = makePlan(statement, text, this.#session, catalog);
    const own = { ...text, from: normalized.start };
    const cached = plans.entry(plan, ownText(text), timeoutOf(own, options));
    plans.add(version, planContext, normalized.key, cached);
    return { kind: "plan", cached, version };
  }

  /** Does something with the plan of a text, again when the cluster changes under it. */
  async withPlan<Result>(
    text: StatementText,
    signal: AbortSignal,
    work: (planned: Planned) => Promise<Result>,
  ): Promise<Result> {
    const started = this.#gate.clock.monotonicMs();
    const planned = this.prepare(text);
    if (planned.kind === "local") throw vtError("VT12001", "this statement as a value");
    try {
      return await work(planned);
    } catch (error) {
      const again = { run: work, isUntouched: () => true };
      return await this.#runAgain(error, planned, started, text, again, signal);
    }
  }

  /**
   * After a failure: plans for the cluster as it is now and runs again, until that works or the
   * time is up. Only what has had no effect and no part of an answer.
   */
  async #runAgain<Result>(
    first: unknown,
    planned: Planned,
    startedMs: number,
    text: StatementText,
    work: Repeatable<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    const { replanner } = this.#gate;
    let failure = first;
    let { version, cached } = planned;
    for (;;) {
      const mayHelp = replanner.mayHelp(failure, version) && work.isUntouched();
      if (!mayHelp || !this.#mayRunAgain(cached)) throw failure;
      await replanner.wait(failure, version, startedMs, { signal });
      const next = this.prepare(text);
      if (next.kind === "local") throw failure;
      ({ version, cached } = next);
      try {
        return await work.run(next);
      } catch (error) {
        failure = error;
      }
    }
  }

  /**
   * A transaction that has a shard keeps to it. What names its shard finds it unchanged, and DDL
   * may be done on some shards.
   */
  #mayRunAgain({ plan }: CachedPlan): boolean {
    const { transaction, target } = this.#session.state;
    if (target.destination !== undefined || plan.statement === "ddl") return false;
    return transaction.at === "none" ||
      (transaction.at === "open" && transaction.shards.length === 0);
  }

  async #runPlan(
    cached: CachedPlan,
    text: StatementText,
    parameters: BoundParameters | undefined,
    output: ClientOutput,
    more: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { plan } = cached;
    const run = {
      plan,
      bindings: this.bindings(text, parameters),
      parameters: parameters?.payload,
      catalog: this.#gate.catalog(),
    };
    output.expectHead(cached.head);
    const { shards } = this.#parts;
    shards.statementTimeoutMs = this.#timeoutMs(cached, text);
    shards.warnings = NO_WARNINGS;
    const answer = await this.#runner.run(run, output, signal);
    const rows = output.rowCount;
    this.#finish(answer, output, more);
    this.#remember(answer, rows, plan.returnsRows);
  }

  /** Comments in front of a statement are not part of its plan's key. */
  #timeoutMs({ timeoutMs }: CachedPlan, text: StatementText): number | undefined {
    if (text.normalized.start === text.from) return timeoutMs;
    return timeoutOf(text, this.#session.options) ?? timeoutMs;
  }

  /** Runs a SELECT that the gate has made, and keeps its rows. */
  async fetch(sql: string, signal: AbortSignal): Promise<CapturedRows> {
    const text = madeStatement(sql, this.#session.options);
    this.#parts.shards.statementTimeoutMs = undefined;
    return await this.withPlan(text, signal, async ({ cached }) => {
      const captured = new CapturedRows();
      const run = {
        plan: cached.plan,
        bindings: this.bindings(text, undefined),
        parameters: undefined,
        catalog: this.#gate.catalog(),
      };
      await this.#runner.run(run, captured, signal);
      return captured;
    });
  }

  /** COM_FIELD_LIST: the columns of a SELECT, each a packet, and an EOF. */
  async fieldList(text: StatementText, output: ClientOutput, signal: AbortSignal): Promise<void> {
    const prepared = this.prepare(text);
    if (prepared.kind === "local") throw vtError("VT12001", "the columns of this statement");
    const run = {
      plan: prepared.cached.plan,
      bindings: this.bindings(text, undefined),
      parameters: undefined,
      catalog: this.#parts.gate.catalog(),
    };
    const columns: ClientRows = {
      passThrough: undefined,
      columns: (definitions) => definitions.forEach((each) => output.packet(each)),
      rows: () => {},
    };
    await this.#runner.run(run, columns, signal);
    output.endRows(0, this.#session.statusFlags);
  }

  /** Runs a statement for what it sends to shards; its rows are dropped. */
  async trace(text: StatementText, signal: AbortSignal): Promise<readonly ShardCall[]> {
    const prepared = this.prepare(text);
    if (prepared.kind === "local") throw vtError("VT12001", "tracing this statement");
    const calls: ShardCall[] = [];
    const run = {
      plan: prepared.cached.plan,
      bindings: this.bindings(text, undefined),
      parameters: undefined,
      catalog: this.#parts.gate.catalog(),
    };
    await this.#runner.run(run, DROPPED_ROWS, signal, (call) => calls.push(call));
    return calls;
  }

  bindings(text: StatementText, parameters: BoundParameters | undefined): Bindings {
    const { sql, bytes, normalized } = text;
    const session = this.#session;
    return new Bindings({
      sql,
      bytes,
      start: normalized.start,
      end: normalized.end,
      slots: normalized.slots,
      parameters: parameters?.values ?? [],
      noBackslashEscapes: session.options.noBackslashEscapes,
      noAutoValueOnZero: session.noAutoValueOnZero,
      session: (value) => sessionLiteral(session, this.#gate.serverVersion, value),
    });
  }

  #finish(answer: Answer, output: ClientOutput, more: number): void {
    const flags = this.#session.statusFlags | more;
    switch (answer.kind) {
      case "passed":
        output.terminal(answer.terminal, flags);
        return;
      case "rows":
        output.endRows(answer.warnings, flags);
        return;
      case "ok":
        output.ok(answer.ok, flags);
        return;
    }
  }

  /** For FOUND_ROWS(), ROW_COUNT() and LAST_INSERT_ID(). */
  #remember(answer: Answer, rows: number, returnsRows: boolean): void {
    const { outcome } = this.#session;
    outcome.warnings = this.#parts.shards.warnings;
    if (returnsRows || answer.kind === "rows") {
      outcome.foundRows = BigInt(rows);
      outcome.rowCount = -1n;
      return;
    }
    const ok = answer.kind === "ok"
      ? answer.ok
      : decodeOkPacket(answer.terminal.subarray(FRAME_HEADER_BYTES), 0);
    outcome.rowCount = ok.affectedRows;
    const isGenerated = answer.kind === "passed" || answer.givenId !== true;
    if (isGenerated && ok.lastInsertId !== 0n) outcome.lastInsertId = ok.lastInsertId;
  }
}

const NO_WARNINGS: readonly ServerWarning[] = [];
