/**
 * Deadlines of many statements and transactions on one timer: setting a timer for each costs more
 * than a microsecond, and nearly none of them is ever due.
 */
import type { Clock } from "../../shared/io/clock.ts";

export interface Deadline {
  /** Monotonic milliseconds. May be moved while it is set: later without notice, earlier with `add`. */
  readonly dueAtMs: number;
  /** Where `Deadlines` keeps it; -1 while it is not set. Nobody else's to change. */
  slot: number;
  /** Called once, after which the deadline is no longer set. */
  onDue(): void;
}

export class Deadlines implements Disposable {
  readonly #clock: Clock;
  /** Not a Set: see shared/host/slot_table.ts. */
  readonly #set: Deadline[] = [];
  readonly #wake = () => this.#check();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAtMs = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#set.length;
  }

  add(deadline: Deadline): void {
    if (deadline.slot < 0) deadline.slot = this.#set.push(deadline) - 1;
    if (deadline.dueAtMs < this.#timerAtMs) this.#arm(deadline.dueAtMs);
  }

  remove(deadline: Deadline): void {
    const { slot } = deadline;
    if (slot < 0) return;
    deadline.slot = -1;
    const last = this.#set.pop();
    if (last === undefined || last === deadline) return;
    this.#set[slot] = last;
    last.slot = slot;
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
    const due = this.#set.filter((deadline) => deadline.dueAtMs <= now);
    for (const deadline of due) this.remove(deadline);
    this.#arm(this.#set.reduce((next, { dueAtMs }) => Math.min(next, dueAtMs), Infinity));
    for (const deadline of due) deadline.onDue();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const deadline of this.#set.splice(0)) deadline.slot = -1;
  }
}
