/** Values as 64-bit numbers in two halves, as the numeric vindexes take them. */
import type { Value } from "../value/value.ts";

export interface Uint64 {
  high: number;
  low: number;
}

const MAX = (1n << 64n) - 1n;
const MIN = -(1n << 63n);
/** Numbers of up to this many digits are exact in a double. */
const SAFE_DIGITS = 15;

/**
 * Reads digits sql[start, end) with an optional sign into `out`; negative numbers wrap around, as
 * in Vitess's ToCastUint64. False when it is no such number or out of range.
 */
export function readUint64(sql: string, start: number, end: number, out: Uint64): boolean {
  const first = sql.charCodeAt(start);
  const negative = first === 0x2d;
  let at = negative || first === 0x2b ? start + 1 : start;
  if (at >= end) return false;
  if (end - at > SAFE_DIGITS) return readLong(sql.slice(start, end), out);
  let value = 0;
  for (; at < end; at++) {
    const digit = sql.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  out.high = Math.floor(value / 0x1_0000_0000);
  out.low = value | 0;
  if (negative && value !== 0) {
    out.low = (-out.low) | 0;
    out.high = (~out.high + (out.low === 0 ? 1 : 0)) | 0;
  }
  return true;
}

function readLong(text: string, out: Uint64): boolean {
  if (!/^[+-]?[0-9]{1,40}$/.test(text)) return false;
  const value = BigInt(text.replace("+", ""));
  if (value > MAX || value < MIN) return false;
  const wrapped = BigInt.asUintN(64, value);
  out.high = Number(wrapped >> 32n);
  out.low = Number(wrapped & 0xffff_ffffn);
  return true;
}

/** The value as a number; undefined for NULL and whatever isn't a whole number in its text. */
export function toUint64(value: Value | undefined): Uint64 | undefined {
  if (value === undefined || (value.type !== "integer" && value.type !== "text")) return undefined;
  const out = { high: 0, low: 0 };
  return readUint64(value.text, 0, value.text.length, out) ? out : undefined;
}

/** Big-endian. */
export function writeUint64(out: Uint8Array, { high, low }: Uint64): void {
  for (let i = 0; i < 4; i++) {
    out[i] = high >>> (24 - 8 * i);
    out[4 + i] = low >>> (24 - 8 * i);
  }
}
