/**
 * DECIMAL as it is stored (strings/decimal.c, decimal2bin): nine digits in four big-endian bytes,
 * the rest of each side in fewer; the first bit is flipped, and all bits of a negative number.
 */
import type { RowCursor } from "./row_cursor.ts";

const DIGITS_PER_WORD = 9;
/** Bytes that 0 ... 9 digits take. */
const BYTES_OF_DIGITS = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4] as const;

/** The text as mysqld prints it: no leading zeros, all digits of the fraction. */
export function readDecimal(cursor: RowCursor, precision: number, scale: number): string {
  const wholeDigits = precision - scale;
  const lead = wholeDigits % DIGITS_PER_WORD;
  const trail = scale % DIGITS_PER_WORD;
  const wholeWords = (wholeDigits - lead) / DIGITS_PER_WORD;
  const fractionWords = (scale - trail) / DIGITS_PER_WORD;
  const leadBytes = BYTES_OF_DIGITS[lead] ?? 0;
  const trailBytes = BYTES_OF_DIGITS[trail] ?? 0;
  const bytes = cursor.value(leadBytes + (wholeWords + fractionWords) * 4 + trailBytes).slice();
  const negative = ((bytes[0] ?? 0) & 0x80) === 0;
  bytes[0] = (bytes[0] ?? 0) ^ 0x80;
  if (negative) { for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] ?? 0) ^ 0xff; }
  let at = 0;
  const next = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 256 + (bytes[at++] ?? 0);
    return value;
  };
  let whole = leadBytes === 0 ? "" : String(next(leadBytes));
  for (let i = 0; i < wholeWords; i++) whole += padded(next(4), DIGITS_PER_WORD);
  let fraction = "";
  for (let i = 0; i < fractionWords; i++) fraction += padded(next(4), DIGITS_PER_WORD);
  if (trail > 0) fraction += padded(next(trailBytes), trail);
  const digits = whole.replace(/^0+(?=.)/, "") || "0";
  return (negative ? "-" : "") + (scale === 0 ? digits : `${digits}.${fraction}`);
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
