/**
 * The tablet's query service: checks that a request is for what this tablet serves, runs it on a
 * pooled connection, or on the one of its transaction, and lets the packets of mysqld through.
 *
 * One `QueryEngine` for the tablet; a `GateSession` for each gate that is connected, so that what
 * a lost gate left open ends with it.
 */
import { vtError } from "../../shared/error/errors.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { TabletAlias, Target } from "../../shared/model/tablet.ts";
import { CLIENT_DEPRECATE_EOF } from "../../shared/mysql/capabilities.ts";
import {
  SERVER_STATUS_AUTOCOMMIT,
  SERVER_STATUS_IN_TRANS,
} from "../../shared/mysql/status_flags.ts";
import type {
  ConnectionProfile,
  ExecuteRequest,
  ExecuteResult,
  Limits,
  Options,
  PacketSink,
  PrepareResult,
  QueryService,
  TableSchema,
  TabletHealth,
} from "../../shared/rpc/query_service.ts";
import { MysqldConnection } from "../mysqld/connection.ts";
import type { MysqldAddress } from "../mysqld/login.ts";
import { mayChangeSchema } from "../schema/ddl.ts";
import { SchemaTracker } from "../schema/schema_tracker.ts";
import { Transactions } from "../txn/transactions.ts";
import { Collations, HANDSHAKE_COLLATION } from "./collations.ts";
import { Deadlines } from "./deadlines.ts";
import { Killer } from "./killer.ts";
import { ConnectionPool, notConnected, type PoolStats } from "./pool.ts";
import { PooledConnection } from "./pooled_connection.ts";
import { type Generation, InFlight } from "./in_flight.ts";
import { limitsOf, type QueryLimits } from "./query_limits.ts";
import { Sequences } from "./sequences.ts";
import { mysqldLost, type RunDependencies, StatementRun } from "./statement_run.ts";
import { isOk, statusFlagsOf } from "./terminal.ts";
import { warningsBehind } from "./warnings.ts";

/** What the tablet serves, decided by tablet/serve. */
export interface Serving {
  /** Throws VT20001 ... VT20004 when a statement for `target` on `tables` is refused. */
  admit(target: Target, tables: readonly string[]): void;
  /** The same for a statement of a transaction that is open: throws VT20004 only. */
  checkTables(tables: readonly string[]): void;
  /** The current health at once, then each change and a heartbeat, until the signal aborts. */
  watchHealth(onHealth: (health: TabletHealth) => void, options: Options): Promise<void>;
}

export interface EngineOptions {
  readonly alias: TabletAlias;
  readonly address: MysqldAddress;
  readonly user: string;
  readonly password: string;
  /** The keyspace's, as mysqld calls it: vt_KEYSPACE unless the tablet is told another. */
  readonly database: string;
  readonly limits: QueryLimits;
  readonly serving: Serving;
  readonly clock: Clock;
  readonly log: Log;
  /** The schema version grew: health says so to the gates. */
  readonly onSchemaChange: (version: number) => void;
}

/** For what the tablet itself asks: schema, sequences. */
const OWN_PROFILE: ConnectionProfile = {
  capabilities: CLIENT_DEPRECATE_EOF,
  collation: HANDSHAKE_COLLATION,
  settings: "",
};

const EVER = new AbortController().signal;

export interface EngineStats {
  readonly pool: PoolStats;
  readonly transactionPool: PoolStats;
  readonly transactions: number;
}

export class QueryEngine implements AsyncDisposable {
  /** Statements that are admitted and not yet answered. */
  readonly inFlight = new InFlight();
  readonly transactions: Transactions;
  readonly schema: SchemaTracker;
  readonly sequences: Sequences;
  readonly #options: EngineOptions;
  readonly #stop = new AbortController();
  readonly #collations = new Collations();
  readonly #deadlines: Deadlines;
  readonly #killer: Killer;
  readonly #pool: ConnectionPool;
  readonly #transactionPool: ConnectionPool;
  readonly #run: RunDependencies;
  readonly #watching: Promise<void>;

  constructor(options: EngineOptions) {
    const { clock, log, limits } = options;
    this.#options = options;
    this.#deadlines = new Deadlines(clock);
    this.#killer = new Killer((call) => this.#dial(OWN_PROFILE, call));
    this.#run = { killer: this.#killer, deadlines: this.#deadlines, clock, log };
    this.#pool = this.#newPool("query", limits.poolSize, limits.poolWaitMs);
    this.#transactionPool = this.#newPool(
      "transaction",
      limits.transactionCap,
      limits.transactionWaitMs,
    );
    this.transactions = new Transactions({
      pool: this.#transactionPool,
      run: this.#run,
      clock,
      log,
      transactionMs: limits.transactionTimeoutMs,
      reservedIdleMs: limits.reservedIdleMs,
    });
    this.sequences = new Sequences((work) => this.#withConnection(work), log);
    this.schema = new SchemaTracker({
      rows: (sql) => this.#withConnection((connection) => connection.rows(sql)),
      clock,
      log,
      checkMs: limits.schemaCheckMs,
      onChange: options.onSchemaChange,
    });
    this.#watching = this.schema.watch(this.#stop.signal);
  }

