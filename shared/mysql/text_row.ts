/** A row of the text protocol: each value a length-encoded string, NULL the byte 0xfb. */
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter, lenencIntBytes } from "./byte_writer.ts";

const NULL_VALUE = 0xfb;

export type RowValue = Uint8Array | null;

export function encodeTextRow(values: readonly RowValue[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const value of values) {
    size += value === null ? 1 : lenencIntBytes(value.length) + value.length;
  }
  const writer = new ByteWriter(size);
  for (const value of values) {
    if (value === null) writer.u8(NULL_VALUE);
    else writer.lenencBytes(value);
  }
  return writer.finish();
}

/** The values as views into the payload. */
export function decodeTextRow(payload: Uint8Array, columnCount: number): RowValue[] {
  const reader = new ByteReader(payload);
  const values: RowValue[] = new Array(columnCount);
  for (let i = 0; i < columnCount; i++) {
    if (reader.peek() === NULL_VALUE) {
      reader.skip(1);
      values[i] = null;
    } else values[i] = reader.lenencBytes();
  }
  reader.end();
  return values;
}
