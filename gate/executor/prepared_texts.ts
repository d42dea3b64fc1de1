/** Statements that a session has prepared, by number (COM_STMT_PREPARE) and by name (PREPARE). */
import { vtError } from "../../shared/error/errors.ts";
import type { ParameterType } from "../../shared/mysql/stmt_execute.ts";
import type { StatementText } from "./statement_text.ts";

/** MySQL's default of max_prepared_stmt_count, here for one session. */
const STATEMENTS_MAX = 16_382;

/** A parameter sent in parts is no longer than a statement may be. */
const LONG_DATA_BYTES_MAX = 64 * 1024 * 1024;

export interface PreparedStatement {
  readonly id: number;
  readonly text: StatementText;
  /** Of the last execution: a client may leave them out. */
  types: readonly ParameterType[] | undefined;
  /** What COM_STMT_SEND_LONG_DATA has brought since the last execution. */
  readonly longData: Map<number, Uint8Array>;
  /** Raised at the next execution: COM_STMT_SEND_LONG_DATA has no answer. */
  longDataError: unknown;
}

export class PreparedTexts {
  readonly #statements = new Map<number, PreparedStatement>();
  readonly #named = new Map<string, StatementText>();
  #lastId = 0;

  /** VT24007 beyond the limit. */
  add(text: StatementText): PreparedStatement {
    if (this.#statements.size >= STATEMENTS_MAX) throw vtError("VT24007", STATEMENTS_MAX);
    const id = ++this.#lastId;
    const statement = {
      id,
      text,
      types: undefined,
      longData: new Map<number, Uint8Array>(),
      longDataError: undefined,
    };
    this.#statements.set(id, statement);
    return statement;
  }

  /** MySQL's 1243, which names the command. */
  get(id: number, command: string): PreparedStatement {
    const statement = this.#statements.get(id);
    if (statement === undefined) throw vtError("ER_UNKNOWN_STMT_HANDLER", String(id), command);
    return statement;
  }

  close(id: number): void {
    this.#statements.delete(id);
  }

  /** Parts of one parameter come one after the other. */
  addLongData(id: number, parameter: number, data: Uint8Array): void {
    const statement = this.#statements.get(id);
    if (statement === undefined) return;
    const before = statement.longData.get(parameter);
    const length = (before?.length ?? 0) + data.length;
    if (length > LONG_DATA_BYTES_MAX) {
      statement.longDataError = vtError("ER_NET_PACKET_TOO_LARGE");
      return;
    }
    const joined = new Uint8Array(length);
    if (before !== undefined) joined.set(before);
    joined.set(data, before?.length ?? 0);
    statement.longData.set(parameter, joined);
  }

  /** Names have no letter case. */
  name(name: string, text: StatementText): void {
    if (this.#named.size >= STATEMENTS_MAX) throw vtError("VT24007", STATEMENTS_MAX);
    this.#named.set(name.toLowerCase(), text);
  }

  /** VT09011. */
  named(name: string, command: string): StatementText {
    const text = this.#named.get(name.toLowerCase());
    if (text === undefined) throw vtError("VT09011", name, command);
    return text;
  }

  forget(name: string): void {
    this.named(name, "DEALLOCATE PREPARE");
    this.#named.delete(name.toLowerCase());
  }

  clear(): void {
    this.#statements.clear();
    this.#named.clear();
  }
}
