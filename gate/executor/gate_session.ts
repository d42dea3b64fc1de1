/** One client's session: takes its commands one at a time and answers each. */
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { VtError, vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import { unreachable } from "../../shared/error/unreachable.ts";
import { latin1Text } from "../../shared/mysql/binary_value.ts";
import { CLIENT_MULTI_STATEMENTS } from "../../shared/mysql/capabilities.ts";
import { quoteName, quoteString } from "../../shared/sql/print.ts";
import { decodeText } from "../../shared/sql/names.ts";
import type { ClientInfo, ClientSession, ClientWriter, Command, Kill } from "../session/client.ts";
import { printSessionTarget } from "../session/target.ts";
import { ClientOutput } from "./client_output.ts";
import type { GateServices } from "./gate_services.ts";
import { LiveSession } from "./live_session.ts";
import type { SessionParts } from "./local_run.ts";
import { PreparedCommands } from "./prepared_commands.ts";
import { PreparedTexts } from "./prepared_texts.ts";
import type { RegisteredSession } from "./session_registry.ts";
import { SessionShards } from "./session_shards.ts";
import { madeStatement } from "./statement_text.ts";
import { Statements } from "./statements.ts";
import { Transactions } from "./transactions.ts";
import { resolveTarget } from "./use_statement.ts";

/** Of a statement that SHOW PROCESSLIST and the status page show. */
const SHOWN_BYTES_MAX = 4096;

export class GateSession implements ClientSession {
  readonly #parts: SessionParts;
  readonly #statements: Statements;
  readonly #prepared: PreparedCommands;
  #multiStatements: boolean;
  /** What runs now. */
  #running: { readonly command: "Query" | "Execute"; readonly sql: Uint8Array } | undefined;
  #sinceMs: number;

  constructor(client: ClientInfo, gate: GateServices, kill: Kill) {
    const session = new LiveSession(client);
    const shards = new SessionShards(session, gate.tablets);
    const transactions = new Transactions(session, gate.tablets, shards);
    this.#parts = { session, gate, shards, transactions, preparedTexts: new PreparedTexts() };
    this.#statements = new Statements(this.#parts);
    this.#prepared = new PreparedCommands(this.#parts, this.#statements);
    this.#multiStatements = (client.capabilities & CLIENT_MULTI_STATEMENTS) !== 0;
    this.#sinceMs = gate.clock.monotonicMs();
    if (client.database !== "") this.#use(client.database);
    gate.sessions.add(client.connectionId, {
      describe: () => this.#describe(),
      kill,
      keepLocks: (options) => transactions.keepLocks(options),
    });
  }

  get inTransaction(): boolean {
    return this.#parts.session.state.transaction.at !== "none";
  }

  get serverStatus(): number {
    return this.#parts.session.statusFlags;
  }

  async run(
    command: Command,
    writer: ClientWriter,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    const { session, gate } = this.#parts;
    const output = new ClientOutput(writer, {
      capabilities: session.client.capabilities,
      deprecateEof: session.deprecateEof,
      binary: command.com === "stmt_execute",
      keyspaceOf: (database) => gate.catalog().keyspaceOf(database),
    });
    this.#sinceMs = gate.clock.monotonicMs();
    const { warnings } = session.outcome;
    try {
      await this.#dispatch(command, output, signal);
    } catch (error) {
      const told = this.#clientError(error, signal);
      const { outcome } = session;
      // A commit that failed half way leaves a warning beside its error.
      const before = outcome.warnings === warnings ? [] : outcome.warnings;
      const row = { level: "Error", code: told.errno, message: told.message } as const;
      outcome.warnings = [row, ...before];
      output.error(told);
    } finally {
      this.#running = undefined;
      this.#sinceMs = gate.clock.monotonicMs();
    }
    writer.flush();
  }

  async #dispatch(command: Command, output: ClientOutput, signal: AbortSignal): Promise<void> {
    switch (command.com) {
      case "query":
        this.#running = { command: "Query", sql: command.sql };
        return await this.#statements.runText(latin1Text(command.sql), command.sql, output, {
          signal,
          multiStatements: this.#multiStatements,
        });
      case "stmt_execute":
        this.#running = { command: "Execute", sql: EMPTY };
        return await this.#prepared.execute(command.statementId, command.payload, output, signal);
      case "stmt_prepare":
        return await this.#prepared.prepare(command.sql, output, signal);
      case "init_db":
        this.#use(command.database);
        return output.ok({}, this.serverStatus);
      case "field_list":
        return await this.#fieldList(command.table, command.wildcard, output, signal);
      default:
        return await this.#dispatchRare(command, output);
    }
  }

  async #dispatchRare(
    command: Exclude<
      Command,
      { com: "query" | "stmt_execute" | "stmt_prepare" | "init_db" | "field_list" }
    >,
    output: ClientOutput,
  ): Promise<void> {
    const { preparedTexts, gate } = this.#parts;
    switch (command.com) {
      case "stmt_send_long_data":
        return preparedTexts.addLongData(command.statementId, command.parameter, command.data);
      case "stmt_close":
        return preparedTexts.close(command.statementId);
      case "stmt_reset":
        return this.#prepared.reset(command.statementId, output);
      case "stmt_fetch":
        // No statement opens a cursor, so none has one to fetch from.
        throw vtError("ER_UNKNOWN_STMT_HANDLER", String(command.statementId), "COM_STMT_FETCH");
      case "reset_connection":
        await this.#reset();
        return output.ok({}, this.serverStatus);
      case "set_option":
        this.#multiStatements = command.multiStatements;
        return output.eof(this.serverStatus);
      case "process_kill":
        gate.sessions.kill(command.connectionId, "connection");
        return output.ok({}, this.serverStatus);
      default:
        return unreachable(command);
    }
  }

  /** VT05003, VT24001 and what a transaction forbids. */
  #use(database: string): void {
    const { session, gate } = this.#parts;
    session.apply({ on: "target", target: resolveTarget(database, gate.catalog()) });
  }

  /** COM_FIELD_LIST: column definitions alone, ended like rows. */
  async #fieldList(
    table: string,
    wildcard: string,
    output: ClientOutput,
    signal: AbortSignal,
  ): Promise<void> {
    const { options } = this.#parts.session;
    if (wildcard !== "") throw vtError("VT12001", `COM_FIELD_LIST LIKE ${quoteString(wildcard)}`);
    const text = madeStatement(`select * from ${quoteName(table)} limit 0`, options);
    await this.#statements.fieldList(text, output, signal);
  }

  async #reset(): Promise<void> {
    const { session, transactions, preparedTexts } = this.#parts;
    await transactions.rollback();
    await transactions.releaseLocks();
    preparedTexts.clear();
    session.reset();
  }

  /** The error as the client sees it. What isn't an error of the table is a bug, and logged. */
  #clientError(error: unknown, signal: AbortSignal): VtError | MysqlError {
    const { metrics, log } = this.#parts.gate;
    const known = signal.aborted && isClientError(signal.reason) ? signal.reason : error;
    if (known instanceof VtError) {
      metrics.error(known.id);
      return known;
    }
    if (known instanceof MysqlError) {
      metrics.error(String(known.errno));
      return known;
    }
    const text = known instanceof Error ? known.message : String(known);
    log.error("a statement failed in an unforeseen way", {
      error: text,
      stack: known instanceof Error ? known.stack : undefined,
    });
    metrics.error("VT13001");
    return vtErrorFrom(known, "VT13001", text);
  }

  #describe(): RegisteredSession {
    const { session } = this.#parts;
    const sql = this.#running?.sql.subarray(0, SHOWN_BYTES_MAX) ?? EMPTY;
    return {
      client: session.client,
      database: printSessionTarget(session.state.target),
      command: this.#running?.command ?? "Sleep",
      statement: decodeText(latin1Text(sql), session.options.charset),
      sinceMs: this.#sinceMs,
      inTransaction: this.inTransaction,
    };
  }

  /** The client is gone: nothing of it stays behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { session, gate, transactions } = this.#parts;
    gate.sessions.remove(session.client.connectionId);
    await transactions.rollback();
    await transactions.releaseLocks();
  }
}

const EMPTY = new Uint8Array();

function isClientError(reason: unknown): reason is VtError | MysqlError {
  return reason instanceof VtError || reason instanceof MysqlError;
}
