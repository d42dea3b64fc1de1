/**
 * MySQL's binary JSON to the text that mysqld prints (sql-common/json_binary.h, json_dom.cc). Keys
 * are in the order of the binary form, which is the server's own. MariaDB stores JSON as text.
 */
import { vtError } from "../error/errors.ts";
import {
  MYSQL_TYPE_DATE,
  MYSQL_TYPE_DATETIME,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_TIME,
  MYSQL_TYPE_TIMESTAMP,
} from "../mysql/column_types.ts";
import { printDouble } from "../mysql/float_text.ts";
import { readDecimal } from "./decimal.ts";
import { RowCursor } from "./row_cursor.ts";
import { printPackedTemporal } from "./temporal.ts";

const SMALL_OBJECT = 0x00;
const LARGE_OBJECT = 0x01;
const SMALL_ARRAY = 0x02;
const LARGE_ARRAY = 0x03;
const LITERAL = 0x04;
const INT16 = 0x05;
const UINT16 = 0x06;
const INT32 = 0x07;
const UINT32 = 0x08;
const INT64 = 0x09;
const UINT64 = 0x0a;
const DOUBLE = 0x0b;
const STRING = 0x0c;
const OPAQUE = 0x0f;

const LITERALS = ["null", "true", "false"] as const;

/** MySQL's own limit on nesting. */
const DEPTH_MAX = 100;

/** Grows as texts are added to it. */
class Output {
  #bytes = new Uint8Array(256);
  #used = 0;

  ascii(text: string): void {
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) this.#bytes[this.#used++] = text.charCodeAt(i);
  }

  /** A JSON string of UTF-8 bytes, escaped as mysqld does (json_dom.cc, double_quote). */
  quoted(text: Uint8Array): void {
    this.#reserve(text.length * 6 + 2);
    this.#bytes[this.#used++] = 0x22;
    for (const byte of text) {
      if (byte >= 0x20 && byte !== 0x22 && byte !== 0x5c) this.#bytes[this.#used++] = byte;
      else this.ascii(ESCAPES.get(byte) ?? `\\u00${byte.toString(16).padStart(2, "0")}`);
    }
    this.#bytes[this.#used++] = 0x22;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#used);
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + bytes));
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }
}

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x22, '\\"'],
  [0x5c, "\\\\"],
  [0x08, "\\b"],
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0c, "\\f"],
  [0x0d, "\\r"],
]);

/** The text of a JSON column's value. VT26001 when it is damaged. */
export function printBinaryJson(bytes: Uint8Array): Uint8Array {
  const out = new Output();
  // A column that became NOT NULL by ALTER may hold nothing at all; the server reads null.
  if (bytes.length === 0) out.ascii("null");
  else printValue(out, new RowCursor(bytes, 1), bytes[0] ?? 0, 0);
  return out.finish();
}

/** The value of `type` at the cursor. */
function printValue(out: Output, cursor: RowCursor, type: number, depth: number): void {
  if (depth > DEPTH_MAX) throw damaged("it is nested too deeply");
  switch (type) {
    case SMALL_OBJECT:
    case LARGE_OBJECT:
    case SMALL_ARRAY:
    case LARGE_ARRAY:
      return printContainer(out, cursor, type, depth);
    case STRING:
      return out.quoted(cursor.value(readVariableLength(cursor)));
    case OPAQUE:
      return printOpaque(out, cursor);
    default:
      return out.ascii(printScalar(cursor, type));
  }
}

