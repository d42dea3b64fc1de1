/**
 * Makes whole packets of a tablet's data: its frames are cut by size, wherever a packet ends. A
 * packet that is cut is kept until the rest comes; all others pass on uncopied.
 */
import {
  FRAME_HEADER_BYTES,
  FRAME_PAYLOAD_BYTES_MAX,
  framePayloadBytes,
  packetEnd,
} from "../../shared/mysql/frame.ts";
import type { PacketSink } from "../../shared/rpc/query_service.ts";

const PARTIAL_BYTES_MIN = 1024;

export class WholePackets {
  readonly #sink: PacketSink;
  /** The start of a packet whose end hasn't come yet, and how much of it there is. */
  #partial = new Uint8Array();
  #length = 0;

  constructor(sink: PacketSink) {
    this.#sink = sink;
  }

  readonly sink: PacketSink = (data) => {
    if (this.#length === 0) return this.#pass(data);
    const taken = this.#complete(data);
    if (this.#needed() > this.#length) return;
    const packet = this.#partial.subarray(0, this.#length);
    this.#length = 0;
    // Both at once: the bytes are the connection's after this call.
    const first = this.#sink(packet);
    const second = this.#pass(data.subarray(taken), packet);
    if (first === undefined) return second;
    return second === undefined ? first : Promise.all([first, second]).then(() => {});
  };

  /** Hands on the whole packets and keeps what is left. `busy` is in use: not to be written to. */
  #pass(data: Uint8Array, busy?: Uint8Array): void | Promise<void> {
    const whole = wholeBytes(data);
    if (whole < data.length) this.#keep(data.subarray(whole), busy !== undefined);
    if (whole === 0) return;
    return this.#sink(whole === data.length ? data : data.subarray(0, whole));
  }

  #keep(bytes: Uint8Array, fresh: boolean): void {
    if (fresh) this.#partial = new Uint8Array();
    this.#append(bytes);
  }

  /** Takes from `data` what the kept packet lacks, and returns how much that was. */
  #complete(data: Uint8Array): number {
    let at = 0;
    for (let needed = this.#needed(); needed > this.#length; needed = this.#needed()) {
      if (at === data.length) break;
      const end = Math.min(data.length, at + needed - this.#length);
      this.#append(data.subarray(at, end));
      at = end;
    }
    return at;
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#partial.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#partial.length, PARTIAL_BYTES_MIN));
      grown.set(this.#partial.subarray(0, this.#length));
      this.#partial = grown;
    }
    this.#partial.set(bytes, this.#length);
    this.#length = length;
  }

  /** Bytes of the kept packet with all its frames, as far as its headers tell by now. */
  #needed(): number {
    let at = 0;
    for (;;) {
      if (this.#length - at < FRAME_HEADER_BYTES) return at + FRAME_HEADER_BYTES;
      const size = framePayloadBytes(this.#partial, at);
      at += FRAME_HEADER_BYTES + size;
      if (size < FRAME_PAYLOAD_BYTES_MAX || at > this.#length) return at;
    }
  }
}

/** The offset after the last whole packet. */
function wholeBytes(bytes: Uint8Array): number {
  let at = 0;
  for (;;) {
    const end = packetEnd(bytes, at, bytes.length);
    if (end < 0) return at;
    at = end;
  }
}
