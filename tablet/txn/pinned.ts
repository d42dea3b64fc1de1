/** A connection that belongs to one session of one gate for a while. One statement at a time. */
import { vtError } from "../../shared/error/errors.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Deadline, Deadlines } from "../query/deadlines.ts";
import type { PooledConnection } from "../query/pooled_connection.ts";

export interface Lifetime {
  readonly transactionMs: number;
  readonly reservedIdleMs: number;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly onExpired: (pinned: Pinned, limitMs: number) => void;
}

export class Pinned implements Deadline {
  readonly id: number;
  readonly connection: PooledConnection;
  /** The gate's connection that opened it. */
  readonly owner: object;
  readonly #lifetime: Lifetime;
  readonly #turns: (() => void)[] = [];
  /** Temporary tables and the like: it stays pinned without a transaction. */
  reserved: boolean;
  busy = false;
  dueAtMs = Infinity;
  slot = -1;
  #limitMs = 0;
  #inTransaction = false;

  constructor(
    id: number,
    connection: PooledConnection,
    owner: object,
    reserved: boolean,
    lifetime: Lifetime,
  ) {
    this.id = id;
    this.connection = connection;
    this.owner = owner;
    this.reserved = reserved;
    this.#lifetime = lifetime;
  }

  /** Waits for the statements before. */
  async enter(signal: AbortSignal): Promise<void> {
    while (this.busy) await this.#turn(signal);
    this.busy = true;
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const turn = Promise.withResolvers<void>();
    const giveUp = () => {
      const at = this.#turns.indexOf(turn.resolve);
      // Not there: its turn came in the same moment, and it takes it.
      if (at < 0) return;
      this.#turns.splice(at, 1);
      turn.reject(vtError("ER_QUERY_INTERRUPTED"));
    };
    this.#turns.push(turn.resolve);
    signal.addEventListener("abort", giveUp);
    try {
      if (signal.aborted) giveUp();
      await turn.promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  leave(): void {
    this.busy = false;
    if (!this.#inTransaction && this.reserved) this.#limit(this.#lifetime.reservedIdleMs);
    this.#turns.shift()?.();
  }

  /** A transaction is open; its time runs from the first call on. */
  began(): void {
    if (this.#inTransaction) return;
    this.#inTransaction = true;
    this.#limit(this.#lifetime.transactionMs);
  }

  ended(): void {
    this.#inTransaction = false;
    if (this.reserved) this.#limit(this.#lifetime.reservedIdleMs);
  }

  #limit(ms: number): void {
    if (this.dueAtMs === -Infinity || ms === 0) return;
    const { clock, deadlines } = this.#lifetime;
    this.#limitMs = ms;
    this.dueAtMs = clock.monotonicMs() + ms;
    deadlines.add(this);
  }

  onDue(): void {
    if (this.busy && !this.#inTransaction) {
      // A long statement on a reserved connection is not idleness.
      this.#limit(this.#lifetime.reservedIdleMs);
      return;
    }
    this.#lifetime.onExpired(this, this.#limitMs);
  }

  /** No more deadlines. */
  dispose(): void {
    this.#lifetime.deadlines.remove(this);
    this.dueAtMs = -Infinity;
  }
}