function printScalar(cursor: RowCursor, type: number): string {
  const { view } = cursor;
  switch (type) {
    case LITERAL: {
      const literal = LITERALS[cursor.length(1)];
      if (literal === undefined) throw damaged("it has an unknown literal");
      return literal;
    }
    case INT16:
      return String(view.getInt16(cursor.take(2), true));
    case UINT16:
      return String(view.getUint16(cursor.take(2), true));
    case INT32:
      return String(view.getInt32(cursor.take(4), true));
    case UINT32:
      return String(view.getUint32(cursor.take(4), true));
    case INT64:
      return String(view.getBigInt64(cursor.take(8), true));
    case UINT64:
      return String(view.getBigUint64(cursor.take(8), true));
    case DOUBLE:
      return printJsonDouble(view.getFloat64(cursor.take(8), true));
    default:
      throw damaged(`it has a value of unknown type ${type}`);
  }
}

/** A double that looks like an integer keeps its type by ".0". */
function printJsonDouble(value: number): string {
  const text = printDouble(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Seven bits a byte, the lowest first. */
function readVariableLength(cursor: RowCursor): number {
  let length = 0;
  let factor = 1;
  for (let i = 0; i < 5; i++) {
    const byte = cursor.length(1);
    length += (byte & 0x7f) * factor;
    if (byte < 0x80) return length;
    factor *= 128;
  }
  throw damaged("a length has too many bytes");
}

/**
 *     element count | size in bytes | key entries: offset, length 2 | value entries: type 1, offset
 *
 * Counts, sizes and offsets are 2 or 4 bytes; offsets count from here. Small values stand in their
 * entry instead of an offset.
 */
function printContainer(out: Output, cursor: RowCursor, type: number, depth: number): void {
  const large = type === LARGE_OBJECT || type === LARGE_ARRAY;
  const object = type === SMALL_OBJECT || type === LARGE_OBJECT;
  const width = large ? 4 : 2;
  const base = cursor.offset;
  const count = cursor.length(width);
  cursor.take(width);
  const keys = cursor.offset;
  const values = keys + (object ? count * (width + 2) : 0);
  out.ascii(object ? "{" : "[");
  for (let i = 0; i < count; i++) {
    if (i > 0) out.ascii(", ");
    if (object) {
      const entry = at(cursor, keys + i * (width + 2));
      const start = entry.length(width);
      const length = entry.length(2);
      out.quoted(at(cursor, base + start).value(length));
      out.ascii(": ");
    }
    const entry = at(cursor, values + i * (width + 1));
    const valueType = entry.length(1);
    const inline = isInline(valueType, large);
    const value = inline ? entry : at(cursor, base + entry.length(width));
    printValue(out, value, valueType, depth + 1);
  }
  out.ascii(object ? "}" : "]");
}

function at(cursor: RowCursor, offset: number): RowCursor {
  if (offset > cursor.end) throw damaged("an offset points behind its end");
  return new RowCursor(cursor.bytes, offset);
}

function isInline(type: number, large: boolean): boolean {
  if (type === LITERAL || type === INT16 || type === UINT16) return true;
  return large && (type === INT32 || type === UINT32);
}

/** SQL values that JSON has no type for: field type, length, the server's own bytes. */
function printOpaque(out: Output, cursor: RowCursor): void {
  const type = cursor.length(1);
  const value = new RowCursor(cursor.value(readVariableLength(cursor)));
  switch (type) {
    case MYSQL_TYPE_NEWDECIMAL: {
      const precision = value.length(1);
      return out.ascii(readDecimal(value, precision, value.length(1)));
    }
    case MYSQL_TYPE_DATE:
      return out.ascii(`"${printPackedTemporal(packedOf(value), "date")}"`);
    case MYSQL_TYPE_TIME:
      return out.ascii(`"${printPackedTemporal(packedOf(value), "time")}"`);
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
      return out.ascii(`"${printPackedTemporal(packedOf(value), "datetime")}"`);
    default:
      return out.ascii(`"base64:type${type}:${value.bytes.toBase64()}"`);
  }
}

function packedOf(cursor: RowCursor): bigint {
  return cursor.view.getBigInt64(cursor.take(8), true);
}

function damaged(what: string): Error {
  return vtError("VT26001", `a JSON value can't be read: ${what}`);
}
