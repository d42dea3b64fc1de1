/**
 * How two values of one column compare, by the column's type, on the bytes of the text protocol.
 * The order is the one in which the shards sorted, so each comparison is exact.
 */
import { vtError } from "../../shared/error/errors.ts";
import { compare as compareBytes } from "../../shared/key/range.ts";
import * as types from "../../shared/mysql/column_types.ts";

/** Negative, zero or positive. Values are not NULL. */
export type Comparator = (a: Uint8Array, b: Uint8Array) => number;

export interface ColumnType {
  readonly type: number;
  readonly flags: number;
  readonly collation: number;
}

const BINARY_COLLATION = 63;

/** VT12001 for types whose text doesn't sort as the shard sorts them. */
export function comparatorOf(column: ColumnType, hasWeight: boolean): Comparator {
  switch (column.type) {
    case types.MYSQL_TYPE_DECIMAL:
    case types.MYSQL_TYPE_NEWDECIMAL:
    case types.MYSQL_TYPE_TINY:
    case types.MYSQL_TYPE_SHORT:
    case types.MYSQL_TYPE_INT24:
    case types.MYSQL_TYPE_LONG:
    case types.MYSQL_TYPE_LONGLONG:
    case types.MYSQL_TYPE_YEAR:
      return compareDecimals;
    case types.MYSQL_TYPE_FLOAT:
    case types.MYSQL_TYPE_DOUBLE:
      return compareFloats;
    case types.MYSQL_TYPE_TIME:
      return compareTimes;
    case types.MYSQL_TYPE_DATE:
    case types.MYSQL_TYPE_NEWDATE:
    case types.MYSQL_TYPE_DATETIME:
    case types.MYSQL_TYPE_TIMESTAMP:
    case types.MYSQL_TYPE_NULL:
    case types.MYSQL_TYPE_BIT:
      return compareBytes;
    default:
      return comparatorOfText(column, hasWeight);
  }
}

function comparatorOfText(column: ColumnType, hasWeight: boolean): Comparator {
  const odd = (column.flags & (types.ENUM_FLAG | types.SET_FLAG)) !== 0 ||
    column.type === types.MYSQL_TYPE_ENUM || column.type === types.MYSQL_TYPE_SET ||
    column.type === types.MYSQL_TYPE_JSON || column.type === types.MYSQL_TYPE_GEOMETRY;
  if (odd) throw vtError("VT12001", "merging shards by an ENUM, SET, JSON or GEOMETRY column");
  if (hasWeight || column.collation === BINARY_COLLATION) return compareBytes;
  throw vtError("VT12001", "merging shards by a text column without its weight string");
}

/** VARCHAR, the BLOBs, VAR_STRING and STRING: weights decide for these, values for all others. */
const TEXT_TYPES: ReadonlySet<number> = new Set([
  types.MYSQL_TYPE_VARCHAR,
  types.MYSQL_TYPE_TINY_BLOB,
  types.MYSQL_TYPE_MEDIUM_BLOB,
  types.MYSQL_TYPE_LONG_BLOB,
  types.MYSQL_TYPE_BLOB,
  types.MYSQL_TYPE_VAR_STRING,
  types.MYSQL_TYPE_STRING,
]);

export function ordersByWeight(column: ColumnType, weightColumn: number | undefined): boolean {
  return weightColumn !== undefined && TEXT_TYPES.has(column.type);
}

const MINUS = 0x2d;
const ZERO = 0x30;
const DOT = 0x2e;
const COLON = 0x3a;

/** "-12.50" and its like, of any length. */
export function compareDecimals(a: Uint8Array, b: Uint8Array): number {
  const aNegative = a[0] === MINUS;
  const bNegative = b[0] === MINUS;
  const magnitude = compareMagnitudes(a, b, aNegative ? 1 : 0, bNegative ? 1 : 0);
  if (aNegative !== bNegative) {
    if (isZero(a) && isZero(b)) return 0;
    return aNegative ? -1 : 1;
  }
  return aNegative ? -magnitude : magnitude;
}

function compareMagnitudes(a: Uint8Array, b: Uint8Array, aFrom: number, bFrom: number): number {
  let aAt = skipZeros(a, aFrom);
  let bAt = skipZeros(b, bFrom);
  const aDot = dotOf(a, aAt);
  const bDot = dotOf(b, bAt);
  if (aDot - aAt !== bDot - bAt) return (aDot - aAt) - (bDot - bAt);
  for (; aAt < aDot; aAt++, bAt++) {
    const difference = (a[aAt] ?? 0) - (b[bAt] ?? 0);
    if (difference !== 0) return difference;
  }
  // Fractions: a missing digit is a zero.
  for (aAt++, bAt++; aAt < a.length || bAt < b.length; aAt++, bAt++) {
    const difference = (a[aAt] ?? ZERO) - (b[bAt] ?? ZERO);
    if (difference !== 0) return difference;
  }
  return 0;
}

function skipZeros(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === ZERO) at++;
  return at;
}

function dotOf(bytes: Uint8Array, from: number): number {
  const dot = bytes.indexOf(DOT, from);
  return dot < 0 ? bytes.length : dot;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === ZERO || byte === DOT || byte === MINUS);
}

function compareFloats(a: Uint8Array, b: Uint8Array): number {
  const left = Number(String.fromCharCode(...a));
  const right = Number(String.fromCharCode(...b));
  return left < right ? -1 : left > right ? 1 : 0;
}

/** "-838:59:59.000000": hours have two or three digits. */
function compareTimes(a: Uint8Array, b: Uint8Array): number {
  const aNegative = a[0] === MINUS;
  const bNegative = b[0] === MINUS;
  const left = a.subarray(aNegative ? 1 : 0);
  const right = b.subarray(bNegative ? 1 : 0);
  const byHours = left.indexOf(COLON) - right.indexOf(COLON);
  const magnitude = byHours !== 0 ? byHours : compareBytes(left, right);
  if (aNegative === bNegative) return aNegative ? -magnitude : magnitude;
  return aNegative ? -1 : 1;
}

/**
 * Compares weight strings. `padding` is the weight of a space: the shorter string is continued
 * with it (PAD SPACE collations); empty for NO PAD.
 */
export function compareWeights(a: Uint8Array, b: Uint8Array, padding: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.length === b.length) return 0;
  if (padding.length === 0) return a.length - b.length;
  return a.length > b.length
    ? comparePadded(a, shared, padding)
    : -comparePadded(b, shared, padding);
}

function comparePadded(longer: Uint8Array, from: number, padding: Uint8Array): number {
  for (let i = from; i < longer.length; i++) {
    const difference = (longer[i] ?? 0) - (padding[(i - from) % padding.length] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
