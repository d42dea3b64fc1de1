/**
 * Bytes to and from mysqld: one growing read buffer that is scanned in place, one write buffer
 * for requests of ordinary size. Both are reused, so that a small query allocates neither.
 */
import { vtErrorFrom } from "../../shared/error/errors.ts";
import {
  encodeFrames,
  FRAME_HEADER_BYTES,
  packetEnd,
  packetPayload,
  writeFrameHeader,
} from "../../shared/mysql/frame.ts";

/** Holds the whole answer of an ordinary OLTP statement; a pool has some hundred of these. */
const READ_BUFFER_BYTES = 16 * 1024;

/** What a large result is read with: larger buffers made no difference over a unix socket. */
const READ_BUFFER_BYTES_LARGE = 256 * 1024;

const WRITE_BUFFER_BYTES = 16 * 1024;

export class PacketStream implements Disposable {
  readonly #conn: Deno.Conn;
  readonly #name: string;
  readonly #out = new Uint8Array(WRITE_BUFFER_BYTES);
  #buffer = new Uint8Array(READ_BUFFER_BYTES);
  #start = 0;
  #end = 0;
  #closed = false;

  /** `name` is what an error calls the server. */
  constructor(conn: Deno.Conn, name: string) {
    this.#conn = conn;
    this.#name = name;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The read bytes that were not consumed are `buffer[start, end)`, until the next `fill`. */
  get buffer(): Uint8Array {
    return this.#buffer;
  }

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  /** Gives up the bytes before `offset` of the buffer. */
  consume(offset: number): void {
    this.#start = offset;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  /** Reads at least one byte more. Throws VT20006 when the connection ends. */
  async fill(): Promise<void> {
    if (this.#end === this.#buffer.length) this.#makeRoom();
    let count: number | null;
    try {
      count = await this.#conn.read(this.#buffer.subarray(this.#end));
    } catch (error) {
      throw this.lost(error instanceof Error ? error.message : String(error), error);
    }
    if (count === null) throw this.lost("mysqld closed it");
    this.#end += count;
  }

  #makeRoom(): void {
    const pending = this.#end - this.#start;
    if (pending * 2 <= this.#buffer.length && this.#buffer.length >= READ_BUFFER_BYTES_LARGE) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    } else {
      const grown = new Uint8Array(Math.max(READ_BUFFER_BYTES_LARGE, this.#buffer.length * 2));
      grown.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = grown;
    }
    this.#start = 0;
    this.#end = pending;
  }

  /** After an answer: gives a buffer that a large result needed back. */
  shrink(): void {
    if (this.#buffer.length > READ_BUFFER_BYTES && this.#start === this.#end) {
      this.#buffer = new Uint8Array(READ_BUFFER_BYTES);
    }
  }

  /** The payload of the next packet, valid until the next read. */
  async readPacket(): Promise<Uint8Array> {
    for (;;) {
      const next = packetEnd(this.#buffer, this.#start, this.#end);
      if (next >= 0) {
        const payload = packetPayload(this.#buffer, this.#start, next);
        this.consume(next);
        return payload;
      }
      await this.fill();
    }
  }

  /** Sends one packet: `head`, then `body`. Throws VT20006 when the connection ended. */
  async send(head: Uint8Array, body: Uint8Array, sequenceId = 0): Promise<void> {
    const bytes = this.#frame(head, body, sequenceId);
    try {
      for (let sent = 0; sent < bytes.length;) {
        sent += await this.#conn.write(sent === 0 ? bytes : bytes.subarray(sent));
      }
    } catch (error) {
      throw this.lost(error instanceof Error ? error.message : String(error), error);
    }
  }

  #frame(head: Uint8Array, body: Uint8Array, sequenceId: number): Uint8Array {
    const size = head.length + body.length;
    const out = this.#out;
    if (size > out.length - FRAME_HEADER_BYTES) {
      const payload = new Uint8Array(size);
      payload.set(head);
      payload.set(body, head.length);
      return encodeFrames(payload, sequenceId);
    }
    writeFrameHeader(out, 0, size, sequenceId);
    out.set(head, FRAME_HEADER_BYTES);
    out.set(body, FRAME_HEADER_BYTES + head.length);
    return out.subarray(0, FRAME_HEADER_BYTES + size);
  }

  lost(cause: string, from?: unknown): Error {
    return vtErrorFrom(from, "VT20006", this.#name, cause);
  }

  /** Also ends a read that is under way. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
