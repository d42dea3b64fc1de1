/**
 * Connections to mysqld, bounded in number, kept by profile.
 *
 * ```
 *   acquire ── idle of this profile ─────────────────────────────▶ in use ── release ──▶ idle
 *      ├────── room for one more: open ──────────────────────────▶   │
 *      ├────── idle of another profile: reset (same capabilities)    └── closed, tainted: dropped
 *      │       or replace                                        ▶
 *      └────── none: wait in line, at most `waitMs`, then VT20008
 * ```
 */
import { VtError, vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { ConnectionProfile } from "../../shared/rpc/query_service.ts";
import type { PooledConnection } from "./pooled_connection.ts";

export interface PoolOptions {
  /** As errors and metrics call it. */
  readonly name: string;
  readonly size: number;
  readonly waitersMax: number;
  readonly waitMs: number;
  /** An idle connection is closed after this long. */
  readonly idleMs: number;
  readonly clock: Clock;
  readonly connect: (profile: ConnectionProfile) => Promise<PooledConnection>;
}

/** The idle connections of one profile; the one used last goes out first. */
interface Lane {
  readonly key: string;
  readonly idle: PooledConnection[];
}

interface Waiter {
  readonly profile: ConnectionProfile;
  readonly resolve: (connection: PooledConnection) => void;
  readonly reject: (error: unknown) => void;
}

export interface PoolStats {
  readonly size: number;
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

export class ConnectionPool implements Disposable {
  readonly #options: PoolOptions;
  readonly #lanes = new Map<string, Lane>();
  #laneOfProfile = new WeakMap<ConnectionProfile, Lane>();
  readonly #waiters = new Set<Waiter>();
  readonly #sweeper: ReturnType<typeof setInterval>;
  #open = 0;
  #closed = false;
  #generation = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#sweeper = setInterval(() => this.#sweep(), Math.max(10, options.idleMs / 4));
  }

  get stats(): PoolStats {
    let idle = 0;
    for (const lane of this.#lanes.values()) idle += lane.idle.length;
    return { size: this.#options.size, open: this.#open, idle, waiting: this.#waiters.size };
  }

  /**
   * A connection of the profile, at once where one is idle. Give it back with `release`. Throws
   * VT20008 when all are in use for too long, VT20012 when mysqld can't be reached.
   */
  acquire(
    profile: ConnectionProfile,
    signal: AbortSignal,
  ): PooledConnection | Promise<PooledConnection> {
    const lane = this.#lane(profile);
    for (let next = lane.idle.pop(); next !== undefined; next = lane.idle.pop()) {
      if (!next.closed) return next;
      this.#open--;
    }
    if (this.#closed) return Promise.reject(vtError("VT20001", "SHUTTING_DOWN"));
    if (this.#open < this.#options.size) return this.#connect(profile);
    const other = this.#takeOther(profile);
    return other === undefined ? this.#wait(profile, signal) : this.#convert(other, profile);
  }

  /** Gives a connection back. It must be between statements and outside of a transaction. */
  release(connection: PooledConnection): void {
    const stale = connection.tainted || connection.generation !== this.#generation;
    if (connection.closed || stale || this.#closed) {
      this.discard(connection);
      return;
    }
    const [waiter] = this.#waiters;
    if (waiter === undefined) {
      connection.idleSinceMs = this.#options.clock.monotonicMs();
      this.#lane(connection.profile).idle.push(connection);
      return;
    }
    this.#waiters.delete(waiter);
    void this.#convert(connection, waiter.profile).then(waiter.resolve, waiter.reject);
  }

  /** Gives back a connection that nobody shall use again. */
  discard(connection: PooledConnection): void {
    connection.close();
    this.#leave();
  }

  /** One connection fewer: room for a waiter. */
  #leave(): void {
    this.#open--;
    const [waiter] = this.#waiters;
    if (waiter === undefined || this.#closed) return;
    this.#waiters.delete(waiter);
    void this.#connect(waiter.profile).then(waiter.resolve, waiter.reject);
  }

  #lane(profile: ConnectionProfile): Lane {
    const known = this.#laneOfProfile.get(profile);
    if (known !== undefined) return known;
    const key = `${profile.capabilities} ${profile.collation} ${profile.settings}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { key, idle: [] };
      this.#lanes.set(key, lane);
    }
    this.#laneOfProfile.set(profile, lane);
    return lane;
  }

  async #connect(profile: ConnectionProfile): Promise<PooledConnection> {
    this.#open++;
    const generation = this.#generation;
    try {
      const connection = await this.#options.connect(profile);
      connection.generation = generation;
      return connection;
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  /** The connection that was idle for longest, one with the same capabilities first. */
  #takeOther(profile: ConnectionProfile): PooledConnection | undefined {
    let best: Lane | undefined;
    for (const lane of this.#lanes.values()) {
      const candidate = lane.idle[0];
      if (candidate !== undefined && precedes(candidate, best?.idle[0], profile)) best = lane;
    }
    return best?.idle.shift();
  }

  /** Makes a connection fit a profile. On failure it is gone. */
  async #convert(
    connection: PooledConnection,
    profile: ConnectionProfile,
  ): Promise<PooledConnection> {
    if (this.#lane(connection.profile) === this.#lane(profile)) return connection;
    if (connection.profile.capabilities !== profile.capabilities) {
      connection.close();
      this.#open--;
      return await this.#connect(profile);
    }
    try {
      await connection.reset(profile);
      return connection;
    } catch (error) {
      this.discard(connection);
      throw error;
    }
  }

  #wait(profile: ConnectionProfile, signal: AbortSignal): Promise<PooledConnection> {
    const { name, size, waitersMax, waitMs } = this.#options;
    // Only the event of an abort is heard below.
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#waiters.size >= waitersMax) throw vtError("VT20008", name, size);
    const { promise, resolve, reject } = Promise.withResolvers<PooledConnection>();
    const waiter: Waiter = { profile, resolve, reject };
    const giveUp = (error: unknown) => {
      // Whoever was given a connection meanwhile keeps it.
      if (this.#waiters.delete(waiter)) reject(error);
    };
    const timer = setTimeout(() => giveUp(vtError("VT20008", name, size)), waitMs);
    const onAbort = () => giveUp(signal.reason);
    signal.addEventListener("abort", onAbort);
    this.#waiters.add(waiter);
    return promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    });
  }

  #sweep(): void {
    const before = this.#options.clock.monotonicMs() - this.#options.idleMs;
    for (const lane of this.#lanes.values()) {
      while (lane.idle[0] !== undefined && lane.idle[0].idleSinceMs < before) {
        lane.idle.shift()?.close();
        this.#open--;
      }
      if (lane.idle.length === 0) this.#forget(lane);
    }
  }

  /** Settings come and go: a lane without connections is only its key. */
  #forget(lane: Lane): void {
    if (this.#lanes.size <= LANES_KEPT) return;
    this.#lanes.delete(lane.key);
    this.#laneOfProfile = new WeakMap();
  }

  /** Closes what is idle: mysqld went away, or the tablet changes its role. */
  clearIdle(): void {
    for (const lane of this.#lanes.values()) {
      for (const connection of lane.idle.splice(0)) {
        connection.close();
        this.#open--;
      }
    }
  }

  /** No connection of now takes another statement than it has: the server's settings changed. */
  renew(): void {
    this.#generation++;
    this.clearIdle();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearInterval(this.#sweeper);
    this.clearIdle();
    for (const waiter of this.#waiters) waiter.reject(vtError("VT20001", "SHUTTING_DOWN"));
    this.#waiters.clear();
  }
}

/**
 * What `acquire` throws, for whom it leads to a statement: no connection, so nothing has run, and
 * the gate may try again, here or elsewhere (VT20001).
 */
export function notConnected(error: unknown): unknown {
  if (!(error instanceof VtError) || (error.id !== "VT20012" && error.id !== "VT20006")) {
    return error;
  }
  return vtErrorFrom(error, "VT20001", `NOT_CONNECTED (${error.message})`);
}

const LANES_KEPT = 100;

function precedes(
  candidate: PooledConnection,
  best: PooledConnection | undefined,
  profile: ConnectionProfile,
): boolean {
  if (best === undefined) return true;
  const fits = candidate.profile.capabilities === profile.capabilities;
  const bestFits = best.profile.capabilities === profile.capabilities;
  return fits === bestFits ? candidate.idleSinceMs < best.idleSinceMs : fits;
}
