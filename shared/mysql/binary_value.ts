/**
 * Values of the binary protocol ("Binary Protocol Value"), to and from the text that mysqld's text
 * protocol has for them. Text is a byte string: char codes are bytes.
 */
import { Buffer } from "node:buffer";
import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { vtError } from "../error/errors.ts";
import * as column from "./column_types.ts";
import { printDouble, printFixed, printFloat } from "./float_text.ts";
import * as temporal from "./temporal_value.ts";

/** The parts of a column definition that decide how a value is printed. */
export interface ValueFormat {
  readonly type: number;
  readonly flags: number;
  /** 31 for floats of no fixed number of decimals. */
  readonly decimals: number;
  /** Digits that a ZEROFILL column is filled up to. */
  readonly columnLength: number;
}

const DECIMALS_NOT_FIXED = 31;
const MICROSECOND_DIGITS = 6;

export function latin1Text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

export function latin1Bytes(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** True for types whose value is a length-encoded byte string that means itself. */
export function isBytesType(type: number): boolean {
  return type >= column.MYSQL_TYPE_VECTOR || type === column.MYSQL_TYPE_DECIMAL ||
    type === column.MYSQL_TYPE_VARCHAR || type === column.MYSQL_TYPE_BIT;
}

/** Reads one value that is not NULL, as text. */
export function readBinaryValue(reader: ByteReader, format: ValueFormat): string {
  const { type, flags } = format;
  const unsigned = (flags & column.UNSIGNED_FLAG) !== 0;
  switch (type) {
    case column.MYSQL_TYPE_TINY:
      return filled(String(unsigned ? reader.u8() : reader.i8()), format);
    case column.MYSQL_TYPE_SHORT:
      return filled(String(unsigned ? reader.u16() : reader.i16()), format);
    case column.MYSQL_TYPE_YEAR:
      return String(reader.u16()).padStart(4, "0");
    case column.MYSQL_TYPE_INT24:
    case column.MYSQL_TYPE_LONG:
      return filled(String(unsigned ? reader.u32() : reader.i32()), format);
    case column.MYSQL_TYPE_LONGLONG:
      return filled(String(unsigned ? reader.u64() : reader.i64()), format);
    case column.MYSQL_TYPE_FLOAT: {
      const value = reader.f32();
      return filled(
        isFixed(format) ? printFixed(value, format.decimals) : printFloat(value),
        format,
      );
    }
    case column.MYSQL_TYPE_DOUBLE: {
      const value = reader.f64();
      return filled(
        isFixed(format) ? printFixed(value, format.decimals) : printDouble(value),
        format,
      );
    }
    case column.MYSQL_TYPE_DATE:
    case column.MYSQL_TYPE_NEWDATE:
      return temporal.readDate(reader);
    case column.MYSQL_TYPE_DATETIME:
    case column.MYSQL_TYPE_TIMESTAMP:
      return temporal.readDatetime(reader, fractionDigits(format));
    case column.MYSQL_TYPE_TIME:
      return temporal.readTime(reader, fractionDigits(format));
    default:
      if (!isBytesType(type)) throw vtError("ER_MALFORMED_PACKET");
      return latin1Text(reader.lenencBytes());
  }
}

function isFixed(format: ValueFormat): boolean {
  return format.decimals < DECIMALS_NOT_FIXED;
}

/** Undefined: as many as the value has. */
function fractionDigits(format: ValueFormat): number | undefined {
  return format.decimals <= MICROSECOND_DIGITS ? format.decimals : undefined;
}

function filled(text: string, format: ValueFormat): string {
  return format.flags & column.ZEROFILL_FLAG ? text.padStart(format.columnLength, "0") : text;
}

/** Writes one value that is not NULL, from its text. Throws ER_MALFORMED_PACKET for text that is none of the type. */
export function writeBinaryValue(writer: ByteWriter, type: number, text: string): void {
  switch (type) {
    case column.MYSQL_TYPE_TINY:
      writer.u8(integerOf(text) & 0xff);
      return;
    case column.MYSQL_TYPE_SHORT:
    case column.MYSQL_TYPE_YEAR:
      writer.u16(integerOf(text) & 0xffff);
      return;
    case column.MYSQL_TYPE_INT24:
    case column.MYSQL_TYPE_LONG:
      writer.u32(integerOf(text) >>> 0);
      return;
    case column.MYSQL_TYPE_LONGLONG:
      writer.u64(BigInt.asUintN(64, bigIntOf(text)));
      return;
    case column.MYSQL_TYPE_FLOAT:
      writer.f32(numberOf(text));
      return;
    case column.MYSQL_TYPE_DOUBLE:
      writer.f64(numberOf(text));
      return;
    case column.MYSQL_TYPE_DATE:
    case column.MYSQL_TYPE_NEWDATE:
    case column.MYSQL_TYPE_DATETIME:
    case column.MYSQL_TYPE_TIMESTAMP:
      temporal.writeDatetime(writer, text);
      return;
    case column.MYSQL_TYPE_TIME:
      temporal.writeTime(writer, text);
      return;
    default:
      if (!isBytesType(type)) throw vtError("ER_MALFORMED_PACKET");
      writer.lenencBytes(latin1Bytes(text));
  }
}

function integerOf(text: string): number {
  const value = numberOf(text);
  if (!Number.isInteger(value)) throw vtError("ER_MALFORMED_PACKET");
  return value;
}

function bigIntOf(text: string): bigint {
  if (!/^[+-]?[0-9]+$/.test(text)) throw vtError("ER_MALFORMED_PACKET");
  return BigInt(text.replace(/^\+/, ""));
}

function numberOf(text: string): number {
  const value = text === "" ? NaN : Number(text);
  if (Number.isNaN(value)) throw vtError("ER_MALFORMED_PACKET");
  return value;
}
