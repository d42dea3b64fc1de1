/**
 * Write buffers of two sizes, so that a connection holds one only while it has something to say,
 * and a large result doesn't make a new one for each of its parts: the garbage collector lets
 * hundreds of those pile up.
 */
import {
  WRITE_BUFFER_BYTES_LARGE,
  WRITE_BUFFER_BYTES_MIN,
  WRITE_BUFFERS_KEPT_MAX,
  WRITE_BUFFERS_LARGE_KEPT_MAX,
} from "./limits.ts";

type Buffers = Uint8Array<ArrayBuffer>[];

export class BufferPool {
  readonly #small: Buffers = [];
  readonly #large: Buffers = [];

  /** Room for `count` bytes at least. */
  take(count = 0): Uint8Array<ArrayBuffer> {
    if (count <= WRITE_BUFFER_BYTES_MIN) {
      return this.#small.pop() ?? new Uint8Array(WRITE_BUFFER_BYTES_MIN);
    }
    if (count > WRITE_BUFFER_BYTES_LARGE) return new Uint8Array(count);
    return this.#large.pop() ?? new Uint8Array(WRITE_BUFFER_BYTES_LARGE);
  }

  /** Buffers of other sizes are left to the garbage collector. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    if (buffer.length === WRITE_BUFFER_BYTES_MIN) {
      if (this.#small.length < WRITE_BUFFERS_KEPT_MAX) this.#small.push(buffer);
    } else if (buffer.length === WRITE_BUFFER_BYTES_LARGE) {
      if (this.#large.length < WRITE_BUFFERS_LARGE_KEPT_MAX) this.#large.push(buffer);
    }
  }
}
