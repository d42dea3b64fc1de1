/**
 * Packets to one client. Bytes collect in a buffer of the server's pool; one write is under way at a
 * time, and what is added meanwhile goes with the next one.
 */
import { vtError } from "../../shared/error/errors.ts";
import { frameCount, framedBytes, renumberFrames, writeFrames } from "../../shared/mysql/frame.ts";
import type { ClientWriter } from "../session/client.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { Channel } from "./channel.ts";
import {
  WRITE_BUFFER_BYTES,
  WRITE_BUFFER_BYTES_LARGE,
  WRITE_HIGH_WATER_BYTES,
  WRITE_TIMEOUT_MS,
} from "./limits.ts";

export interface ChannelWriterOptions {
  readonly channel: Channel;
  readonly buffers: BufferPool;
  /** The client takes nothing any more. Called once. */
  readonly onFailure: (error: unknown) => void;
}

export class ChannelWriter implements ClientWriter {
  #channel: Channel;
  readonly #buffers: BufferPool;
  readonly #onFailure: (error: unknown) => void;
  #sequenceId = 0;
  /** Bytes that no write has taken yet. */
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #length = 0;
  /** Bytes of the write that is under way. */
  #inFlight = 0;
  #writing: Promise<void> | undefined;
  #failed = false;
  #waiters: PromiseWithResolvers<void>[] = [];

  constructor(options: ChannelWriterOptions) {
    this.#channel = options.channel;
    this.#buffers = options.buffers;
    this.#onFailure = options.onFailure;
  }

  /** Goes on over TLS. Nothing is under way then. */
  set channel(channel: Channel) {
    this.#channel = channel;
  }

  get sequenceId(): number {
    return this.#sequenceId;
  }

  /** The id of the next frame: each command starts an answer of its own. */
  set sequenceId(sequenceId: number) {
    this.#sequenceId = sequenceId & 0xff;
  }

  get buffered(): number {
    return this.#length + this.#inFlight;
  }

  packet(payload: Uint8Array): void {
    if (this.#failed) return;
    const buffer = this.#room(framedBytes(payload.length));
    this.#length = writeFrames(buffer, this.#length, payload, this.#sequenceId);
    this.#sequenceId = (this.#sequenceId + frameCount(payload.length)) & 0xff;
    if (this.#length >= WRITE_BUFFER_BYTES) this.flush();
  }

  raw(packets: Uint8Array): void {
    if (this.#failed) return;
    const buffer = this.#room(packets.length);
    const end = this.#length + packets.length;
    buffer.set(packets, this.#length);
    this.#sequenceId = renumberFrames(buffer, this.#sequenceId, this.#length, end);
    this.#length = end;
    if (this.#length >= WRITE_BUFFER_BYTES) this.flush();
  }

  /** A buffer with room for `count` bytes behind the waiting ones. */
  #room(count: number): Uint8Array<ArrayBuffer> {
    const buffer = this.#buffer ??= this.#buffers.take(count);
    const needed = this.#length + count;
    if (needed <= buffer.length) return buffer;
    // A packet that is larger than all sizes grows by doubling when more of them wait.
    const grown = this.#buffers.take(
      needed > WRITE_BUFFER_BYTES_LARGE ? Math.max(needed, buffer.length * 2) : needed,
    );
    grown.set(buffer.subarray(0, this.#length));
    this.#buffers.give(buffer);
    return this.#buffer = grown;
  }

  flush(): void {
    if (this.#writing !== undefined || this.#length === 0) return;
    this.#writing = this.#write();
  }

  async #write(): Promise<void> {
    try {
      while (this.#length > 0 && this.#buffer !== undefined) {
        const buffer = this.#buffer;
        this.#inFlight = this.#length;
        this.#buffer = undefined;
        this.#length = 0;
        await this.#writeAll(buffer, this.#inFlight);
        this.#buffers.give(buffer);
        this.#inFlight = 0;
        this.#wake();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#writing = undefined;
    }
  }

  async #writeAll(buffer: Uint8Array<ArrayBuffer>, length: number): Promise<void> {
    for (let sent = 0; sent < length;) {
      sent += await this.#channel.write(buffer.subarray(sent, length));
    }
  }

  /** Drops what waits, now and later. */
  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#buffer = undefined;
    this.#length = 0;
    this.#inFlight = 0;
    this.#onFailure(error);
    this.#wake();
  }

  #wake(): void {
    if (this.#waiters.length === 0 || this.buffered > WRITE_HIGH_WATER_BYTES) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.resolve();
  }

  /**
   * Resolves when a producer may go on, which is also when the client is gone: then packets are
   * dropped, and the command's signal says so. A client that takes nothing for WRITE_TIMEOUT_MS is
   * given up.
   */
  async drained(): Promise<void> {
    this.flush();
    if (this.#failed || this.buffered <= WRITE_HIGH_WATER_BYTES) return;
    const waiter = Promise.withResolvers<void>();
    this.#waiters.push(waiter);
    const giveUp = () => this.#fail(vtError("ER_NET_WRITE_INTERRUPTED"));
    const timer = setTimeout(giveUp, WRITE_TIMEOUT_MS);
    try {
      await waiter.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when all that waits is written, or can't be. */
  async finish(): Promise<void> {
    this.flush();
    while (this.#writing !== undefined) await this.#writing;
  }
}
