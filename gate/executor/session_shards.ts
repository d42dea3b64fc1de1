/**
 * Runs statements on shards for one session: inside its transaction when it has one, which a
 * shard joins with its first statement.
 */
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { ER_LOCK_DEADLOCK } from "../../shared/error/errno.ts";
import { VtError, vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import type { Target } from "../../shared/model/tablet.ts";
import { ERR_HEADER, mysqlErrorOf } from "../../shared/mysql/err_packet.ts";
import { FRAME_HEADER_BYTES } from "../../shared/mysql/frame.ts";
import { quoteName } from "../../shared/sql/print.ts";
import type {
  ConnectionProfile,
  ExecuteRequest,
  ExecuteResult,
  Options,
  PacketSink,
  PrepareResult,
  QueryService,
  ServerWarning,
} from "../../shared/rpc/query_service.ts";
import type { ShardCall, Shards } from "../engine/shards.ts";
import { bytesOf } from "../engine/template.ts";
import type { ShardConnection } from "../session/state.ts";
import type { LiveSession } from "./live_session.ts";

const NO_WARNINGS: readonly ServerWarning[] = [];
const NO_LIMITS = { timeoutMs: 0, rowsMax: 0, bytesMax: 0 };

export class SessionShards implements Shards {
  readonly #session: LiveSession;
  readonly #tablets: QueryService;
  /** What the running statement says about its time; undefined: the session's limit counts. */
  statementTimeoutMs: number | undefined;
  /** Of the running statement on all its shards; whoever starts one empties it. */
  warnings: readonly ServerWarning[] = NO_WARNINGS;
  /** Shards whose first statement in the transaction is under way. */
  readonly #joining = new Set<Target>();

  constructor(session: LiveSession, tablets: QueryService) {
    this.#session = session;
    this.#tablets = tablets;
  }

  async execute(call: ShardCall, sink: PacketSink, options: Options): Promise<Uint8Array> {
    const { transaction } = this.#session.state;
    const target = this.#target(call.keyspace, call.shard);
    if (transaction.at === "none") {
      const result = await this.#tablets.execute(this.#request(call, target, 0, ""), sink, options);
      return this.#checked(result);
    }
    return await this.#executeInTransaction(call, target, sink, options);
  }

  /** Runs a statement on one of the session's own connections, which is reset before others get it. */
  async executeOn(shard: ShardConnection, sql: string, options: Options): Promise<void> {
    const { target, transactionId } = shard;
    const call = madeCall(target, sql);
    const request = { ...this.#request(call, target, transactionId, ""), reserve: true };
    const result = await this.#tablets.execute(request, () => {}, options);
    checked(result.terminal);
  }

  /**
   * Runs a statement with GET_LOCK and its kin: they belong to a connection, so the session keeps
   * one for them, beside its transactions.
   */
  async executeLocking(call: ShardCall, sink: PacketSink, options: Options): Promise<Uint8Array> {
    const held = this.#session.state.lockConnection;
    const target = held?.target ?? this.#target(call.keyspace, call.shard);
    const id = held?.transactionId ?? 0;
    const request = { ...this.#request(call, target, id, ""), reserve: true };
    try {
      const result = await this.#tablets.execute(request, sink, options);
      const { transactionId, tablet } = result;
      if (held === undefined && transactionId !== 0) {
        const connection = { target, tablet, transactionId };
        this.#session.apply({ on: "lock_connection", connection });
      }
      return this.#checked(result);
    } catch (error) {
      if (error instanceof VtError && endsTransaction(error)) {
        this.#session.apply({ on: "lock_connection", connection: undefined });
      }
      throw error;
    }
  }

  /** Metadata of a statement, from any connection: no transaction changes it. */
  async prepare(call: ShardCall, options: Options): Promise<PrepareResult> {
    const target = this.#target(call.keyspace, call.shard);
    return await this.#tablets.prepare(this.#request(call, target, 0, ""), options);
  }

  /** Runs outside any transaction on a connection with another profile. */
  async tryProfile(call: ShardCall, profile: ConnectionProfile, options: Options): Promise<void> {
    const target = this.#target(call.keyspace, call.shard);
    const request = { ...this.#request(call, target, 0, ""), profile };
    const result = await this.#tablets.execute(request, () => {}, options);
    checked(result.terminal);
  }

  /** Values of a sequence don't belong to the transaction: a rollback leaves a gap. */
  async nextSequence(
    keyspace: string,
    table: string,
    count: number,
    options: Options,
  ): Promise<bigint> {
    const target: Target = { keyspace, shard: "-", tabletType: "primary" };
    return await this.#tablets.nextSequence(target, table, count, options);
  }

  #checked({ terminal, warnings }: ExecuteResult): Uint8Array {
    if (warnings.length > 0) this.warnings = [...this.warnings, ...warnings];
    return checked(terminal);
  }

  #target(keyspace: string, shard: string): Target {
    const { tabletType, alias } = this.#session.state.target;
    const target = { keyspace, shard, tabletType };
    return alias === undefined ? target : { ...target, tablet: alias };
  }

  #request(call: ShardCall, target: Target, transactionId: number, begin: string): ExecuteRequest {
    const { state, profile, client } = this.#session;
    const timeoutMs = this.statementTimeoutMs ?? state.queryTimeoutMs;
    return {
      target,
      user: client.user,
      profile,
      transactionId,
      begin,
      reserve: false,
      sql: call.sql,
      parameters: call.parameters,
      tables: call.tables,
      limits: timeoutMs === 0 ? NO_LIMITS : { ...NO_LIMITS, timeoutMs },
    };
  }

  async #executeInTransaction(
    call: ShardCall,
    target: Target,
    sink: PacketSink,
    options: Options,
  ): Promise<Uint8Array> {
    const found = this.#connectionOf(target);
    if (found !== undefined) return await this.#executeAs(found, call, target, sink, options);
    this.#joining.add(target);
    try {
      const joined = await this.#join(target, options);
      return await this.#executeAs(joined, call, target, sink, options);
    } finally {
      this.#joining.delete(target);
    }
  }

  async #executeAs(
    joined: ShardConnection | undefined,
    call: ShardCall,
    target: Target,
    sink: PacketSink,
    options: Options,
  ): Promise<Uint8Array> {
    const begin = joined === undefined ? this.#begin() : "";
    const request = this.#request(call, target, joined?.transactionId ?? 0, begin);
    try {
      const result = await this.#tablets.execute(request, sink, options);
      if (joined === undefined) this.#joined(target, result);
      return this.#checked(result);
    } catch (error) {
      throw this.#failed(error, joined !== undefined);
    }
  }

  /** This shard's connection, if it takes part. VT24005 when it may not join. */
  #connectionOf(target: Target): ShardConnection | undefined {
    const { transaction, transactionMode } = this.#session.state;
    if (transaction.at === "none") return undefined;
    if (transaction.at === "failed") throw vtError("VT09032");
    const found = transaction.shards.find((shard) => sameTarget(shard.target, target));
    if (found !== undefined || transactionMode !== "single") return found;
    // Shards of one statement join side by side: those on their way count too.
    const others = [...transaction.shards.map((shard) => shard.target), ...this.#joining];
    if (others.every((other) => sameTarget(other, target))) return undefined;
    throw vtError(
      "VT24005",
      [...others, target].map(({ keyspace, shard }) => `${keyspace}/${shard}`).join(" "),
    );
  }

  /** One that joins while savepoints stand gets them first, and then has a connection. */
  async #join(target: Target, options: Options): Promise<ShardConnection | undefined> {
    const { transaction } = this.#session.state;
    if (transaction.at !== "open" || transaction.savepoints.length === 0) return undefined;
    return await this.#joinWithSavepoints(target, transaction.savepoints, options);
  }

  async #joinWithSavepoints(
    target: Target,
    savepoints: readonly string[],
    options: Options,
  ): Promise<ShardConnection> {
    let connection: ShardConnection | undefined;
    for (const name of savepoints) {
      const call = madeCall(target, `savepoint ${quoteName(name)}`);
      const id = connection?.transactionId ?? 0;
      const begin = connection === undefined ? this.#begin() : "";
      const request = this.#request(call, target, id, begin);
      const result = await this.#tablets.execute(request, () => {}, options);
      checked(result.terminal);
      connection ??= this.#joined(target, result);
    }
    if (connection === undefined) throw new TypeError("No savepoint to set");
    return connection;
  }

  #begin(): string {
    const { transaction } = this.#session.state;
    return transaction.at === "open" ? transaction.begin : "";
  }

  #joined(target: Target, result: ExecuteResult): ShardConnection | undefined {
    if (result.transactionId === 0) return undefined;
    const { tablet, transactionId } = result;
    const connection = { target, tablet, transactionId };
    this.#session.apply({ on: "shard_joined", connection });
    return connection;
  }

  /** The error for the client, after the transaction has taken notice of it. */
  #failed(error: unknown, joined: boolean): unknown {
    if (error instanceof MysqlError && error.errno === ER_LOCK_DEADLOCK) {
      // mysqld has rolled back its part; the parts of other shards must not stay.
      this.#session.apply({ on: "transaction_failed", cause: error.message, deadlock: true });
      return error;
    }
    if (!joined || !(error instanceof VtError) || !endsTransaction(error)) return error;
    this.#session.apply({ on: "transaction_failed", cause: error.message, deadlock: false });
    return vtErrorFrom(error, "VT15001", error.message);
  }
}

/** The connection that held the transaction is gone, and the transaction with it. */
function endsTransaction(error: VtError): boolean {
  return error.status === "unavailable" || error.status === "aborted" ||
    error.status === "cluster_event" || error.status === "internal";
}

/** Of a statement that the gate has made, as a byte string. */
function madeCall({ keyspace, shard }: Target, sql: string): ShardCall {
  return { keyspace, shard, sql: bytesOf(sql), parameters: undefined, tables: [] };
}

function sameTarget(a: Target, b: Target): boolean {
  return a.shard === b.shard && a.keyspace === b.keyspace && a.tabletType === b.tabletType;
}

/** Throws the error of an ERR packet. */
function checked(terminal: Uint8Array): Uint8Array {
  if (terminal[FRAME_HEADER_BYTES] !== ERR_HEADER) return terminal;
  throw mysqlErrorOf(terminal.subarray(FRAME_HEADER_BYTES));
}
