/**
 * Copies of small byte strings that live for one statement. Each copy is a view of a larger buffer
 * that fills up and is then left to the garbage collector: 50 ns instead of the 300 ns of a typed
 * array of its own.
 */
const SLAB_BYTES = 64 * 1024;
/** Larger ones get their own array, so that one that lives long holds little else. */
const COPY_BYTES_MAX = 4096;

export class Slab {
  #bytes = new Uint8Array(SLAB_BYTES);
  #used = 0;

  copy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (length > COPY_BYTES_MAX) return bytes.slice();
    if (this.#used + length > SLAB_BYTES) {
      this.#bytes = new Uint8Array(SLAB_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    this.#bytes.set(bytes, start);
    return this.#bytes.subarray(start, this.#used);
  }
}
