/**
 * The frames of the connection between a gate and a tablet. All integers are little-endian.
 *
 * ```
 *   u32 payload bytes | u32 stream id | u8 type | u8 flags | payload
 * ```
 *
 * One TCP connection carries many calls, each a stream with an id that the gate chooses (1, 2, ...;
 * 0 is the connection itself). A call's life:
 *
 * ```
 *   gate                                                    tablet
 *   CALL (MORE) ... CALL      the request; method first  ▶
 *                          ◀  DATA ... DATA END             results, or
 *                          ◀  ERROR                         why there are none (more)
 *   CREDIT                    bytes it may send more     ▶
 *   CANCEL                    stop it; END or ERROR still come
 * ```
 *
 * DATA without END is bounded by the stream's window (HELLO says how large it starts); each CREDIT
 * widens it by the bytes that the gate has dealt with. END and ERROR are always allowed, so that a
 * call that is held back can end. Both sides open with HELLO, and may say GOAWAY before they close.
 */
import { vtError } from "../error/errors.ts";
import { readU32, WireReader, type WireWriter } from "./wire.ts";

export const FRAME_HEADER_BYTES = 10;

/** Larger payloads travel in parts: one frame must not hold up its neighbours for long (1 MiB is 1 ms on loopback). */
export const FRAME_PAYLOAD_BYTES_MAX = 1 << 20;

/** What a stream may send before its first CREDIT. Also what a stalled reader costs the gate. */
export const WINDOW_BYTES = 256 * 1024;

export const FRAME_HELLO = 1;
export const FRAME_CALL = 2;
export const FRAME_DATA = 3;
export const FRAME_ERROR = 4;
export const FRAME_CREDIT = 5;
export const FRAME_CANCEL = 6;
export const FRAME_PING = 7;
export const FRAME_PONG = 8;
export const FRAME_GOAWAY = 9;
const FRAME_TYPE_MAX = FRAME_GOAWAY;

/** CALL, DATA: the request, or this part of the answer, goes on in the next frame of the stream. */
export const FLAG_MORE = 1;
/** DATA: the last frame of the stream. Its payload is the method's result. */
export const FLAG_END = 2;

/** Begins a frame in `out`; `finishFrame` takes what this returns. */
export function startFrame(out: WireWriter, type: number, streamId: number): number {
  const at = out.reserve(FRAME_HEADER_BYTES);
  out.u32At(at + 4, streamId);
  out.u8At(at + 8, type);
  out.u8At(at + 9, 0);
  return at;
}

export function finishFrame(out: WireWriter, start: number, flags: number): void {
  out.u32At(start, out.length - start - FRAME_HEADER_BYTES);
  if (flags !== 0) out.u8At(start + 9, flags);
}

/** A whole frame around bytes. */
export function writeFrame(
  out: WireWriter,
  type: number,
  streamId: number,
  flags: number,
  payload: Uint8Array,
): void {
  const start = startFrame(out, type, streamId);
  out.raw(payload);
  finishFrame(out, start, flags);
}

const EMPTY = new Uint8Array();
const BUFFER_BYTES = 128 * 1024;

/**
 * Takes bytes from a socket and gives frames, out of one buffer that is used again: a payload is
 * valid until the next `room`.
 */
export class FrameReader {
  #bytes = new Uint8Array(BUFFER_BYTES);
  #start = 0;
  #end = 0;
  streamId = 0;
  type = 0;
  flags = 0;
  payload: Uint8Array = EMPTY;

  /** Where the next bytes of the socket go. Never empty. */
  room(): Uint8Array<ArrayBuffer> {
    this.payload = EMPTY;
    const held = this.#end - this.#start;
    if (held === 0) {
      if (this.#bytes.length > BUFFER_BYTES) this.#bytes = new Uint8Array(BUFFER_BYTES);
    } else if (this.#start > 0) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
    }
    this.#start = 0;
    this.#end = held;
    if (this.#bytes.length - held < 4096) this.#grow();
    return this.#bytes.subarray(held);
  }

  /** Never beyond one frame of the largest size and what came with it: `next` refuses larger ones. */
  #grow(): void {
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
  }

  /** Says how many bytes came into `room()`. */
  received(count: number): void {
    this.#end += count;
  }

  /** Moves to the next whole frame; false when more bytes are needed. VT20013 on garbage. */
  next(): boolean {
    const bytes = this.#bytes;
    const start = this.#start;
    if (this.#end - start < FRAME_HEADER_BYTES) return false;
    const payloadBytes = readU32(bytes, start);
    const type = bytes[start + 8] ?? 0;
    if (payloadBytes > FRAME_PAYLOAD_BYTES_MAX || type === 0 || type > FRAME_TYPE_MAX) {
      throw vtError("VT20013", `no frame starts with type ${type} and ${payloadBytes} bytes`);
    }
    const payloadStart = start + FRAME_HEADER_BYTES;
    const end = payloadStart + payloadBytes;
    if (end > this.#end) return false;
    this.streamId = readU32(bytes, start + 4);
    this.type = type;
    this.flags = bytes[start + 9] ?? 0;
    this.payload = payloadBytes === 0 ? EMPTY : bytes.subarray(payloadStart, end);
    this.#start = end;
    return true;
  }
}

/** "VTMX" */
const MAGIC = 0x584d_5456;

/** Grows with each change that an older peer would misread. */
export const PROTOCOL_VERSION = 3;

/** The first frame of each side, on stream 0. */
export interface Hello {
  /** Who speaks: a tablet's alias, a gate's name. */
  readonly name: string;
  /** What a stream may send to the speaker before the first CREDIT. */
  readonly windowBytes: number;
}

export function writeHello(out: WireWriter, hello: Hello, version = PROTOCOL_VERSION): void {
  const start = startFrame(out, FRAME_HELLO, 0);
  out.u32(MAGIC);
  out.u16(version);
  out.u32(hello.windowBytes);
  out.text16(hello.name);
  finishFrame(out, start, 0);
}

/** VT20013 when the peer is something else, VT20015 when it is of another version. */
export function decodeHello(payload: Uint8Array): Hello {
  const reader = new WireReader(payload);
  if (reader.u32() !== MAGIC) throw vtError("VT20013", "the peer is no vtgate or vttablet");
  const version = reader.u16();
  if (version !== PROTOCOL_VERSION) throw vtError("VT20015", version, PROTOCOL_VERSION);
  // A later version of the same number may say more after these.
  return { windowBytes: reader.u32(), name: reader.text16() };
}

export function writeCredit(out: WireWriter, streamId: number, bytes: number): void {
  const start = startFrame(out, FRAME_CREDIT, streamId);
  out.u32(bytes);
  finishFrame(out, start, 0);
}

export function decodeCredit(payload: Uint8Array): number {
  const reader = new WireReader(payload);
  const bytes = reader.u32();
  reader.end();
  return bytes;
}

/** GOAWAY says why in words; the frame may be the last. */
export function writeGoaway(out: WireWriter, reason: string): void {
  const start = startFrame(out, FRAME_GOAWAY, 0);
  out.text16Cut(reason);
  finishFrame(out, start, 0);
}

export function decodeGoaway(payload: Uint8Array): string {
  return new WireReader(payload).text16();
}
