/** From the bytes of a row event to a column's text: one reader a column, chosen once a table. */
import { inflateRawSync, inflateSync } from "node:zlib";
import { vtError } from "../error/errors.ts";
import {
  MYSQL_TYPE_BIT,
  MYSQL_TYPE_BLOB,
  MYSQL_TYPE_DATE,
  MYSQL_TYPE_DATETIME2,
  MYSQL_TYPE_DOUBLE,
  MYSQL_TYPE_ENUM,
  MYSQL_TYPE_FLOAT,
  MYSQL_TYPE_GEOMETRY,
  MYSQL_TYPE_INT24,
  MYSQL_TYPE_JSON,
  MYSQL_TYPE_LONG,
  MYSQL_TYPE_LONGLONG,
  MYSQL_TYPE_NEWDATE,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_SET,
  MYSQL_TYPE_SHORT,
  MYSQL_TYPE_STRING,
  MYSQL_TYPE_TIME2,
  MYSQL_TYPE_TIMESTAMP2,
  MYSQL_TYPE_TINY,
  MYSQL_TYPE_VAR_STRING,
  MYSQL_TYPE_VARCHAR,
  MYSQL_TYPE_VECTOR,
  MYSQL_TYPE_YEAR,
} from "../mysql/column_types.ts";
import { printDouble } from "../mysql/float_text.ts";
import {
  COLLATION_BINARY,
  type ColumnLayout,
  MARIADB_TYPE_BLOB_COMPRESSED,
  MARIADB_TYPE_VARCHAR_COMPRESSED,
} from "./column_layout.ts";
import { readDecimal } from "./decimal.ts";
import { printFloatExact } from "./float_exact.ts";
import { printBinaryJson } from "./json_text.ts";
import type { RowCursor, TextSlab } from "./row_cursor.ts";
import type { ColumnMetadata } from "./table_metadata.ts";
import { printTextType } from "./text_types.ts";
import { readDate, readDatetime2, readTime2, readTimestamp2, readYear } from "./temporal.ts";

/** Reads one value that is not NULL. */
export type ColumnReader = (cursor: RowCursor, slab: TextSlab) => Uint8Array;

/** VT26002 for types that can't be read: those of tables older than MySQL 5.6. */
export function columnReader(layout: ColumnLayout, metadata: ColumnMetadata): ColumnReader {
  const { type, size, text } = layout;
  if (text !== undefined) {
    return (cursor, slab) =>
      slab.ascii(printTextType(text, padded(cursor.value(cursor.length(1)), size)));
  }
  switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
      return integerReader(type, metadata.unsigned);
    case MYSQL_TYPE_NEWDECIMAL:
      return (cursor, slab) => slab.ascii(readDecimal(cursor, size >> 8, size & 255));
    case MYSQL_TYPE_FLOAT:
      return (c, slab) => slab.ascii(printFloatExact(c.view.getFloat32(c.take(4), true)));
    case MYSQL_TYPE_DOUBLE:
      return (c, slab) => slab.ascii(printDouble(c.view.getFloat64(c.take(8), true)));
    case MYSQL_TYPE_BIT:
      return (cursor) => cursor.value((size + 7) >> 3);
    case MYSQL_TYPE_ENUM:
      return enumReader(size, metadata.members);
    case MYSQL_TYPE_SET:
      return setReader(size, metadata.members);
    case MYSQL_TYPE_JSON:
      return (cursor) => printBinaryJson(cursor.value(cursor.length(size)));
    default:
      return temporalReader(layout) ?? bytesReader(layout, metadata);
  }
}

function integerReader(type: number, unsigned: boolean): ColumnReader {
  switch (type) {
    case MYSQL_TYPE_TINY:
      return unsigned
        ? (c, slab) => slab.integer(c.view.getUint8(c.take(1)))
        : (c, slab) => slab.integer(c.view.getInt8(c.take(1)));
    case MYSQL_TYPE_SHORT:
      return unsigned
        ? (c, slab) => slab.integer(c.view.getUint16(c.take(2), true))
        : (c, slab) => slab.integer(c.view.getInt16(c.take(2), true));
    case MYSQL_TYPE_INT24:
      return unsigned
        ? (c, slab) => slab.integer(c.length(3))
        : (c, slab) => slab.integer(c.length(3) << 8 >> 8);
    case MYSQL_TYPE_LONG:
      return unsigned
        ? (c, slab) => slab.integer(c.view.getUint32(c.take(4), true))
        : (c, slab) => slab.integer(c.view.getInt32(c.take(4), true));
    default:
      return unsigned ? readBigUnsigned : readBigSigned;
  }
}

/** Most big integers are small, and a number is printed faster than a bigint. */
const HIGH_SAFE = 0x1f_ffff;

