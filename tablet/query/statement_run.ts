/**
 * One statement on its way through mysqld: counts its rows and bytes, watches its time, and stops
 * it with KILL QUERY when a limit is passed or nobody wants the answer any more.
 */
import { VtError, vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import { type Abortable, AbortList } from "../../shared/host/abort_list.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { Limits, PacketSink } from "../../shared/rpc/query_service.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import type { Killer } from "./killer.ts";
import type { PooledConnection } from "./pooled_connection.ts";
import { RowCounter } from "./row_counter.ts";
import { isErr } from "./terminal.ts";

export interface RunDependencies {
  readonly killer: Killer;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Statement {
  readonly sql: Uint8Array;
  /** See ExecuteRequest.parameters. */
  readonly parameters: Uint8Array | undefined;
  readonly limits: Limits;
}

export class StatementRun implements Deadline, Abortable {
  readonly #deps: RunDependencies;
  readonly #connection: PooledConnection;
  readonly #limits: Limits;
  readonly #sink: PacketSink;
  readonly #rows: RowCounter | undefined;
  readonly #pass = (packets: Uint8Array) => this.#onPackets(packets);
  dueAtMs = Infinity;
  slot = -1;
  #bytes = 0;
  #paused = false;
  #stopReason: VtError | undefined;
  #killing: Promise<void> | undefined;

  constructor(
    deps: RunDependencies,
    connection: PooledConnection,
    limits: Limits,
    sink: PacketSink,
  ) {
    this.#deps = deps;
    this.#connection = connection;
    this.#limits = limits;
    this.#sink = sink;
    if (limits.rowsMax > 0) this.#rows = new RowCounter(connection.profile.capabilities);
  }

  /**
   * Resolves with the last packet, an ERR too. Throws VT20007, VT20010, VT20011 when a limit was
   * passed, VT20018 when mysqld went away, and what the sink throws.
   */
  async run(statement: Statement, signal: AbortSignal): Promise<Uint8Array> {
    const { timeoutMs } = this.#limits;
    if (timeoutMs > 0) {
      this.dueAtMs = this.#deps.clock.monotonicMs() + timeoutMs;
      this.#deps.deadlines.add(this);
    }
    const aborts = AbortList.of(signal);
    aborts.add(this);
    try {
      if (signal.aborted) throw vtError("ER_QUERY_INTERRUPTED");
      return this.#judge(await this.#send(statement));
    } catch (error) {
      throw this.#stopReason ?? mysqldLost(error);
    } finally {
      aborts.remove(this);
      if (timeoutMs > 0) this.#deps.deadlines.remove(this);
      // A KILL that arrives after the statement's end would hit the next one.
      if (this.#killing !== undefined) await this.#killing;
    }
  }

  #send({ sql, parameters }: Statement): Promise<Uint8Array> {
    return parameters === undefined
      ? this.#connection.query(sql, this.#pass)
      : this.#connection.execute(sql, parameters, this.#pass);
  }

  #onPackets(packets: Uint8Array): void | Promise<void> {
    // What a stopped statement still sends goes nowhere.
    if (this.#stopReason !== undefined) return;
    this.#bytes += packets.length;
    const { bytesMax, rowsMax } = this.#limits;
    if (bytesMax > 0 && this.#bytes > bytesMax) {
      return this.#kill(vtError("VT20011", this.#bytes, bytesMax));
    }
    if (this.#rows !== undefined && this.#rows.add(packets) > rowsMax) {
      return this.#kill(vtError("VT20010", rowsMax));
    }
    const pending = this.#sink(packets);
    return pending === undefined ? undefined : this.#pause(pending);
  }

  /** Time that the reader takes is not the statement's. */
  async #pause(pending: Promise<void>): Promise<void> {
    const { clock, deadlines } = this.#deps;
    const since = clock.monotonicMs();
    this.#paused = true;
    await pending;
    this.#paused = false;
    if (this.dueAtMs === Infinity) return;
    this.dueAtMs += clock.monotonicMs() - since;
    deadlines.add(this);
  }

  onAbort(): void {
    this.#kill(vtError("ER_QUERY_INTERRUPTED"));
  }

  onDue(): void {
    // #pause sets it again.
    if (!this.#paused) this.#kill(vtError("VT20007", this.#limits.timeoutMs));
  }

  #kill(reason: VtError): void {
    if (this.#stopReason !== undefined) return;
    this.#stopReason = reason;
    this.#connection.tainted = true;
    this.#killing = this.#deps.killer.killQuery(this.#connection.threadId).catch((error) => {
      // Then the connection itself has to go; mysqld notices at its next write.
      this.#deps.log.warn("KILL QUERY failed", { error: String(error) });
      this.#connection.close();
    });
  }

  /** A statement that ended before the KILL reached it has its effect: its answer stands. */
  #judge(terminal: Uint8Array): Uint8Array {
    const reason = this.#stopReason;
    if (reason === undefined) return terminal;
    const wasCut = reason.id === "VT20010" || reason.id === "VT20011";
    const isLate = reason.id === "VT20007" && isErr(terminal);
    if (wasCut || isLate) throw reason;
    return terminal;
  }
}

/** A connection to mysqld that broke under a statement, as this tablet's clients see it. */
export function mysqldLost(error: unknown): unknown {
  if (!(error instanceof VtError) || error.id !== "VT20006") return error;
  return vtErrorFrom(error, "VT20018", error.message.slice("VT20006: ".length));
}
