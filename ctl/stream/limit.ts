/** Ends a stream behind a number of rows, where it can be gone on from: at a transaction's VGTID. */
import type { VEvent } from "./event.ts";
import type { VGtid } from "./vgtid.ts";

export class StreamLimit {
  readonly #rowsMax: number;
  #committed = 0;
  #open = 0;
  #vgtid: VGtid = [];
  #reached = false;

  /** 0 is no limit. */
  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax;
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
      case "VGTID":
        this.#vgtid = event.vgtid;
        this.#reached = this.#rowsMax > 0 && this.#committed >= this.#rowsMax;
    }
  }
}
