/**
 * Transactions and reserved connections: each has a connection to mysqld of its own, under an id
 * that the gate names with every further statement.
 *
 * ```
 *   begin ──▶ in transaction ── COMMIT, ROLLBACK, implicit commit, deadlock ──▶ back to the pool
 *   reserve ▶ reserved ──────── release ──▶ reset, back to the pool
 *   either ── too old, gate gone, demotion, shutdown ──▶ connection killed; mysqld rolls back
 * ```
 *
 * Whether a transaction is open is what mysqld says in each answer (SERVER_STATUS_IN_TRANS), never
 * what a statement looks like. Why a transaction ended is remembered for a while, for VT20009.
 */
import { VtError, vtError } from "../../shared/error/errors.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import { SERVER_STATUS_IN_TRANS } from "../../shared/mysql/status_flags.ts";
import type {
  ExecuteRequest,
  Limits,
  PacketSink,
  ServerWarning,
} from "../../shared/rpc/query_service.ts";
import { type ConnectionPool, notConnected } from "../query/pool.ts";
import type { PooledConnection } from "../query/pooled_connection.ts";
import { mysqldLost, type RunDependencies, StatementRun } from "../query/statement_run.ts";
import { statusFlagsOf } from "../query/terminal.ts";
import { warningsBehind } from "../query/warnings.ts";
import { GoneTransactions } from "./gone.ts";
import { Pinned } from "./pinned.ts";

export interface TransactionOptions {
  readonly pool: ConnectionPool;
  readonly run: RunDependencies;
  readonly clock: Clock;
  readonly log: Log;
  /** From BEGIN to its end. */
  readonly transactionMs: number;
  /** A reserved connection between two statements. */
  readonly reservedIdleMs: number;
}

export interface TransactionResult {
  /** 0: the transaction ended with this statement. */
  readonly transactionId: number;
  readonly terminal: Uint8Array;
  readonly warnings: readonly ServerWarning[];
}

export class Transactions {
  readonly #options: TransactionOptions;
  readonly #open = new Map<number, Pinned>();
  readonly #gone = new GoneTransactions();
  readonly #idleWaiters: (() => void)[] = [];
  #lastId: number;