  get stats(): EngineStats {
    return {
      pool: this.#pool.stats,
      transactionPool: this.#transactionPool.stats,
      transactions: this.transactions.size,
    };
  }

  /** The service as one gate sees it. Dispose when the gate is gone. */
  session(): GateSession {
    return new GateSession(this, this.#options);
  }

  #newPool(name: string, size: number, waitMs: number): ConnectionPool {
    const { clock, limits } = this.#options;
    return new ConnectionPool({
      name,
      size,
      waitMs,
      waitersMax: limits.poolWaitersMax,
      idleMs: limits.poolIdleMs,
      clock,
      connect: (profile) => this.#connect(profile),
    });
  }

  #dial(profile: ConnectionProfile, options: Options): Promise<MysqldConnection> {
    const { address, user, password, database } = this.#options;
    const { capabilities } = profile;
    const collation = HANDSHAKE_COLLATION;
    return MysqldConnection.connect(
      { address, user, password, database, capabilities, collation },
      options,
    );
  }

  async #connect(profile: ConnectionProfile): Promise<PooledConnection> {
    const options = { signal: this.#stop.signal };
    const raw = await this.#dial(profile, options);
    return await PooledConnection.adopt(raw, this.#collations, profile, options);
  }

  /** A connection for a statement outside of a transaction. Nothing has run when it throws. */
  async #acquire(profile: ConnectionProfile, signal: AbortSignal): Promise<PooledConnection> {
    try {
      return await this.#pool.acquire(profile, signal);
    } catch (error) {
      throw notConnected(error);
    }
  }

  /** Runs one statement on a pooled connection. */
  async execute(
    request: ExecuteRequest,
    sink: PacketSink,
    signal: AbortSignal,
  ): Promise<ExecuteResult> {
    const acquired = this.#pool.acquire(request.profile, signal);
    // No wait where one is idle: each statement would pay for it.
    const connection = acquired instanceof PooledConnection
      ? acquired
      : await acquired.catch(rethrowNotConnected);
    try {
      const run = new StatementRun(this.#run, connection, this.limits(request), sink);
      const terminal = await run.run(request, signal);
      const pending = warningsBehind(connection, terminal);
      const warnings = pending instanceof Promise ? await pending : pending;
      this.#release(connection, statusFlagsOf(terminal));
      this.#noticeDdl(request.sql, terminal);
      return { transactionId: 0, tablet: this.#options.alias, terminal, warnings };
    } catch (error) {
      if (connection.closed) this.#pool.clearIdle();
      // What a failed statement left on the connection is not known.
      this.#pool.discard(connection);
      throw error;
    }
  }

  /** A statement may have opened a transaction behind our back: it must not reach the next session. */
  #release(connection: PooledConnection, flags: number | undefined): void {
    const isClean = flags === undefined ||
      (flags & (SERVER_STATUS_IN_TRANS | SERVER_STATUS_AUTOCOMMIT)) === SERVER_STATUS_AUTOCOMMIT;
    if (isClean) this.#pool.release(connection);
    else this.#pool.discard(connection);
  }

  /** Runs a statement in a transaction or on a reserved connection, or opens one with it. */
  async executePinned(
    request: ExecuteRequest,
    owner: object,
    sink: PacketSink,
    signal: AbortSignal,
  ): Promise<ExecuteResult> {
    const limits = this.limits(request);
    const { transactionId, terminal, warnings } = request.transactionId === 0
      ? await this.transactions.start(request, limits, owner, sink, signal)
      : await this.transactions.execute(request, limits, sink, signal);
    this.#noticeDdl(request.sql, terminal);
    return { transactionId, tablet: this.#options.alias, terminal, warnings };
  }

  limits(request: ExecuteRequest): Limits {
    return limitsOf(this.#options.limits, request.limits);
  }

  async prepare(request: ExecuteRequest, signal: AbortSignal): Promise<PrepareResult> {
    const connection = await this.#acquire(request.profile, signal);
    try {
      const { columns, parameters } = await connection.prepare(request.sql);
      return { columns, parameters };
    } catch (error) {
      throw mysqldLost(error);
    } finally {
      this.#pool.release(connection);
    }
  }

  async #withConnection<T>(work: (connection: PooledConnection) => Promise<T>): Promise<T> {
    const connection = await this.#acquire(OWN_PROFILE, EVER);
    try {
      return await work(connection);
    } catch (error) {
      throw mysqldLost(error);
    } finally {
      this.#pool.release(connection);
    }
  }

  #noticeDdl(sql: Uint8Array, terminal: Uint8Array): void {
    if (mayChangeSchema(sql) && isOk(terminal)) this.schemaMayHaveChanged();
  }

  /** Looks at the schema soon: gates learn of changes through health. */
  schemaMayHaveChanged(): void {
    void this.schema.reload().catch((error) =>
      this.#options.log.warn("schema could not be read after DDL", { error: String(error) })
    );
  }

  /**
   * The tablet stops serving: a demotion, a shutdown. Transactions get `graceMs` to end and are
   * rolled back then; what sequences had reserved is given up.
   */
  async close(reason: string, graceMs: number): Promise<void> {
    await this.transactions.rollbackAll(reason, graceMs);
    this.sequences.clear();
  }

  /** Sessions keep the settings that the server had when they began: new ones from now on. */
  renewConnections(): void {
    this.#pool.renew();
    this.#transactionPool.renew();
  }

  /** mysqld is gone: so are its connections. */
  mysqldGone(): void {
    this.#pool.clearIdle();
    this.#transactionPool.clearIdle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close("the tablet is shutting down", 0);
    this.#stop.abort(vtError("VT20001", "SHUTTING_DOWN"));
    this.#pool[Symbol.dispose]();
    this.#transactionPool[Symbol.dispose]();
    this.#killer[Symbol.dispose]();
    this.#deadlines[Symbol.dispose]();
    await this.#watching;
  }
}

