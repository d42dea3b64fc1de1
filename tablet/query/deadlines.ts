/**
 * Deadlines of many statements and transactions on one timer: setting a timer for each costs more
 * than a microsecond, and nearly none of them is ever due.
 */
import type { Clock } from "../../shared/io/clock.ts";

export interface Deadline {
  /** Monotonic milliseconds. May be moved while it is set: later without notice, earlier with `add`. */
  readonly dueAtMs: number;
  /** Called once, after which the deadline is no longer set. */
  onDue(): void;
}

export class Deadlines implements Disposable {
  readonly #clock: Clock;
  readonly #set = new Set<Deadline>();
  readonly #wake = () => this.#check();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAtMs = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#set.size;
  }

  add(deadline: Deadline): void {
    this.#set.add(deadline);
    if (deadline.dueAtMs < this.#timerAtMs) this.#arm(deadline.dueAtMs);
  }

  remove(deadline: Deadline): void {
    this.#set.delete(deadline);
  }

  #arm(atMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAtMs = atMs;
    if (atMs === Infinity) return;
    this.#timer = setTimeout(this.#wake, Math.max(1, Math.ceil(atMs - this.#clock.monotonicMs())));
  }

  #check(): void {
    const now = this.#clock.monotonicMs();
    const due = [...this.#set].filter((deadline) => deadline.dueAtMs <= now);
    for (const deadline of due) this.#set.delete(deadline);
    this.#arm(Math.min(Infinity, ...[...this.#set].map((deadline) => deadline.dueAtMs)));
    for (const deadline of due) deadline.onDue();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#set.clear();
  }
}
