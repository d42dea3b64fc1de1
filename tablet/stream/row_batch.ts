/** Gathers rows, as packets of the text protocol, into batches (shared/mysql/row_packets.ts). */
import { printDouble } from "../../shared/mysql/float_text.ts";
import { printFloatExact } from "../../shared/binlog/float_exact.ts";
import { framedBytes, writeFrames } from "../../shared/mysql/frame.ts";

/** Most tables are small: their rows must not cost a buffer for many. */
const FIRST_BYTES = 16 * 1024;
const NOTHING = new Uint8Array(0);

/** Collects packets into batches. */
export class BatchBuffer {
  readonly #bytesMax: number;
  /** Of the next buffer. */
  #capacity = FIRST_BYTES;
  #bytes: Uint8Array = NOTHING;
  #used = 0;
  #rows = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get rows(): number {
    return this.#rows;
  }

  get full(): boolean {
    return this.#used >= this.#bytesMax;
  }

  /** Whole packets of so many rows. */
  addPackets(packets: Uint8Array, rows: number): void {
    this.#reserve(packets.length);
    this.#bytes.set(packets, this.#used);
    this.#used += packets.length;
    this.#rows += rows;
  }

  addPayload(payload: Uint8Array): void {
    this.#reserve(framedBytes(payload.length));
    this.#used = writeFrames(this.#bytes, this.#used, payload, 0);
    this.#rows++;
  }

  /** The packets so far, which are the caller's; the buffer starts anew. */
  take(): Uint8Array {
    const packets = this.#bytes.subarray(0, this.#used);
    this.#capacity = this.#bytesMax;
    this.#bytes = NOTHING;
    this.#used = 0;
    this.#rows = 0;
    return packets;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return;
    const needed = Math.max(this.#used + bytes, this.#capacity, this.#bytes.length * 2);
    const grown = new Uint8Array(needed);
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }
}

/** FLOAT columns were read as doubles, whose text is exact; this is the form that streams give. */
export function printFloatOfDouble(text: Uint8Array): Uint8Array {
  const value = Number(new TextDecoder().decode(text));
  const printed = Math.fround(value) === value ? printFloatExact(value) : printDouble(value);
  return new TextEncoder().encode(printed);
}
