/** The tablet's health as its gates hear it: at once, on each change, and now and then. */
import type { TabletHealth } from "../../shared/rpc/query_service.ts";

export type HealthListener = (health: TabletHealth) => void;

/** Gates of a cluster, with room: each has one stream. */
const LISTENERS_MAX = 10_000;

export class HealthBroadcast {
  readonly #listeners = new Set<HealthListener>();
  #current: TabletHealth;

  constructor(first: TabletHealth) {
    this.#current = first;
  }

  get current(): TabletHealth {
    return this.#current;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Sends to all, also when nothing changed: that is the heartbeat. */
  publish(health: TabletHealth): void {
    this.#current = health;
    for (const listener of this.#listeners) listener(health);
  }

  /** Calls back now and on each publish, until the signal. Listeners must not throw. */
  async stream(
    listener: HealthListener,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    if (signal.aborted) return;
    if (this.#listeners.size >= LISTENERS_MAX) {
      throw new RangeError(`Cannot stream health to more than ${LISTENERS_MAX} gates`);
    }
    this.#listeners.add(listener);
    try {
      listener(this.#current);
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    } finally {
      this.#listeners.delete(listener);
    }
  }
}
