/**
 * Rows of one shard on their way into a merge. The shard's stream pushes, and waits while too many
 * bytes lie here; the merge looks at the head, and waits while nothing does.
 */
import { nextPacket } from "./rows.ts";

/** A shard whose head is not wanted yet holds no more than this, and one chunk. */
const QUEUED_BYTES_MAX = 256 * 1024;

export class RowQueue {
  #chunks: Uint8Array[] = [];
  #queuedBytes = 0;
  #at = 0;
  #end = 0;
  #closed = false;
  #abandoned = false;
  #failure: { readonly error: unknown } | undefined;
  #wakeMerge: (() => void) | undefined;
  #wakeShard: (() => void) | undefined;

  /** Takes whole row packets; copies them. The promise holds the shard back. */
  push(packets: Uint8Array): void | Promise<void> {
    if (this.#abandoned) return;
    this.#chunks.push(packets.slice());
    this.#queuedBytes += packets.length;
    if (this.#chunks.length === 1) this.#head();
    this.#wakeMerge?.();
    if (this.#queuedBytes <= QUEUED_BYTES_MAX || this.#closed) return;
    return new Promise((resolve) => this.#wakeShard = resolve);
  }

  /** No more rows come. */
  close(): void {
    this.#closed = true;
    this.#wakeMerge?.();
    this.#wakeShard?.();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.close();
  }

  /** Nobody reads any more: what comes is dropped, and the shard is not held back. */
  abandon(): void {
    this.#abandoned = true;
    this.#chunks = [];
    this.#queuedBytes = 0;
    this.close();
  }

  /** Waits until there is a head (true) or the end (false). Throws the shard's error. */
  async ready(): Promise<boolean> {
    while (this.#chunks.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => this.#wakeMerge = resolve);
      this.#wakeMerge = undefined;
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#chunks.length > 0;
  }

  /** True when `head` may be read without waiting. */
  get hasHead(): boolean {
    return this.#chunks.length > 0;
  }

  /** The packet of the first row, until `next`. */
  get head(): Uint8Array {
    const chunk = this.#chunks[0];
    if (chunk === undefined) throw new TypeError("The queue is empty");
    return chunk.subarray(this.#at, this.#end);
  }

  /** Drops the head. */
  next(): void {
    const chunk = this.#chunks[0];
    if (chunk === undefined) return;
    this.#at = this.#end;
    if (this.#at < chunk.length) {
      this.#end = nextPacket(chunk, this.#at);
      return;
    }
    this.#chunks.shift();
    this.#queuedBytes -= chunk.length;
    this.#head();
    if (this.#queuedBytes <= QUEUED_BYTES_MAX / 2) this.#wakeShard?.();
  }

  #head(): void {
    const chunk = this.#chunks[0];
    this.#at = 0;
    this.#end = chunk === undefined ? 0 : nextPacket(chunk, 0);
  }
}
