/** One local statement on its way: what its handler may use. */
import type { OkPacket } from "../../shared/mysql/ok_packet.ts";
import type { ColumnDefinition } from "../../shared/mysql/column_definition.ts";
import type { RowValue } from "../../shared/mysql/text_row.ts";
import type { Bindings } from "../engine/bindings.ts";
import type { ShardCall } from "../engine/shards.ts";
import type { CapturedRows } from "./captured_rows.ts";
import type { ClientOutput } from "./client_output.ts";
import type { GateServices } from "./gate_services.ts";
import type { LiveSession } from "./live_session.ts";
import type { PreparedTexts } from "./prepared_texts.ts";
import { type Cell, sendDefinedRows, sendRows, type TextColumn } from "./row_set.ts";
import type { SessionShards } from "./session_shards.ts";
import type { StatementText } from "./statement_text.ts";
import type { BoundParameters, Planned, Prepared } from "./statements.ts";
import type { Transactions } from "./transactions.ts";

/** The parts of a session that handlers share. */
export interface SessionParts {
  readonly session: LiveSession;
  readonly gate: GateServices;
  readonly shards: SessionShards;
  readonly transactions: Transactions;
  readonly preparedTexts: PreparedTexts;
}

/** The pipeline, for statements that hold others. */
export interface Pipeline {
  prepare(text: StatementText): Prepared;
  withPlan<Result>(
    text: StatementText,
    signal: AbortSignal,
    work: (planned: Planned) => Promise<Result>,
  ): Promise<Result>;
  run(
    text: StatementText,
    parameters: BoundParameters | undefined,
    output: ClientOutput,
    more: number,
    signal: AbortSignal,
  ): Promise<void>;
  fetch(sql: string, signal: AbortSignal): Promise<CapturedRows>;
  bindings(text: StatementText, parameters: BoundParameters | undefined): Bindings;
  /** Runs a statement, drops its rows and answers what went to the shards. */
  trace(text: StatementText, signal: AbortSignal): Promise<readonly ShardCall[]>;
}

export interface LocalRunOptions {
  readonly parts: SessionParts;
  readonly pipeline: Pipeline;
  readonly text: StatementText;
  readonly parameters: BoundParameters | undefined;
  readonly output: ClientOutput;
  /** SERVER_MORE_RESULTS_EXISTS or 0. */
  readonly more: number;
  readonly signal: AbortSignal;
}

export class LocalRun {
  readonly parts: SessionParts;
  readonly pipeline: Pipeline;
  readonly text: StatementText;
  readonly parameters: BoundParameters | undefined;
  readonly output: ClientOutput;
  readonly more: number;
  readonly signal: AbortSignal;

  constructor(options: LocalRunOptions) {
    this.parts = options.parts;
    this.pipeline = options.pipeline;
    this.text = options.text;
    this.parameters = options.parameters;
    this.output = options.output;
    this.more = options.more;
    this.signal = options.signal;
  }

  ok(ok: Partial<OkPacket> = {}): void {
    const { session } = this.parts;
    const warnings = session.outcome.warnings.length;
    this.output.ok({ warnings, ...ok }, session.statusFlags | this.more);
  }

  /** A result that the gate has made. Cells are texts; the client's protocol decides their form. */
  async rows(columns: readonly TextColumn[], rows: readonly (readonly Cell[])[]): Promise<void> {
    await sendRows(columns, rows, this.output, this.output.binary);
    this.#endRows(rows.length);
  }

  /** A shard's result, after the gate has changed it. */
  async definedRows(
    columns: readonly ColumnDefinition[],
    rows: readonly (readonly RowValue[])[],
  ): Promise<void> {
    await sendDefinedRows(columns, rows, this.output, this.output.binary);
    this.#endRows(rows.length);
  }

  #endRows(count: number): void {
    const { session } = this.parts;
    session.outcome.foundRows = BigInt(count);
    session.outcome.rowCount = -1n;
    this.output.endRows(0, session.statusFlags | this.more);
  }
}
