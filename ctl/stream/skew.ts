/**
 * Keeps the shards of a stream near each other in time: what happened later on one shard waits
 * until the others have come as far. Best effort, by the clocks of their servers (Vitess's
 * minimize_skew).
 */
import type { StreamItem } from "../../shared/binlog/change.ts";
import { Wakeups } from "./wakeups.ts";

interface Call {
  readonly signal: AbortSignal;
}

/** Binlogs tell seconds; Vitess allows as much. */
const SKEW_SECONDS_MAX = 1;

export class Skew {
  /** How far each shard was read, in seconds since 1970; -Infinity for one that said nothing. */
  readonly #times = new Map<string, number>();
  readonly #changes = new Wakeups();

  has(who: string): boolean {
    return this.#times.has(who);
  }

  /** Others wait for this one from now on. */
  join(who: string): void {
    if (!this.#times.has(who)) this.#times.set(who, -Infinity);
  }

  /** Others no longer wait for this one. */
  leave(who: string): void {
    this.#times.delete(who);
    this.#changes.wakeAll();
  }

  /**
   * Waits until the first item may go, and says how many may. `nowSec`: the time that a shard
   * without anything new has reached. Throws the signal's reason.
   */
  async admit(
    who: string,
    items: readonly StreamItem[],
    nowSec: number,
    { signal }: Call,
  ): Promise<number> {
    for (;;) {
      signal.throwIfAborted();
      const latest = this.#earliestOther(who) + SKEW_SECONDS_MAX;
      const early = items.findIndex((item) => timeOf(item, nowSec) > latest);
      const count = early < 0 ? items.length : early;
      if (count > 0) {
        this.#advance(who, items.slice(0, count), nowSec);
        return count;
      }
      // What it shows of itself, the others need not wait for.
      this.#advance(who, items.slice(0, 1), nowSec);
      await this.#changes.changed(signal);
    }
  }

  #earliestOther(who: string): number {
    let earliest = Infinity;
    for (const [other, time] of this.#times) {
      if (other !== who && time < earliest) earliest = time;
    }
    return earliest;
  }

  #advance(who: string, items: readonly StreamItem[], nowSec: number): void {
    const before = this.#times.get(who);
    if (before === undefined) return;
    const times = items.map((item) => timeOf(item, nowSec)).filter(Number.isFinite);
    const after = Math.max(before, ...times);
    if (after === before) return;
    this.#times.set(who, after);
    this.#changes.wakeAll();
  }
}

/** -Infinity: it goes with what is before it. The end of a transaction in parts does, too. */
function timeOf(item: StreamItem, nowSec: number): number {
  switch (item.kind) {
    case "transaction":
    case "ddl":
      return item.timestampSec;
    case "heartbeat":
      return nowSec;
    default:
      return -Infinity;
  }
}
