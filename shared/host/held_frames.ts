/**
 * Frames of one stream whose receiver is busy, in one buffer that is used again: a copy of their
 * own for each left tens of megabytes of garbage while a slow client read a large result.
 */
const BUFFER_BYTES = 64 * 1024;
/** Space of frames that are gone is used again from this much on. */
const COMPACT_BYTES = 128 * 1024;

export interface HeldFrame {
  /** Valid until the next `push`. */
  readonly payload: Uint8Array;
  readonly flags: number;
}

interface Extent {
  readonly bytes: number;
  readonly flags: number;
}

export class HeldFrames {
  #buffer = new Uint8Array(BUFFER_BYTES);
  #start = 0;
  #end = 0;
  readonly #extents: Extent[] = [];

  /** Bytes that wait. */
  get bytes(): number {
    return this.#end - this.#start;
  }

  push(payload: Uint8Array, flags: number): void {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    else if (this.#start >= COMPACT_BYTES) this.#compact();
    const needed = this.#end + payload.length;
    if (needed > this.#buffer.length) this.#grow(needed);
    this.#buffer.set(payload, this.#end);
    this.#end = needed;
    this.#extents.push({ bytes: payload.length, flags });
  }

  #compact(): void {
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
  }

  #grow(bytesMin: number): void {
    const grown = new Uint8Array(Math.max(bytesMin, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#end));
    this.#buffer = grown;
  }

  shift(): HeldFrame | undefined {
    const extent = this.#extents.shift();
    if (extent === undefined) return undefined;
    const start = this.#start;
    this.#start += extent.bytes;
    return { payload: this.#buffer.subarray(start, this.#start), flags: extent.flags };
  }

  clear(): void {
    this.#extents.length = 0;
    this.#start = this.#end = 0;
  }
}
