/**
 * Sessions for tests of the MySQL server alone: they answer a few words instead of SQL.
 *
 *     echo TEXT     one row with TEXT; other statements are echoed whole
 *     rows N BYTES  N rows of BYTES each
 *     sleep         waits for the signal and answers with its reason
 *     begin, commit a transaction
 *     fail          throws
 *     kill N, kill query N
 */
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { VtError } from "../../shared/error/errors.ts";
import { CLIENT_DEPRECATE_EOF } from "../../shared/mysql/capabilities.ts";
import { encodeBinaryRow } from "../../shared/mysql/binary_row.ts";
import {
  type ColumnDefinition,
  encodeColumnDefinition,
} from "../../shared/mysql/column_definition.ts";
import { MYSQL_TYPE_VAR_STRING } from "../../shared/mysql/column_types.ts";
import { encodeEofPacket } from "../../shared/mysql/eof_packet.ts";
import { encodeErrPacket } from "../../shared/mysql/err_packet.ts";
import { EMPTY_OK, encodeOkPacket, OK_HEADER_AFTER_ROWS } from "../../shared/mysql/ok_packet.ts";
import {
  SERVER_STATUS_AUTOCOMMIT,
  SERVER_STATUS_IN_TRANS,
} from "../../shared/mysql/status_flags.ts";
import { decodeStmtExecute, type ParameterType } from "../../shared/mysql/stmt_execute.ts";
import { encodeStmtPrepareOk } from "../../shared/mysql/stmt_prepare.ts";
import { encodeTextRow } from "../../shared/mysql/text_row.ts";
import type {
  ClientInfo,
  ClientSession,
  ClientWriter,
  Command,
  Kill,
  SessionFactory,
} from "../../gate/session/client.ts";

const UTF8 = new TextEncoder();

interface Statement {
  readonly sql: string;
  readonly parameterCount: number;
  readonly longData: Map<number, Uint8Array>;
  types: readonly ParameterType[] | undefined;
}

type Options = { readonly signal: AbortSignal };

export class ScriptedSession implements ClientSession {
  readonly client: ClientInfo;
  readonly kill: Kill;
  readonly commands: Command["com"][] = [];
  readonly #factory: ScriptedSessions;
  readonly #statements = new Map<number, Statement>();
  inTransaction = false;

  constructor(client: ClientInfo, kill: Kill, factory: ScriptedSessions) {
    this.client = client;
    this.kill = kill;
    this.#factory = factory;
  }

  get serverStatus(): number {
    return SERVER_STATUS_AUTOCOMMIT | (this.inTransaction ? SERVER_STATUS_IN_TRANS : 0);
  }

  async run(command: Command, writer: ClientWriter, options: Options): Promise<void> {
    this.commands.push(command.com);
    switch (command.com) {
      case "query":
        return await this.#query(new TextDecoder().decode(command.sql), writer, options);
      case "stmt_prepare":
        return this.#prepare(new TextDecoder().decode(command.sql), writer);
      case "stmt_execute":
        return this.#execute(command.statementId, command.payload, writer);
      case "stmt_send_long_data": {
        const { longData } = this.#statement(command.statementId);
        const before = longData.get(command.parameter) ?? new Uint8Array(0);
        const all = new Uint8Array(before.length + command.data.length);
        all.set(before);
        all.set(command.data, before.length);
        longData.set(command.parameter, all);
        return;
      }
      case "stmt_close":
        this.#statements.delete(command.statementId);
        return;
      case "field_list":
        writer.packet(encodeEofPacket({ warnings: 0, statusFlags: this.serverStatus }));
        return;
      case "process_kill":
        return this.#kill(command.connectionId, "connection", writer);
      default:
        return this.#ok(writer);
    }
  }

