/** Write buffers of one size, so that a connection holds one only while it has something to say. */
import { WRITE_BUFFER_BYTES_MIN, WRITE_BUFFERS_KEPT_MAX } from "./limits.ts";

export class BufferPool {
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  take(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(WRITE_BUFFER_BYTES_MIN);
  }

  /** Buffers that grew are left to the garbage collector. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    if (buffer.length !== WRITE_BUFFER_BYTES_MIN) return;
    if (this.#free.length < WRITE_BUFFERS_KEPT_MAX) this.#free.push(buffer);
  }
}