  constructor(options: TransactionOptions) {
    this.#options = options;
    // Ids of an earlier life of this tablet must not come again.
    this.#lastId = options.clock.now() * 1000;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Opens a transaction (request.begin), a reserved connection, or both, and runs the statement. */
  async start(
    request: ExecuteRequest,
    limits: Limits,
    owner: object,
    sink: PacketSink,
    signal: AbortSignal,
  ): Promise<TransactionResult> {
    const connection = await this.#acquire(request, signal);
    const pinned = new Pinned(++this.#lastId, connection, owner, request.reserve, this.#lifetime());
    this.#open.set(pinned.id, pinned);
    try {
      await pinned.enter(signal);
      try {
        // "set transaction isolation level serializable; start transaction"
        for (const sql of request.begin.split(";")) {
          if (sql.trim() !== "") await connection.run(sql);
        }
        if (request.begin !== "") pinned.began();
        return await this.#statement(pinned, request, limits, sink, signal);
      } finally {
        pinned.leave();
      }
    } catch (error) {
      // Nobody learns the id of a transaction whose first statement gave no answer.
      this.#kill(pinned, "its first statement failed");
      throw mysqldLost(error);
    }
  }

  async #acquire({ profile }: ExecuteRequest, signal: AbortSignal): Promise<PooledConnection> {
    try {
      return await this.#options.pool.acquire(profile, signal);
    } catch (error) {
      throw notConnected(error);
    }
  }

  /** Runs a statement in a transaction or on a reserved connection. VT20009 when it is gone. */
  async execute(
    request: ExecuteRequest,
    limits: Limits,
    sink: PacketSink,
    signal: AbortSignal,
  ): Promise<TransactionResult> {
    const pinned = this.#find(request.transactionId);
    await pinned.enter(signal);
    try {
      this.#checkAlive(pinned);
      if (request.reserve) pinned.reserved = true;
      return await this.#statement(pinned, request, limits, sink, signal);
    } finally {
      pinned.leave();
    }
  }

  async #statement(
    pinned: Pinned,
    request: ExecuteRequest,
    limits: Limits,
    sink: PacketSink,
    signal: AbortSignal,
  ): Promise<TransactionResult> {
    const { connection } = pinned;
    let terminal: Uint8Array;
    try {
      terminal = await new StatementRun(this.#options.run, connection, limits, sink)
        .run(request, signal);
    } catch (error) {
      if (!connection.closed) await this.#afterFailure(pinned);
      throw this.#lost(pinned, error);
    }
    const pending = warningsBehind(connection, terminal);
    const warnings = pending instanceof Promise ? await pending : pending;
    const open = connection.tainted || statusFlagsOf(terminal) === undefined
      ? await this.#askStatus(pinned)
      : isOpen(terminal);
    return { transactionId: this.#settle(pinned, open) ? pinned.id : 0, terminal, warnings };
  }

  /** A limit was passed: the connection lives, and perhaps the transaction. */
  async #afterFailure(pinned: Pinned): Promise<void> {
    this.#settle(pinned, await this.#askStatus(pinned));
  }

  /** An ERR doesn't say whether the transaction goes on: a deadlock ends it, a duplicate key doesn't. */
  async #askStatus(pinned: Pinned): Promise<boolean> {
    const { connection } = pinned;
    // A KILL that came late may hit these instead of its statement; then the second tells.
    for (let attempt = 0; attempt < 3; attempt++) {
      const terminal = await connection.query(DO_NOTHING, () => {});
      if (statusFlagsOf(terminal) === undefined) continue;
      connection.tainted = false;
      return isOpen(terminal);
    }
    connection.close();
    throw vtError("VT20012", "a killed connection doesn't recover");
  }

