/** Protocol::ColumnDefinition41. */
import { vtError } from "../error/errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";

/** Length of the fixed fields, which stands in front of them. */
const FIXED_FIELDS_BYTES = 0x0c;

export interface ColumnDefinition {
  readonly schema: string;
  /** Alias of the table. */
  readonly table: string;
  readonly originalTable: string;
  /** Alias of the column. */
  readonly name: string;
  readonly originalName: string;
  /** Collation id of the values as they are sent; 63 is binary. */
  readonly collation: number;
  /** Bytes of the longest value for display. */
  readonly columnLength: number;
  /** MYSQL_TYPE_... */
  readonly type: number;
  /** NOT_NULL_FLAG and the like. */
  readonly flags: number;
  /** Shown digits behind the point; 31 (0x1f) for floats and text expressions. */
  readonly decimals: number;
}

export function encodeColumnDefinition(column: ColumnDefinition): Uint8Array<ArrayBuffer> {
  return new ByteWriter(128)
    .lenencText("def")
    .lenencText(column.schema)
    .lenencText(column.table)
    .lenencText(column.originalTable)
    .lenencText(column.name)
    .lenencText(column.originalName)
    .u8(FIXED_FIELDS_BYTES)
    .u16(column.collation)
    .u32(column.columnLength)
    .u8(column.type)
    .u16(column.flags)
    .u8(column.decimals)
    .zeros(2)
    .finish();
}

/** Ignores the default value that follows in the answer to COM_FIELD_LIST. */
export function decodeColumnDefinition(payload: Uint8Array): ColumnDefinition {
  const reader = new ByteReader(payload);
  // Always "def".
  reader.lenencBytes();
  const schema = reader.lenencText();
  const table = reader.lenencText();
  const originalTable = reader.lenencText();
  const name = reader.lenencText();
  const originalName = reader.lenencText();
  if (reader.lenencInt() !== FIXED_FIELDS_BYTES) throw vtError("ER_MALFORMED_PACKET");
  const collation = reader.u16();
  const columnLength = reader.u32();
  const type = reader.u8();
  const flags = reader.u16();
  const decimals = reader.u8();
  reader.skip(2);
  return {
    schema,
    table,
    originalTable,
    name,
    originalName,
    collation,
    columnLength,
    type,
    flags,
    decimals,
  };
}
