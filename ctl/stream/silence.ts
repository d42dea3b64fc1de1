/** How long nothing has come. Time in which the receiver holds it back doesn't count. */
import type { Clock } from "../../shared/io/clock.ts";

export class Silence {
  readonly #clock: Clock;
  #sinceMs: number;
  /** Deliveries under way, and when the first of them began. */
  #holds = 0;
  #heldMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonicMs();
  }

  /** Of the sender's own, in milliseconds. */
  get lengthMs(): number {
    return (this.#holds > 0 ? this.#heldMs : this.#clock.monotonicMs()) - this.#sinceMs;
  }

  /** Something came. */
  break(): void {
    this.#sinceMs = this.#heldMs = this.#clock.monotonicMs();
  }

  /** Something came, and the receiver takes it. Throws what `deliver` throws. */
  async heard(deliver: () => Promise<void>): Promise<void> {
    // At once: whoever looks while the receiver is busy must not see the silence before it.
    this.break();
    try {
      await this.holding(deliver);
    } finally {
      this.break();
    }
  }

  /** Waits for the receiver. Throws what `work` throws. */
  async holding(work: () => Promise<void>): Promise<void> {
    if (this.#holds++ === 0) this.#heldMs = this.#clock.monotonicMs();
    try {
      await work();
    } finally {
      if (--this.#holds === 0) this.#sinceMs += this.#clock.monotonicMs() - this.#heldMs;
    }
  }
}
