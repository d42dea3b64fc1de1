/**
 * Turns row packets of the text protocol into tuples of an INSERT, byte by byte: a copy spends its
 * time here, and an object for each value would be most of it.
 */
import { vtError } from "../../shared/error/errors.ts";
import { FRAME_HEADER_BYTES, packetEnd, packetPayload } from "../../shared/mysql/frame.ts";
import type { LiteralForm, SqlBuffer } from "./sql_buffer.ts";
import type { WrittenColumn } from "./target_table.ts";

const NULL_VALUE = 0xfb;
const FRAME_PAYLOAD_BYTES_MAX = 0xff_ffff;
const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;

export class PacketCursor {
  readonly #batch: readonly Uint8Array[];
  /** By the column's place in the rows; undefined for one that is not written. */
  readonly #forms: readonly (LiteralForm | undefined)[];
  #next = 0;
  #packets: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** `columns` must be in the order of their places. */
  constructor(
    batch: readonly Uint8Array[],
    columnCount: number,
    columns: readonly WrittenColumn[],
  ) {
    this.#batch = batch;
    const forms: (LiteralForm | undefined)[] = new Array(columnCount).fill(undefined);
    for (const { index, form } of columns) forms[index] = form;
    this.#forms = forms;
  }

  /** Appends the next row; false when there is none. */
  write(sql: SqlBuffer): boolean {
    while (this.#at >= this.#packets.length) {
      const packets = this.#batch[this.#next++];
      if (packets === undefined) return false;
      this.#packets = packets;
      this.#at = 0;
    }
    const end = packetEnd(this.#packets, this.#at, this.#packets.length);
    const start = this.#at + FRAME_HEADER_BYTES;
    // Only a row that fills its first frame has another one.
    const whole = end - start < FRAME_PAYLOAD_BYTES_MAX;
    if (whole) this.#row(sql, this.#packets, start, end);
    else {
      const payload = packetPayload(this.#packets, this.#at, end);
      this.#row(sql, payload, 0, payload.length);
    }
    this.#at = end;
    return true;
  }

  #row(sql: SqlBuffer, bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    let before = OPEN;
    for (const form of this.#forms) {
      const first = bytes[at] ?? 0;
      let valueAt = at + 1;
      let length = first;
      if (first > NULL_VALUE) {
        const lengthBytes = first === 0xfc ? 2 : first === 0xfd ? 3 : 8;
        length = readLength(bytes, valueAt, lengthBytes);
        valueAt += lengthBytes;
      } else if (first === NULL_VALUE) length = 0;
      at = valueAt + length;
      if (form === undefined) continue;
      sql.byte(before);
      before = COMMA;
      if (first === NULL_VALUE) sql.literal(null, form);
      else sql.literalOf(bytes, valueAt, at, form);
    }
    if (at !== end) throw vtError("ER_MALFORMED_PACKET");
    if (before === OPEN) sql.byte(OPEN);
    sql.byte(CLOSE);
  }
}

function readLength(bytes: Uint8Array, at: number, count: number): number {
  let length = 0;
  for (let i = count - 1; i >= 0; i--) length = length * 256 + (bytes[at + i] ?? 0);
  return length;
}
