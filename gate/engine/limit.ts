/** LIMIT: passes on `count` rows after the first `offset`. What comes later is dropped unread. */
import { nextPacket, type RowOutput } from "./rows.ts";

export class LimitOutput implements RowOutput {
  readonly #output: RowOutput;
  #skip: number;
  #take: number;

  /** `count` may be Infinity. */
  constructor(output: RowOutput, limit: { readonly offset: number; readonly count: number }) {
    this.#output = output;
    this.#skip = limit.offset;
    this.#take = limit.count;
  }

  /** True when no further row matters. */
  get full(): boolean {
    return this.#take <= 0;
  }

  columns(definitions: readonly Uint8Array[]): void {
    this.#output.columns(definitions);
  }

  rows(packets: Uint8Array): void | Promise<void> {
    if (this.#take <= 0) return;
    let start = 0;
    while (this.#skip > 0 && start < packets.length) {
      start = nextPacket(packets, start);
      this.#skip--;
    }
    let end = start;
    while (this.#take > 0 && end < packets.length) {
      end = nextPacket(packets, end);
      this.#take--;
    }
    if (end > start) return this.#output.rows(packets.subarray(start, end));
  }
}
