/**
 * Reads the manual's basic types ("Protocol Basics") from a payload. Reading past the end, or a
 * length that cannot be, throws ER_MALFORMED_PACKET.
 */
import { vtError } from "../error/errors.ts";

const UTF8 = new TextDecoder();

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** Moves on by `count` bytes and returns where they start. */
  skip(count: number): number {
    const start = this.#offset;
    if (count < 0 || count > this.#bytes.length - start) throw vtError("ER_MALFORMED_PACKET");
    this.#offset = start + count;
    return start;
  }

  /** The next byte without moving on; undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#offset];
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }

  u24(): number {
    const at = this.skip(3);
    return this.#view.getUint16(at, true) | (this.#view.getUint8(at + 2) << 16);
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.skip(8), true);
  }

  i8(): number {
    return this.#view.getInt8(this.skip(1));
  }

  i16(): number {
    return this.#view.getInt16(this.skip(2), true);
  }

  i32(): number {
    return this.#view.getInt32(this.skip(4), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.skip(8), true);
  }

  f32(): number {
    return this.#view.getFloat32(this.skip(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.skip(8), true);
  }

  /** A length-encoded integer of any size. 0xfb (NULL) and 0xff are no integers. */
  lenencBigInt(): bigint {
    const first = this.u8();
    if (first < 0xfb) return BigInt(first);
    if (first === 0xfc) return BigInt(this.u16());
    if (first === 0xfd) return BigInt(this.u24());
    if (first === 0xfe) return this.u64();
    throw vtError("ER_MALFORMED_PACKET");
  }

  /** A length-encoded integer that counts or measures something. */
  lenencInt(): number {
    const first = this.u8();
    if (first < 0xfb) return first;
    if (first === 0xfc) return this.u16();
    if (first === 0xfd) return this.u24();
    if (first !== 0xfe) throw vtError("ER_MALFORMED_PACKET");
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw vtError("ER_MALFORMED_PACKET");
    return Number(value);
  }

  /** A view of the next `count` bytes. */
  bytes(count: number): Uint8Array {
    const start = this.skip(count);
    return this.#bytes.subarray(start, start + count);
  }

  lenencBytes(): Uint8Array {
    return this.bytes(this.lenencInt());
  }

  /** Bytes up to a NUL, which must be there and is skipped. */
  nulBytes(): Uint8Array {
    const end = this.#bytes.indexOf(0, this.#offset);
    if (end < 0) throw vtError("ER_MALFORMED_PACKET");
    const value = this.#bytes.subarray(this.#offset, end);
    this.#offset = end + 1;
    return value;
  }

  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  lenencText(): string {
    return UTF8.decode(this.lenencBytes());
  }

  nulText(): string {
    return UTF8.decode(this.nulBytes());
  }

  /** As `nulText`, but the last field of a packet may lack its NUL, or be missing. */
  nulTextOrRest(): string {
    return this.#bytes.indexOf(0, this.#offset) < 0 ? this.restText() : this.nulText();
  }

  restText(): string {
    return UTF8.decode(this.rest());
  }

  /** Ends a decoding that must have read everything. */
  end(): void {
    if (this.remaining !== 0) throw vtError("ER_MALFORMED_PACKET");
  }
}
