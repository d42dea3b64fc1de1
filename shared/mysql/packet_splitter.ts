/**
 * Cuts a stream of bytes into packets, without I/O: read into `space()`, tell `commit()` how many
 * bytes came, take packets with `shift()`.
 *
 * An idle connection costs `idleBytes` and nothing else: a larger buffer exists only while a
 * packet is incomplete, and grows with the bytes that have come, not with what a header claims.
 */
import { vtError } from "../error/errors.ts";
import { FRAME_HEADER_BYTES, FRAME_PAYLOAD_BYTES_MAX, framePayloadBytes } from "./frame.ts";

/** First size of the buffer for a packet that did not arrive whole. */
const PARTIAL_BYTES_MIN = 16 * 1024;

export interface Packet {
  /** The payload of all its frames; the receiver's to keep. */
  readonly payload: Uint8Array;
  /** Of the first frame. */
  readonly sequenceId: number;
  /** Of the frame that answers it. */
  readonly nextSequenceId: number;
}

export interface PacketSplitterOptions {
  /** A larger packet throws ER_NET_PACKET_TOO_LARGE as soon as its headers say so. */
  readonly payloadBytesMax: number;
  readonly idleBytes: number;
}

export class PacketSplitter {
  /** Larger ones are refused; a handshake's packets are smaller than a statement's. */
  payloadBytesMax: number;
  readonly #idle: Uint8Array<ArrayBuffer>;
  /** Holds a packet whose end has not come: the idle buffer while that is enough, or a larger one. */
  #partial: Uint8Array<ArrayBuffer> | undefined;
  #partialBytes = 0;
  readonly #packets: Packet[] = [];
  #nextSequenceId = 0;

  constructor(options: PacketSplitterOptions) {
    this.payloadBytesMax = options.payloadBytesMax;
    this.#idle = new Uint8Array(options.idleBytes);
  }

  /** Whole packets that wait. */
  get size(): number {
    return this.#packets.length;
  }

  /** True while a packet has begun and not ended. */
  get midPacket(): boolean {
    return this.#partial !== undefined;
  }

  /** After the last frame header that was looked at: for the answer to a packet that is refused. */
  get nextSequenceId(): number {
    return this.#nextSequenceId;
  }

  /** Room for the next read: never empty. */
  space(): Uint8Array<ArrayBuffer> {
    const partial = this.#partial;
    if (partial === undefined) return this.#idle;
    if (this.#partialBytes < partial.length) return partial.subarray(this.#partialBytes);
    const grown = new Uint8Array(Math.max(PARTIAL_BYTES_MIN, partial.length * 2));
    grown.set(partial);
    this.#partial = grown;
    return grown.subarray(this.#partialBytes);
  }

  /**
   * As `space()`, but never with room for bytes behind the packet that is being read: what follows
   * a request for TLS is not ours to read.
   */
  exactSpace(): Uint8Array<ArrayBuffer> {
    return this.space().subarray(0, this.#missingBytes());
  }

  /** Bytes up to the end of the frame header or the frame that is incomplete. */
  #missingBytes(): number {
    const partial = this.#partial;
    if (partial === undefined) return FRAME_HEADER_BYTES;
    for (let at = 0;;) {
      const inFrame = this.#partialBytes - at;
      if (inFrame < FRAME_HEADER_BYTES) return FRAME_HEADER_BYTES - inFrame;
      at += FRAME_HEADER_BYTES + framePayloadBytes(partial, at);
      if (at > this.#partialBytes) return at - this.#partialBytes;
    }
  }

  /**
   * `count` bytes were read into `space()`. Throws ER_NET_PACKET_TOO_LARGE and
   * ER_NET_PACKETS_OUT_OF_ORDER (frames of one packet that do not follow on); the stream is of no
   * use then.
   */
  commit(count: number): void {
    const partial = this.#partial;
    if (partial === undefined) {
      const rest = this.#take(this.#idle, count, false);
      if (rest < count) this.#keep(this.#idle.subarray(rest, count));
      return;
    }
    this.#partialBytes += count;
    // The receiver may keep a buffer that is of no further use here.
    const rest = this.#take(partial, this.#partialBytes, partial !== this.#idle);
    if (rest === 0) return;
    const tail = partial.subarray(rest, this.#partialBytes);
    this.#partial = undefined;
    if (tail.length > 0) this.#keep(tail);
  }

  #keep(bytes: Uint8Array): void {
    let partial = this.#idle;
    if (bytes.length * 2 > partial.length) {
      partial = new Uint8Array(Math.max(PARTIAL_BYTES_MIN, bytes.length * 2));
    }
    partial.set(bytes);
    this.#partial = partial;
    this.#partialBytes = bytes.length;
  }

  /**
   * Takes the whole packets from the front of `bytes`, and returns where the rest starts. When the
   * bytes are `owned`, a packet that fills them is not copied.
   */
  #take(bytes: Uint8Array, end: number, owned: boolean): number {
    let at = 0;
    while (at < end) {
      const next = this.#packetEnd(bytes, at, end);
      if (next < 0) return at;
      const sequenceId = bytes[at + 3] ?? 0;
      const frames = joinFrames(bytes, at, next, owned && at === 0 && next === end);
      const nextSequenceId = (sequenceId + frames.count) & 0xff;
      this.#packets.push({ payload: frames.payload, sequenceId, nextSequenceId });
      at = next;
    }
    return at;
  }

  /** Where the packet at `at` ends, or -1 while frames of it are missing. */
  #packetEnd(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    let payloadBytes = 0;
    for (let sequence = bytes[start + 3];; sequence = ((sequence ?? 0) + 1) & 0xff) {
      if (end - at < FRAME_HEADER_BYTES) return -1;
      this.#nextSequenceId = ((bytes[at + 3] ?? 0) + 1) & 0xff;
      if (bytes[at + 3] !== sequence) throw vtError("ER_NET_PACKETS_OUT_OF_ORDER");
      const size = framePayloadBytes(bytes, at);
      payloadBytes += size;
      if (payloadBytes > this.payloadBytesMax) throw vtError("ER_NET_PACKET_TOO_LARGE");
      at += FRAME_HEADER_BYTES + size;
      if (at > end) return -1;
      if (size < FRAME_PAYLOAD_BYTES_MAX) return at;
    }
  }

  /** The next packet. */
  shift(): Packet | undefined {
    return this.#packets.shift();
  }
}

/** The payloads of the frames in `bytes[start, end)`, moved together in place when `owned`. */
function joinFrames(
  bytes: Uint8Array,
  start: number,
  end: number,
  owned: boolean,
): { readonly payload: Uint8Array; readonly count: number } {
  const first = start + FRAME_HEADER_BYTES;
  if (framePayloadBytes(bytes, start) < FRAME_PAYLOAD_BYTES_MAX) {
    return { payload: owned ? bytes.subarray(first, end) : bytes.slice(first, end), count: 1 };
  }
  const target = owned ? bytes : bytes.slice(start, end);
  const shift = owned ? 0 : start;
  let used = first - shift;
  let count = 0;
  for (let at = start; at < end; count++) {
    const from = at - shift + FRAME_HEADER_BYTES;
    const size = framePayloadBytes(bytes, at);
    at += FRAME_HEADER_BYTES + size;
    // The next header is read from `bytes` before this copy can reach it: it moves left only.
    target.copyWithin(used, from, from + size);
    used += size;
  }
  return { payload: target.subarray(first - shift, used), count };
}
