/**
 * One connection to mysqld, over its unix socket or TCP, that hands results on as packets.
 *
 * The hot path is one write and usually one read: a small answer arrives whole, is scanned for its
 * end (shared/mysql/result_boundary.ts) and goes to the sink in one call, undecoded.
 *
 * One command at a time; a second one while the first runs is a programmer's error. When a signal
 * aborts during a command, or the stream breaks, the connection closes, and `closed` tells the
 * pool. To stop a statement and keep the connection, run `KILL QUERY threadId` on another one: the
 * statement then ends with mysqld's own ERR.
 */
import { vtError } from "../../shared/error/errors.ts";
import {
  CLIENT_COMPRESS,
  CLIENT_CONNECT_ATTRS,
  CLIENT_DEPRECATE_EOF,
  CLIENT_LOCAL_FILES,
  CLIENT_LONG_FLAG,
  CLIENT_LONG_PASSWORD,
  CLIENT_MULTI_RESULTS,
  CLIENT_OPTIONAL_RESULTSET_METADATA,
  CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA,
  CLIENT_PS_MULTI_RESULTS,
  CLIENT_QUERY_ATTRIBUTES,
  CLIENT_SESSION_TRACK,
  CLIENT_SSL,
  CLIENT_TRANSACTIONS,
  CLIENT_ZSTD_COMPRESSION_ALGORITHM,
} from "../../shared/mysql/capabilities.ts";
import type { ServerSession } from "../../shared/mysql/client_auth.ts";
import {
  COM_INIT_DB,
  COM_PING,
  COM_QUERY,
  COM_QUIT,
  COM_RESET_CONNECTION,
  COM_STMT_CLOSE,
  COM_STMT_EXECUTE,
  COM_STMT_PREPARE,
} from "../../shared/mysql/commands.ts";
import { EOF_HEADER } from "../../shared/mysql/eof_packet.ts";
import { ERR_HEADER, mysqlErrorOf } from "../../shared/mysql/err_packet.ts";
import { encodeFrames, FRAME_HEADER_BYTES, packetEnd } from "../../shared/mysql/frame.ts";
import { ResultBoundary } from "../../shared/mysql/result_boundary.ts";
import { ResultRows } from "../../shared/mysql/result_rows.ts";
import { decodeStmtPrepareOk } from "../../shared/mysql/stmt_prepare.ts";
import type { PacketSink } from "../../shared/rpc/query_service.ts";
import { dial, login, type MysqldAddress } from "./login.ts";
import type { PacketStream } from "./packet_stream.ts";

export interface MysqldConnectOptions {
  readonly address: MysqldAddress;
  readonly user: string;
  readonly password: string;
  /** "" selects none. */
  readonly database: string;
  /** On top of what every connection has: CLIENT_DEPRECATE_EOF, CLIENT_FOUND_ROWS, CLIENT_MULTI_STATEMENTS. */
  readonly capabilities: number;
  /** Collation id for the handshake, below 256; set others with SET NAMES. */
  readonly collation: number;
}

interface Options {
  readonly signal: AbortSignal;
}

export interface PreparedStatement {
  readonly statementId: number;
  /** Column-definition packets with headers, each; empty for a statement without a result. */
  readonly columns: readonly Uint8Array[];
  readonly parameters: readonly Uint8Array[];
}

export interface TextRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

const CAPABILITIES = CLIENT_LONG_PASSWORD | CLIENT_LONG_FLAG | CLIENT_TRANSACTIONS |
  CLIENT_MULTI_RESULTS | CLIENT_PS_MULTI_RESULTS | CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA |
  CLIENT_CONNECT_ATTRS;

/** They change the packets in ways that nothing here reads. */
const CAPABILITIES_REFUSED = CLIENT_COMPRESS | CLIENT_SSL | CLIENT_LOCAL_FILES |
  CLIENT_SESSION_TRACK | CLIENT_OPTIONAL_RESULTSET_METADATA | CLIENT_ZSTD_COMPRESSION_ALGORITHM |
  CLIENT_QUERY_ATTRIBUTES;

/** Of a frame: behind the three bytes of length. */
const SEQUENCE_ID_OFFSET = 3;

/** mysqld's largest max_allowed_packet: its own limit decides. */
const PACKET_BYTES_MAX = 1 << 30;