  /** Follows what mysqld says. False when the connection isn't pinned any more. */
  #settle(pinned: Pinned, inTransaction: boolean): boolean {
    if (inTransaction) pinned.began();
    else pinned.ended();
    if (inTransaction || pinned.reserved) return true;
    this.#end(pinned, "it ended with its last statement");
    this.#options.pool.release(pinned.connection);
    return false;
  }

  async commit(transactionId: number, signal: AbortSignal): Promise<void> {
    await this.#conclude(this.#find(transactionId), "commit", "transaction committed", signal);
  }

  /** A transaction that is gone already was rolled back: nothing to do. */
  async rollback(transactionId: number, signal: AbortSignal): Promise<void> {
    const pinned = this.#open.get(transactionId);
    if (pinned === undefined) return;
    await this.#conclude(pinned, "rollback", "transaction rolled back", signal);
  }

  async #conclude(
    pinned: Pinned,
    sql: string,
    reason: string,
    signal: AbortSignal,
  ): Promise<void> {
    await pinned.enter(signal);
    try {
      this.#checkAlive(pinned);
      await pinned.connection.run(sql);
      if (!this.#settle(pinned, false)) this.#remember(pinned.id, reason);
    } catch (error) {
      if (error instanceof VtError && error.id === "VT20009") throw error;
      const cause = pinned.connection.closed ? `it was lost during ${sql}` : "";
      this.#kill(pinned, `${sql} failed`);
      throw cause === "" ? error : vtError("VT20018", cause);
    } finally {
      pinned.leave();
    }
  }

  /** Gives a reserved connection back; an open transaction on it is rolled back. */
  async release(transactionId: number, signal: AbortSignal): Promise<void> {
    const pinned = this.#open.get(transactionId);
    if (pinned === undefined) return;
    await pinned.enter(signal);
    try {
      if (!this.#open.has(transactionId)) return;
      this.#end(pinned, "released");
      await pinned.connection.reset(pinned.connection.profile);
      this.#options.pool.release(pinned.connection);
    } catch (error) {
      this.#options.pool.discard(pinned.connection);
      this.#options.log.debug("a reserved connection could not be reset", { error: String(error) });
    } finally {
      pinned.leave();
    }
  }

  /** Ends what the gate behind `owner` left open. */
  abandon(owner: object): void {
    for (const pinned of [...this.#open.values()]) {
      if (pinned.owner === owner) this.#kill(pinned, "the connection to its gate was lost");
    }
  }

  /** Ends those on these connections to mysqld, but for reserved ones without a transaction; which. */
  endThreads(threads: ReadonlySet<number>, reason: string): ReadonlySet<number> {
    const ended = new Set<number>();
    for (const pinned of [...this.#open.values()]) {
      const { threadId } = pinned.connection;
      if (!threads.has(threadId)) continue;
      ended.add(threadId);
      this.#kill(pinned, reason);
    }
    return ended;
  }

  /** Waits for transactions to end, `graceMs` at most, and rolls back the rest. */
  async rollbackAll(reason: string, graceMs: number): Promise<void> {
    if (graceMs > 0 && this.#open.size > 0) {
      const idle = new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
      const timeout = Promise.withResolvers<void>();
      const timer = setTimeout(timeout.resolve, graceMs);
      await Promise.race([idle, timeout.promise]);
      clearTimeout(timer);
    }
    for (const pinned of [...this.#open.values()]) this.#kill(pinned, reason);
  }

  #find(transactionId: number): Pinned {
    const pinned = this.#open.get(transactionId);
    if (pinned !== undefined) return pinned;
    const reason = this.#gone.describe(transactionId) ?? "this tablet doesn't know it (any more)";
    throw vtError("VT20009", String(transactionId), reason);
  }

  /** It may have ended while the caller waited for its turn. */
  #checkAlive(pinned: Pinned): void {
    if (this.#open.get(pinned.id) !== pinned) this.#find(pinned.id);
  }

  /** What a statement throws whose connection broke, perhaps because its transaction was killed. */
  #lost(pinned: Pinned, error: unknown): unknown {
    if (!pinned.connection.closed) return error;
    const reason = this.#gone.describe(pinned.id);
    if (reason !== undefined) return vtError("VT20009", String(pinned.id), reason);
    this.#kill(pinned, "its connection to mysqld was lost");
    return mysqldLost(error);
  }

  #lifetime(): ConstructorParameters<typeof Pinned>[4] {
    const { transactionMs, reservedIdleMs, clock, run } = this.#options;
    return {
      transactionMs,
      reservedIdleMs,
      clock,
      deadlines: run.deadlines,
      onExpired: (pinned, limitMs) =>
        this.#kill(pinned, `exceeded timeout: ${Math.round(limitMs / 1000)}s`),
    };
  }

  #end(pinned: Pinned, reason: string): void {
    pinned.dispose();
    if (!this.#open.delete(pinned.id)) return;
    this.#remember(pinned.id, reason);
    if (this.#open.size === 0) { for (const wake of this.#idleWaiters.splice(0)) wake(); }
  }

  #remember(id: number, reason: string): void {
    this.#gone.remember(id, reason, this.#options.clock.now());
  }

  /** Ends a transaction from outside: mysqld rolls it back when its connection goes. */
  #kill(pinned: Pinned, reason: string): void {
    if (!this.#open.has(pinned.id)) return;
    this.#end(pinned, reason);
    const { connection } = pinned;
    if (!connection.closed && pinned.busy) {
      void this.#options.run.killer.killConnection(connection.threadId).catch((error) =>
        this.#options.log.warn("KILL failed", { error: String(error) })
      );
    }
    this.#options.pool.discard(connection);
  }
}

const DO_NOTHING = new TextEncoder().encode("do 0");

function isOpen(terminal: Uint8Array): boolean {
  return ((statusFlagsOf(terminal) ?? 0) & SERVER_STATUS_IN_TRANS) !== 0;
}
