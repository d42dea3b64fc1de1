/** Ends a stream where it can be gone on from: at a VGTID. */
import type { VEvent } from "./event.ts";
import type { VGtid } from "./vgtid.ts";

export interface StreamLimits {
  /** Ends behind the transaction with the last of so many rows; 0 for all. */
  readonly rowsMax: number;
  /** Ends where shards were replaced by others, at the position of these. */
  readonly stopOnReshard: boolean;
}

export class StreamLimit {
  readonly #limits: StreamLimits;
  #committed = 0;
  #open = 0;
  #left = false;
  #vgtid: VGtid = [];
  #reached = false;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /** Of transactions that were committed. */
  get rows(): number {
    return this.#committed;
  }

  /** The last that was passed on. */
  get vgtid(): VGtid {
    return this.#vgtid;
  }

  get reached(): boolean {
    return this.#reached;
  }

  /** The events that are still within the limit. */
  pass(events: readonly VEvent[]): readonly VEvent[] {
    for (const [i, event] of events.entries()) {
      if (this.#reached) return events.slice(0, i);
      this.#see(event);
    }
    return events;
  }

  #see(event: VEvent): void {
    switch (event.type) {
      case "ROW":
        this.#open++;
        return;
      case "COMMIT":
        this.#committed += this.#open;
        this.#open = 0;
        return;
      case "ROLLBACK":
        this.#open = 0;
        return;
      case "JOURNAL":
        this.#left = true;
        return;
      case "VGTID": {
        const { rowsMax, stopOnReshard } = this.#limits;
        this.#vgtid = event.vgtid;
        this.#reached = (rowsMax > 0 && this.#committed >= rowsMax) ||
          (stopOnReshard && this.#left);
      }
    }
  }
}