const ATTRIBUTES: ReadonlyMap<string, string> = new Map([["program_name", "vttablet"]]);

const HEAD_QUERY = Uint8Array.of(COM_QUERY);
const HEAD_PREPARE = Uint8Array.of(COM_STMT_PREPARE);
const NOTHING = new Uint8Array(0);

/** Command, statement id, no cursor, one iteration: the part of COM_STMT_EXECUTE before the NULL bitmap. */
const EXECUTE_HEAD_BYTES = 10;

export class MysqldConnection implements Disposable {
  readonly #stream: PacketStream;
  readonly #session: ServerSession;
  readonly #boundary: ResultBoundary;
  readonly #deprecateEof: boolean;
  readonly #executeHead = new Uint8Array(EXECUTE_HEAD_BYTES);
  readonly #onAbort = () => {
    if (this.#busy) this.#stream.close();
  };
  #busy = false;
  /** The signal that `#onAbort` listens to: kept over commands that share one. */
  #signal: AbortSignal | undefined;

  private constructor(stream: PacketStream, session: ServerSession) {
    this.#stream = stream;
    this.#session = session;
    this.#deprecateEof = (session.capabilities & CLIENT_DEPRECATE_EOF) !== 0;
    this.#boundary = new ResultBoundary({ deprecateEof: this.#deprecateEof });
    this.#executeHead[0] = COM_STMT_EXECUTE;
    this.#executeHead[6] = 1;
  }

