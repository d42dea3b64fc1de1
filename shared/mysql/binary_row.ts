/** A row of the binary protocol ("Binary Protocol Resultset Row"). */
import { vtError } from "../error/errors.ts";
import {
  isBytesType,
  latin1Bytes,
  latin1Text,
  readBinaryValue,
  type ValueFormat,
  writeBinaryValue,
} from "./binary_value.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import type { RowValue } from "./text_row.ts";

const ROW_HEADER = 0x00;

/** The first two bits of the bitmap are not used. */
const NULL_BITMAP_OFFSET = 2;

export function nullBitmapBytes(count: number, offset: number): number {
  return (count + offset + 7) >> 3;
}

export function isNull(bitmap: Uint8Array, index: number): boolean {
  return ((bitmap[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

/** The values as text, as the text protocol has them; byte strings are views into the payload. */
export function decodeBinaryRow(
  payload: Uint8Array,
  columns: readonly ValueFormat[],
): RowValue[] {
  const reader = new ByteReader(payload);
  if (reader.u8() !== ROW_HEADER) throw vtError("ER_MALFORMED_PACKET");
  const nulls = reader.bytes(nullBitmapBytes(columns.length, NULL_BITMAP_OFFSET));
  const values = columns.map((format, index): RowValue => {
    if (isNull(nulls, index + NULL_BITMAP_OFFSET)) return null;
    if (isBytesType(format.type)) return reader.lenencBytes();
    return latin1Bytes(readBinaryValue(reader, format));
  });
  reader.end();
  return values;
}

/** From the text of each value, as the text protocol has it. */
export function encodeBinaryRow(
  values: readonly RowValue[],
  columns: readonly Pick<ValueFormat, "type">[],
): Uint8Array<ArrayBuffer> {
  const nulls = new Uint8Array(nullBitmapBytes(columns.length, NULL_BITMAP_OFFSET));
  const body = new ByteWriter(64);
  for (const [index, { type }] of columns.entries()) {
    const value = values[index] ?? null;
    if (value === null) {
      const bit = index + NULL_BITMAP_OFFSET;
      nulls[bit >> 3] = (nulls[bit >> 3] ?? 0) | (1 << (bit & 7));
    } else if (isBytesType(type)) body.lenencBytes(value);
    else writeBinaryValue(body, type, latin1Text(value));
  }
  return new ByteWriter(1 + nulls.length + body.length)
    .u8(ROW_HEADER)
    .bytes(nulls)
    .bytes(body.finish())
    .finish();
}
