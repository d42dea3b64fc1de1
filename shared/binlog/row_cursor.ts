/** Where the decoding of a rows event stands, and where new texts are written. */
import { vtError } from "../error/errors.ts";

/** A value that is kept keeps its slab: small ones waste little. */
const SLAB_BYTES = 16 * 1024;

const ZERO = 0x30;

export class RowCursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly end: number;
  offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
    this.end = bytes.length;
  }

  /** Moves on by `count` bytes and returns where they start. */
  take(count: number): number {
    const start = this.offset;
    if (count > this.end - start) throw vtError("VT26001", "a rows event ends within a row");
    this.offset = start + count;
    return start;
  }

  /** A view of the next `count` bytes. */
  value(count: number): Uint8Array {
    const start = this.take(count);
    return this.bytes.subarray(start, start + count);
  }

  /** A little-endian length of 1 ... 4 bytes. */
  length(bytes: number): number {
    let at = this.take(bytes);
    let value = this.bytes[at] ?? 0;
    let factor = 1;
    for (let i = 1; i < bytes; i++) value += (this.bytes[++at] ?? 0) * (factor *= 256);
    return value;
  }

  /** Big-endian, up to six bytes. */
  bigEndian(bytes: number): number {
    let at = this.take(bytes);
    let value = 0;
    for (let i = 0; i < bytes; i++) value = value * 256 + (this.bytes[at++] ?? 0);
    return value;
  }
}

/** Makes texts of numbers and dates: many values share a buffer, since each one's own costs more. */
export class TextSlab {
  #bytes = new Uint8Array(SLAB_BYTES);
  #used = 0;

  /** ASCII only. */
  ascii(text: string): Uint8Array {
    const length = text.length;
    if (length > SLAB_BYTES) return new TextEncoder().encode(text);
    const start = this.#room(length);
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) bytes[start + i] = text.charCodeAt(i);
    return bytes.subarray(start, start + length);
  }

  /** The digits of a safe integer. */
  integer(value: number): Uint8Array {
    if (value < 0 || value > 0x7fff_ffff) return this.ascii(String(value));
    let digits = 1;
    for (let limit = 10; limit <= value; limit *= 10) digits++;
    const start = this.#room(digits);
    const bytes = this.#bytes;
    let rest = value | 0;
    for (let i = start + digits - 1; i >= start; i--) {
      const next = (rest / 10) | 0;
      bytes[i] = ZERO + rest - next * 10;
      rest = next;
    }
    return bytes.subarray(start, start + digits);
  }

  #room(bytes: number): number {
    if (this.#used + bytes > this.#bytes.length) {
      this.#bytes = new Uint8Array(SLAB_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += bytes;
    return start;
  }
}