  /**
   * Connects and logs in. Throws VT20012 when nobody answers, mysqld's refusal as MysqlError,
   * the signal's reason.
   */
  static async connect(
    options: MysqldConnectOptions,
    { signal }: Options,
  ): Promise<MysqldConnection> {
    const stream = await dial(options.address, { signal });
    const onAbort = () => stream.close();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const session = await login(stream, {
        user: options.user,
        password: options.password,
        database: options.database,
        capabilities: (options.capabilities | CAPABILITIES) & ~CAPABILITIES_REFUSED,
        collation: options.collation,
        maxPacketBytes: PACKET_BYTES_MAX,
        attributes: ATTRIBUTES,
        secure: "socketPath" in options.address,
      });
      return new MysqldConnection(stream, session);
    } catch (error) {
      stream.close();
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** What KILL and information_schema.PROCESSLIST call this connection. */
  get threadId(): number {
    return this.#session.greeting.connectionId;
  }

  /** As in the greeting: "10.11.6-MariaDB", "8.4.2", "5.5.5-10.11.6-MariaDB". */
  get serverVersion(): string {
    return this.#session.greeting.serverVersion;
  }

  /** Capabilities that both sides set. */
  get capabilities(): number {
    return this.#session.capabilities;
  }

  get closed(): boolean {
    return this.#stream.closed;
  }

  /**
   * Runs a statement. The sink gets all packets but the last one; bytes are valid during its call
   * (until its promise resolves), and while its promise is pending nothing is read. Resolves with
   * the last packet, which is an ERR when mysqld refused. Throws VT20006 when the connection is
   * lost, and what the sink throws; both close the connection.
   */
  query(sql: Uint8Array, sink: PacketSink, options: Options): Promise<Uint8Array> {
    return this.#run(HEAD_QUERY, sql, sink, options.signal);
  }

  /** Prepares a statement. Throws mysqld's refusal as MysqlError. */
  async prepare(sql: Uint8Array, { signal }: Options): Promise<PreparedStatement> {
    this.#begin(signal);
    try {
      await this.#stream.send(HEAD_PREPARE, sql);
      const answer = await this.#stream.readPacket();
      if (answer[0] === ERR_HEADER) return this.#refuse(answer);
      const ok = decodeStmtPrepareOk(answer);
      const parameters = await this.#readDefinitions(ok.parameterCount, 2);
      const eof = this.#deprecateEof || ok.parameterCount === 0 ? 0 : 1;
      const columns = await this.#readDefinitions(ok.columnCount, 2 + ok.parameterCount + eof);
      this.#end();
      return { statementId: ok.statementId, columns, parameters };
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Packets of their own with headers, since whoever prepared keeps them. */
  async #readDefinitions(count: number, sequenceId: number): Promise<readonly Uint8Array[]> {
    const packets: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      packets.push(encodeFrames(await this.#stream.readPacket(), sequenceId + i));
    }
    if (count > 0 && !this.#deprecateEof) await this.#stream.readPacket();
    return packets;
  }

  /**
   * Runs a prepared statement, with an answer in binary protocol. `parameters` are the bytes of
   * COM_STMT_EXECUTE from the NULL bitmap on; empty when there are none. Otherwise as `query`.
   */
  execute(
    statementId: number,
    parameters: Uint8Array,
    sink: PacketSink,
    options: Options,
  ): Promise<Uint8Array> {
    const head = this.#executeHead;
    head[1] = statementId;
    head[2] = statementId >> 8;
    head[3] = statementId >> 16;
    head[4] = statementId >> 24;
    // head[5] are the flags: no cursor. head[6..9] count one iteration.
    return this.#run(head, parameters, sink, options.signal);
  }

  /** Forgets a prepared statement. mysqld answers nothing. */
  async closeStatement(statementId: number, { signal }: Options): Promise<void> {
    this.#begin(signal);
    const head = new Uint8Array(5);
    const view = new DataView(head.buffer);
    view.setUint8(0, COM_STMT_CLOSE);
    view.setUint32(1, statementId, true);
    try {
      await this.#stream.send(head, NOTHING);
      this.#end();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /**
   * Makes the session new: variables, transaction, temporary tables, prepared statements. The
   * database stays on MySQL and MariaDB alike.
   */
  resetConnection(options: Options): Promise<void> {
    return this.#simple(Uint8Array.of(COM_RESET_CONNECTION), options);
  }

  ping(options: Options): Promise<void> {
    return this.#simple(Uint8Array.of(COM_PING), options);
  }

  /** Selects a database. Throws mysqld's refusal as MysqlError. */
  initDb(database: string, options: Options): Promise<void> {
    const name = new TextEncoder().encode(database);
    const command = new Uint8Array(1 + name.length);
    command[0] = COM_INIT_DB;
    command.set(name, 1);
    return this.#simple(command, options);
  }

  async #simple(command: Uint8Array, { signal }: Options): Promise<void> {
    const terminal = await this.#run(command, NOTHING, () => {}, signal);
    if (terminal[FRAME_HEADER_BYTES] === ERR_HEADER) {
      throw mysqlErrorOf(terminal.subarray(FRAME_HEADER_BYTES));
    }
  }

  /**
   * The rows of an administrative query whose result is text and small: all is held in memory.
   * Throws mysqld's refusal as MysqlError.
   */
  async fetchRows(sql: string, { signal }: Options): Promise<TextRows> {
    const result = new ResultRows({ deprecateEof: this.#deprecateEof });
    const terminal = await this.query(
      new TextEncoder().encode(sql),
      (packets) => result.add(packets),
      { signal },
    );
    if (terminal[FRAME_HEADER_BYTES] === ERR_HEADER) {
      throw mysqlErrorOf(terminal.subarray(FRAME_HEADER_BYTES));
    }
    const utf8 = new TextDecoder();
    return {
      columns: result.columns.map((column) => column.name),
      rows: result.rows.map((row) =>
        row.map((value) => value === null ? null : utf8.decode(value))
      ),
    };
  }

  /** The hot path: sends a command and passes its answer on. */
  async #run(
    head: Uint8Array,
    body: Uint8Array,
    sink: PacketSink,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    this.#begin(signal);
    const stream = this.#stream;
    const boundary = this.#boundary;
    boundary.reset();
    let first = true;
    try {
      await this.#sendAndFill(head, body);
      for (;;) {
        const ended = boundary.scan(stream.buffer, stream.start, stream.end);
        if (boundary.safeEnd > stream.start) {
          first = false;
          const pending = sink(stream.buffer.subarray(stream.start, boundary.safeEnd));
          if (pending !== undefined) await pending;
          stream.consume(boundary.safeEnd);
        }
        if (ended && boundary.state === "done") return this.#terminal(first);
        if (ended) await this.#refuseLocalInfile();
        await stream.fill();
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /**
   * Sends a command whose answer does not end by itself (COM_BINLOG_DUMP): the sink gets whole
   * packets with headers, as `query` gives them, until mysqld sends an ERR or EOF. Resolves with
   * that packet's payload. The connection can't be used again after that.
   */
  async stream(command: Uint8Array, sink: PacketSink, { signal }: Options): Promise<Uint8Array> {
    this.#begin(signal);
    const stream = this.#stream;
    try {
      await stream.send(command, NOTHING);
      for (;;) {
        const found = scanEvents(stream.buffer, stream.start, stream.end);
        if (found.end > stream.start) {
          const pending = sink(stream.buffer.subarray(stream.start, found.end));
          if (pending !== undefined) await pending;
          stream.consume(found.end);
        }
        if (found.ended) {
          const terminal = (await stream.readPacket()).slice();
          this.close();
          return terminal;
        }
        await stream.fill();
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /**
   * A mysqld that refuses a statement as too large answers and closes before it has read all: then
   * its answer says more than our failed write.
   */
  async #sendAndFill(head: Uint8Array, body: Uint8Array): Promise<void> {
    let failure: unknown;
    try {
      await this.#stream.send(head, body);
    } catch (error) {
      failure = error;
    }
    try {
      await this.#stream.fill();
    } catch (error) {
      throw failure ?? error;
    }
  }

  /** `alone`: no packet came before it. */
  #terminal(alone: boolean): Uint8Array {
    const stream = this.#stream;
    const { safeEnd, terminalEnd } = this.#boundary;
    const terminal = stream.buffer.slice(safeEnd, terminalEnd);
    stream.consume(terminalEnd);
    if (alone && terminal[SEQUENCE_ID_OFFSET] === 0) {
      // Sent before our command: why mysqld closed the connection while it was idle.
      throw stream.lost(mysqlErrorOf(terminal.subarray(FRAME_HEADER_BYTES)).message);
    }
    if (stream.start !== stream.end) throw vtError("ER_NET_PACKETS_OUT_OF_ORDER");
    stream.shrink();
    this.#end();
    return terminal;
  }

  /** LOAD DATA LOCAL: the file is the client's. An empty packet refuses; an ERR or OK follows. */
  async #refuseLocalInfile(): Promise<void> {
    const sequenceId = this.#stream.buffer[this.#boundary.safeEnd + SEQUENCE_ID_OFFSET] ?? 0;
    this.#stream.consume(this.#boundary.terminalEnd);
    this.#boundary.reset();
    await this.#stream.send(NOTHING, NOTHING, sequenceId + 1);
  }

  #refuse(answer: Uint8Array): never {
    const error = mysqlErrorOf(answer);
    this.#end();
    throw error;
  }

  #begin(signal: AbortSignal): void {
    if (this.#busy) throw new Error("Cannot run two commands at a time on one connection");
    signal.throwIfAborted();
    if (this.#stream.closed) throw this.#stream.lost("it is closed");
    if (signal !== this.#signal) {
      this.#signal?.removeEventListener("abort", this.#onAbort);
      signal.addEventListener("abort", this.#onAbort, { once: true });
      this.#signal = signal;
    }
    this.#busy = true;
  }

  #end(): void {
    this.#busy = false;
  }

  /** What a command throws: after anything but a refusal of mysqld the connection is closed. */
  #failed(error: unknown): unknown {
    if (!this.#busy) return error;
    const signal = this.#signal;
    this.close();
    return signal?.aborted ? signal.reason : error;
  }

  /** Closes at once; a command under way throws. mysqld rolls an open transaction back. */
  close(): void {
    this.#busy = false;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#signal = undefined;
    this.#stream.close();
  }

  /** Says good-bye first, so that mysqld doesn't log an aborted connection. */
  async quit(options: Options): Promise<void> {
    if (this.closed) return;
    this.#begin(options.signal);
    try {
      await this.#stream.send(Uint8Array.of(COM_QUIT), NOTHING);
    } finally {
      this.close();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The whole packets up to the one that ends a stream, or up to what is incomplete. */
function scanEvents(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly end: number; readonly ended: boolean } {
  let at = start;
  for (;;) {
    const next = packetEnd(bytes, at, end);
    if (next < 0) return { end: at, ended: false };
    const header = bytes[at + FRAME_HEADER_BYTES];
    if (header === ERR_HEADER || header === EOF_HEADER) return { end: at, ended: true };
    at = next;
  }
}
