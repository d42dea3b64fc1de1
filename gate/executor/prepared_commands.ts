/** COM_STMT_PREPARE and what follows from it. */
import { FRAME_HEADER_BYTES } from "../../shared/mysql/frame.ts";
import { latin1Text } from "../../shared/mysql/binary_value.ts";
import { encodeColumnDefinition } from "../../shared/mysql/column_definition.ts";
import { BINARY_FLAG, MYSQL_TYPE_VAR_STRING } from "../../shared/mysql/column_types.ts";
import { decodeStmtExecute } from "../../shared/mysql/stmt_execute.ts";
import { encodeStmtPrepareOk } from "../../shared/mysql/stmt_prepare.ts";
import { CLIENT_QUERY_ATTRIBUTES } from "../../shared/mysql/capabilities.ts";
import { syntaxError } from "../../shared/sql/syntax_error.ts";
import { bytesOf, renderForPrepare } from "../engine/template.ts";
import type { Plan, Primitive, QueryTemplate } from "../plan/plan.ts";
import type { ClientOutput } from "./client_output.ts";
import type { Pipeline, SessionParts } from "./local_run.ts";
import { placementOf } from "./plan_runner.ts";
import { statementAt, type StatementText } from "./statement_text.ts";

export class PreparedCommands {
  readonly #parts: SessionParts;
  readonly #pipeline: Pipeline;

  constructor(parts: SessionParts, pipeline: Pipeline) {
    this.#parts = parts;
    this.#pipeline = pipeline;
  }

  /** COM_STMT_PREPARE: one statement of any kind. */
  async prepare(sent: Uint8Array, output: ClientOutput, signal: AbortSignal): Promise<void> {
    const { session, preparedTexts } = this.#parts;
    // The packet's buffer is used again; the statement stays.
    const bytes = sent.slice();
    const text = statementAt(latin1Text(bytes), bytes, session.options, 0);
    const { next, params } = text.normalized;
    if (next >= 0) throw syntaxError(text.sql, next);
    const prepared = this.#pipeline.prepare(text);
    const columns = prepared.kind === "plan"
      ? await this.#pipeline.withPlan(
        text,
        signal,
        ({ cached }) => this.#columns(cached.plan, text, signal),
      )
      : [];
    const statement = preparedTexts.add(text);
    const columnCount = columns.length;
    output.packet(encodeStmtPrepareOk({
      statementId: statement.id,
      columnCount,
      parameterCount: params,
      warnings: 0,
    }));
    this.#sendDefinitions(Array.from({ length: params }, () => PARAMETER), output);
    this.#sendDefinitions(columns, output);
  }

  #sendDefinitions(definitions: readonly Uint8Array[], output: ClientOutput): void {
    if (definitions.length === 0) return;
    for (const definition of definitions) output.packet(definition);
    const { session } = this.#parts;
    if (!session.deprecateEof) output.eof(session.statusFlags);
  }

  /** Column definitions from a shard, which also checks the statement's names. */
  async #columns(
    plan: Plan,
    text: StatementText,
    signal: AbortSignal,
  ): Promise<readonly Uint8Array[]> {
    const shown = shownQuery(plan.root);
    if (shown === undefined) return [];
    const bindings = this.#pipeline.bindings(text, undefined);
    const sql = bytesOf(renderForPrepare(shown.query, bindings));
    const { session, gate, shards } = this.#parts;
    const placement = placementOf(gate.catalog(), session);
    const { destination } = placement;
    const shard = destination?.kind === "shard"
      ? destination.shard
      : placement.shards(shown.keyspace)[0]?.name ?? "-";
    const call = { keyspace: shown.keyspace, shard, sql, parameters: undefined, tables: [] };
    const result = await shards.prepare(call, { signal });
    const count = result.columns.length - shown.hiddenColumns;
    return result.columns.slice(0, count).map((packet) => packet.subarray(FRAME_HEADER_BYTES));
  }

  /** COM_STMT_EXECUTE. Cursors are not opened: the rows come at once. */
  async execute(
    statementId: number,
    payload: Uint8Array,
    output: ClientOutput,
    signal: AbortSignal,
  ): Promise<void> {
    const { session, preparedTexts } = this.#parts;
    const statement = preparedTexts.get(statementId, "EXECUTE");
    const { longData, longDataError } = statement;
    if (longDataError !== undefined) {
      statement.longDataError = undefined;
      longData.clear();
      throw longDataError;
    }
    const decoded = decodeStmtExecute(payload, {
      parameterCount: statement.text.normalized.params,
      types: statement.types,
      longData,
      queryAttributes: (session.client.capabilities & CLIENT_QUERY_ATTRIBUTES) !== 0,
    });
    longData.clear();
    statement.types = decoded.types;
    const parameters = { values: decoded.values, payload: decoded.parameters };
    await this.#pipeline.run(statement.text, parameters, output, 0, signal);
  }

  /** COM_STMT_RESET. */
  reset(statementId: number, output: ClientOutput): void {
    const { session, preparedTexts } = this.#parts;
    const statement = preparedTexts.get(statementId, "COM_STMT_RESET");
    statement.longData.clear();
    statement.longDataError = undefined;
    output.ok({}, session.statusFlags);
  }
}

/** The query below whose columns are the statement's. */
function shownQuery(root: Primitive):
  | {
    readonly keyspace: string;
    readonly query: QueryTemplate;
    readonly hiddenColumns: number;
  }
  | undefined {
  switch (root.op) {
    case "Limit":
      return shownQuery(root.input);
    case "Aggregate": {
      const { query, routing } = root.input;
      return { query, keyspace: routing.keyspace, hiddenColumns: root.hiddenColumns };
    }
    case "Route": {
      const { query, routing, hiddenColumns } = root;
      return { query, keyspace: routing.keyspace, hiddenColumns };
    }
    case "Update":
    case "Delete":
      return { query: root.query, keyspace: root.routing.keyspace, hiddenColumns: 0 };
    case "Insert":
      // One whose rows are split is no statement of any shard.
      if (!("query" in root)) return undefined;
      return { query: root.query, keyspace: root.routing.keyspace, hiddenColumns: 0 };
    default:
      return undefined;
  }
}

const BINARY_COLLATION = 63;

/** mysqld describes every parameter so before it is bound. */
const PARAMETER = encodeColumnDefinition({
  schema: "",
  table: "",
  originalTable: "",
  name: "?",
  originalName: "",
  collation: BINARY_COLLATION,
  columnLength: 0,
  type: MYSQL_TYPE_VAR_STRING,
  flags: BINARY_FLAG,
  decimals: 0,
});