function readBigSigned(cursor: RowCursor, slab: TextSlab): Uint8Array {
  const at = cursor.take(8);
  const high = cursor.view.getInt32(at + 4, true);
  if (high < 0 || high > HIGH_SAFE) {
    return slab.ascii(String(cursor.view.getBigInt64(at, true)));
  }
  return slab.integer(high * 0x1_0000_0000 + cursor.view.getUint32(at, true));
}

function readBigUnsigned(cursor: RowCursor, slab: TextSlab): Uint8Array {
  const at = cursor.take(8);
  const high = cursor.view.getUint32(at + 4, true);
  if (high > HIGH_SAFE) return slab.ascii(String(cursor.view.getBigUint64(at, true)));
  return slab.integer(high * 0x1_0000_0000 + cursor.view.getUint32(at, true));
}

function temporalReader({ type, size }: ColumnLayout): ColumnReader | undefined {
  switch (type) {
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_NEWDATE:
      return (cursor, slab) => slab.ascii(readDate(cursor));
    case MYSQL_TYPE_YEAR:
      return (cursor, slab) => slab.ascii(readYear(cursor));
    case MYSQL_TYPE_TIME2:
      return (cursor, slab) => slab.ascii(readTime2(cursor, size));
    case MYSQL_TYPE_DATETIME2:
      return (cursor, slab) => slab.ascii(readDatetime2(cursor, size));
    case MYSQL_TYPE_TIMESTAMP2:
      return (cursor, slab) => slab.ascii(readTimestamp2(cursor, size));
    default:
      return undefined;
  }
}

function bytesReader({ type, size }: ColumnLayout, metadata: ColumnMetadata): ColumnReader {
  const lengthBytes = size > 255 ? 2 : 1;
  switch (type) {
    case MYSQL_TYPE_STRING:
      return metadata.collation === COLLATION_BINARY
        ? (cursor) => padded(cursor.value(cursor.length(lengthBytes)), size)
        : (cursor) => cursor.value(cursor.length(lengthBytes));
    case MYSQL_TYPE_VARCHAR:
    case MYSQL_TYPE_VAR_STRING:
      return (cursor) => cursor.value(cursor.length(lengthBytes));
    case MYSQL_TYPE_BLOB:
    case MYSQL_TYPE_GEOMETRY:
    case MYSQL_TYPE_VECTOR:
      return (cursor) => cursor.value(cursor.length(size));
    case MARIADB_TYPE_VARCHAR_COMPRESSED:
      return (cursor) => decompress(cursor.value(cursor.length(lengthBytes)));
    case MARIADB_TYPE_BLOB_COMPRESSED:
      return (cursor) => decompress(cursor.value(cursor.length(size)));
    default:
      throw vtError(
        "VT26002",
        `column ${metadata.name} of type ${type}, which only tables of old servers have; ` +
          "ALTER TABLE ... FORCE converts it",
      );
  }
}

/** BINARY(n) is logged without its zeros at the end. */
function padded(value: Uint8Array, size: number): Uint8Array {
  if (value.length === size) return value;
  const full = new Uint8Array(size);
  full.set(value);
  return full;
}

/** 0 is the empty text that MySQL stores for a value that is no member. */
function enumReader(bytes: number, members: readonly Uint8Array[]): ColumnReader {
  const empty = new Uint8Array();
  return (cursor) => {
    const index = cursor.length(bytes);
    const member = index === 0 ? empty : members[index - 1];
    if (member === undefined) throw vtError("VT26001", `an ENUM has no member ${index}`);
    return member;
  };
}

const COMMA = 0x2c;

function setReader(bytes: number, members: readonly Uint8Array[]): ColumnReader {
  return (cursor) => {
    const start = cursor.take(bytes);
    const chosen = members.filter((_, i) =>
      ((cursor.bytes[start + (i >> 3)] ?? 0) & (1 << (i & 7))) !== 0
    );
    return joined(chosen);
  };
}

function joined(members: readonly Uint8Array[]): Uint8Array {
  const commas = Math.max(0, members.length - 1);
  const text = new Uint8Array(members.reduce((sum, member) => sum + member.length, commas));
  let at = 0;
  for (const [i, member] of members.entries()) {
    if (i > 0) text[at++] = COMMA;
    text.set(member, at);
    at += member.length;
  }
  return text;
}

/**
 * A value of a MariaDB COMPRESSED column (sql/field_comp.cc): a byte with the method in its high
 * half, then the length of the length; no method: the bytes themselves follow.
 */
function decompress(value: Uint8Array): Uint8Array {
  const head = value[0];
  if (head === undefined) return value;
  const method = head >> 4;
  if (method === 0) return value.subarray(1);
  if (method !== 8) throw vtError("VT26002", `a COMPRESSED column with method ${method}`);
  const body = value.subarray(1 + (head & 7));
  const inflated = (head & 8) !== 0 ? inflateRawSync(body) : inflateSync(body);
  return new Uint8Array(inflated.buffer, inflated.byteOffset, inflated.length);
}