function rethrowNotConnected(error: unknown): never {
  throw notConnected(error);
}

/** QueryService for one gate: its transactions end with it. */
export class GateSession implements QueryService, Disposable {
  readonly #engine: QueryEngine;
  readonly #serving: Serving;

  constructor(engine: QueryEngine, options: Pick<EngineOptions, "serving">) {
    this.#engine = engine;
    this.#serving = options.serving;
  }

  execute(
    request: ExecuteRequest,
    sink: PacketSink,
    { signal }: Options,
  ): Promise<ExecuteResult> {
    const isOpen = request.transactionId !== 0;
    try {
      // One that is open ends where it began, or with its tablet.
      if (isOpen) this.#serving.checkTables(request.tables);
      else this.#serving.admit(request.target, request.tables);
    } catch (error) {
      return Promise.reject(error);
    }
    const generation = this.#engine.inFlight.enter(request.sql);
    const result = !isOpen && request.begin === "" && !request.reserve
      ? this.#engine.execute(request, sink, signal)
      : this.#engine.executePinned(request, this, sink, signal);
    return generation === undefined ? result : this.#counted(generation, result);
  }

  async #counted<T>(generation: Generation, result: Promise<T>): Promise<T> {
    try {
      return await result;
    } finally {
      this.#engine.inFlight.leave(generation);
    }
  }

  async prepare(request: ExecuteRequest, { signal }: Options): Promise<PrepareResult> {
    this.#serving.admit(request.target, request.tables);
    return await this.#engine.prepare(request, signal);
  }

  commit(_target: Target, transactionId: number, { signal }: Options): Promise<void> {
    return this.#engine.transactions.commit(transactionId, signal);
  }

  rollback(_target: Target, transactionId: number, { signal }: Options): Promise<void> {
    return this.#engine.transactions.rollback(transactionId, signal);
  }

  release(_target: Target, transactionId: number, { signal }: Options): Promise<void> {
    return this.#engine.transactions.release(transactionId, signal);
  }

  async nextSequence(target: Target, table: string, count: number): Promise<bigint> {
    if (target.tabletType !== "primary") throw vtError("VT20002", target.tabletType, "primary");
    this.#serving.admit(target, [table]);
    const generation = this.#engine.inFlight.enterWrite();
    return await this.#counted(generation, this.#engine.sequences.next(table, count));
  }

  async schema(target: Target): Promise<readonly TableSchema[]> {
    this.#serving.admit(target, []);
    return await this.#engine.schema.tables();
  }

  streamHealth(onHealth: (health: TabletHealth) => void, options: Options): Promise<void> {
    return this.#serving.watchHealth(onHealth, options);
  }

  [Symbol.dispose](): void {
    this.#engine.transactions.abandon(this);
  }
}