  #ok(writer: ClientWriter): void {
    const ok = { ...EMPTY_OK, statusFlags: this.serverStatus };
    writer.packet(encodeOkPacket(ok, this.client.capabilities));
  }

  async #query(sql: string, writer: ClientWriter, { signal }: Options): Promise<void> {
    const [word = "", ...rest] = sql.split(" ");
    switch (word) {
      case "begin":
      case "commit":
        this.inTransaction = word === "begin";
        return this.#ok(writer);
      case "fail":
        throw new Error("a bug in the session");
      case "sleep":
        return await this.#sleep(writer, signal);
      case "rows":
        return await this.#rows(Number(rest[0]), Number(rest[1]), writer, signal);
      case "kill":
        return this.#kill(
          Number(rest.at(-1)),
          rest[0] === "query" ? "query" : "connection",
          writer,
        );
      default:
        this.#head(1, writer);
        writer.packet(encodeTextRow([UTF8.encode(word === "echo" ? rest.join(" ") : sql)]));
        return this.#tail(writer);
    }
  }

  #kill(id: number, what: "query" | "connection", writer: ClientWriter): void {
    this.#factory.sessions.get(id)?.kill(what);
    this.#ok(writer);
  }

  async #sleep(writer: ClientWriter, signal: AbortSignal): Promise<void> {
    this.#factory.sleeping++;
    const ended = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => ended.resolve(), { once: true });
    await ended.promise;
    this.#factory.sleeping--;
    const { reason } = signal;
    if (!(reason instanceof VtError || reason instanceof MysqlError)) throw reason;
    writer.packet(encodeErrPacket(reason));
  }

  async #rows(
    count: number,
    bytes: number,
    writer: ClientWriter,
    signal: AbortSignal,
  ): Promise<void> {
    this.#head(1, writer);
    const row = encodeTextRow([new Uint8Array(bytes).fill(0x78)]);
    for (let i = 0; i < count && !signal.aborted; i++) {
      writer.packet(row);
      this.#factory.bufferedMax = Math.max(this.#factory.bufferedMax, writer.buffered);
      if (writer.buffered > 256 * 1024) await writer.drained();
    }
    this.#tail(writer);
  }

  #head(columns: number, writer: ClientWriter): void {
    writer.packet(Uint8Array.of(columns));
    for (let i = 0; i < columns; i++) writer.packet(encodeColumnDefinition(textColumn(i)));
    if ((this.client.capabilities & CLIENT_DEPRECATE_EOF) === 0) this.#eof(writer);
  }

  #eof(writer: ClientWriter): void {
    writer.packet(encodeEofPacket({ warnings: 0, statusFlags: this.serverStatus }));
  }

  #tail(writer: ClientWriter): void {
    if ((this.client.capabilities & CLIENT_DEPRECATE_EOF) === 0) return this.#eof(writer);
    const ok = { ...EMPTY_OK, statusFlags: this.serverStatus };
    writer.packet(encodeOkPacket(ok, this.client.capabilities, OK_HEADER_AFTER_ROWS));
  }

  /** Parameters come back as the columns of one row. */
  #prepare(sql: string, writer: ClientWriter): void {
    const parameterCount = sql.split("?").length - 1;
    const statementId = this.#statements.size + 1;
    this.#statements.set(statementId, {
      sql,
      parameterCount,
      longData: new Map(),
      types: undefined,
    });
    const columnCount = parameterCount;
    writer.packet(encodeStmtPrepareOk({ statementId, columnCount, parameterCount, warnings: 0 }));
    const withEof = (this.client.capabilities & CLIENT_DEPRECATE_EOF) === 0;
    for (const count of [parameterCount, columnCount]) {
      for (let i = 0; i < count; i++) writer.packet(encodeColumnDefinition(textColumn(i)));
      if (count > 0 && withEof) this.#eof(writer);
    }
  }

  #statement(statementId: number): Statement {
    const statement = this.#statements.get(statementId);
    if (statement === undefined) throw new Error(`no statement ${statementId}`);
    return statement;
  }

  #execute(statementId: number, payload: Uint8Array, writer: ClientWriter): void {
    const statement = this.#statement(statementId);
    const execute = decodeStmtExecute(payload, { ...statement, queryAttributes: false });
    statement.types = execute.types;
    statement.longData.clear();
    if (execute.values.length === 0) return this.#ok(writer);
    this.#head(execute.values.length, writer);
    const row = execute.values.map((value) =>
      value.type === "null" ? null : Uint8Array.from(value.text, (c) => c.charCodeAt(0))
    );
    writer.packet(encodeBinaryRow(row, row.map((_, i) => textColumn(i))));
    this.#tail(writer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#factory.sessions.delete(this.client.connectionId);
    return Promise.resolve();
  }
}

/** "text", "text2" ... */
function textColumn(index: number): ColumnDefinition {
  return {
    schema: "",
    table: "",
    originalTable: "",
    name: index === 0 ? "text" : `text${index + 1}`,
    originalName: "",
    collation: 45,
    columnLength: 1000,
    type: MYSQL_TYPE_VAR_STRING,
    flags: 0,
    decimals: 31,
  };
}

export class ScriptedSessions implements SessionFactory {
  /** Open ones, by connection id. */
  readonly sessions = new Map<number, ScriptedSession>();
  /** All clients that ever logged in. */
  readonly clients: ClientInfo[] = [];
  /** Commands that wait for their signal. */
  sleeping = 0;
  /** The most bytes that a writer held. */
  bufferedMax = 0;

  open(
    client: ClientInfo,
    options: { readonly signal: AbortSignal; readonly kill: Kill },
  ): Promise<ClientSession> {
    if (client.database === "nowhere") {
      return Promise.reject(new MysqlError(1049, "42000", "Unknown database 'nowhere'"));
    }
    const session = new ScriptedSession(client, options.kill, this);
    this.sessions.set(client.connectionId, session);
    this.clients.push(client);
    return Promise.resolve(session);
  }
}
