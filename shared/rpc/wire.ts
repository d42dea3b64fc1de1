/**
 * Little-endian integers and length-prefixed texts of the RPC between gate and tablet: the letters
 * that shared/rpc/frame.ts and messages.ts write with. Reading past the end throws VT20013.
 */
import { vtError } from "../error/errors.ts";

const UTF8_ENCODER = new TextEncoder();
const UTF8_DECODER = new TextDecoder("utf-8", { fatal: true });

const TEXT16_BYTES_MAX = 0xffff;

/** A growing buffer that is filled, sent and cleared, over and over. */
export class WireWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  constructor(capacityBytes: number) {
    this.#bytes = new Uint8Array(capacityBytes);
  }

  get length(): number {
    return this.#length;
  }

  get capacity(): number {
    return this.#bytes.length;
  }

  /** What was written: a view that the next write after `clear` overwrites. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** Takes back what was written from `length` on. */
  truncate(length: number): void {
    if (length < this.#length) this.#length = length;
  }

  /** Makes room for `count` bytes and returns where they start. */
  reserve(count: number): number {
    const start = this.#length;
    const end = start + count;
    if (end > this.#bytes.length) this.#grow(end);
    this.#length = end;
    return start;
  }

  #grow(bytesMin: number): void {
    const grown = new Uint8Array(Math.max(bytesMin, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.reserve(2);
    const bytes = this.#bytes;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
  }

  u32(value: number): void {
    this.u32At(this.reserve(4), value);
  }

  u32At(at: number, value: number): void {
    const bytes = this.#bytes;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  }

  u8At(at: number, value: number): void {
    this.#bytes[at] = value;
  }

  /** A safe integer of 0 or more: transaction ids, limits. */
  u53(value: number): void {
    this.u32(value >>> 0);
    this.u32(Math.floor(value / 0x1_0000_0000));
  }

  i64(value: bigint): void {
    this.u32(Number(BigInt.asUintN(32, value)));
    this.u32(Number(BigInt.asUintN(32, value >> 32n)));
  }

  raw(value: Uint8Array): void {
    const at = this.reserve(value.length);
    this.#bytes.set(value, at);
  }

  /** UTF-8 with its length in 16 bits. RangeError when longer: callers bound their texts. */
  text16(value: string): void {
    const bytes = UTF8_ENCODER.encode(value);
    if (bytes.length > TEXT16_BYTES_MAX) {
      throw new RangeError(`Cannot encode a text of ${bytes.length} bytes`);
    }
    this.u16(bytes.length);
    this.raw(bytes);
  }

  /** As text16, cut where it is too long: for messages to people. */
  text16Cut(value: string): void {
    this.text16(value.length * 3 <= TEXT16_BYTES_MAX ? value : value.slice(0, 20_000));
  }

  /** UTF-8 with its length in 32 bits. */
  text32(value: string): void {
    const bytes = UTF8_ENCODER.encode(value);
    this.u32(bytes.length);
    this.raw(bytes);
  }
}

/** Reads a part of a buffer. Views that it returns share the buffer. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #offset: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#end - this.#offset;
  }

  skip(count: number): number {
    const start = this.#offset;
    if (count > this.#end - start) throw vtError("VT20013", "it ends too early");
    this.#offset = start + count;
    return start;
  }

  u8(): number {
    return this.#bytes[this.skip(1)] ?? 0;
  }

  u16(): number {
    const at = this.skip(2);
    const bytes = this.#bytes;
    return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  }

  u32(): number {
    return readU32(this.#bytes, this.skip(4));
  }

  u53(): number {
    const low = this.u32();
    const high = this.u32();
    if (high > 0x1f_ffff) throw vtError("VT20013", "an integer is out of range");
    return high * 0x1_0000_0000 + low;
  }

  i64(): bigint {
    const low = BigInt(this.u32());
    return BigInt.asIntN(64, (BigInt(this.u32()) << 32n) | low);
  }

  raw(count: number): Uint8Array {
    const start = this.skip(count);
    return this.#bytes.subarray(start, start + count);
  }

  rest(): Uint8Array {
    return this.raw(this.remaining);
  }

  text16(): string {
    return decodeText(this.raw(this.u16()));
  }

  text32(): string {
    return decodeText(this.raw(this.u32()));
  }

  /** Ends a decoding that must have read everything. */
  end(): void {
    if (this.remaining !== 0) throw vtError("VT20013", `${this.remaining} bytes too many`);
  }
}

export function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)) >>> 0;
}

function decodeText(bytes: Uint8Array): string {
  try {
    return UTF8_DECODER.decode(bytes);
  } catch {
    // The only cause there is: TextDecoder says no more than that either.
    throw vtError("VT20013", "a text is not UTF-8");
  }
}
