/** A FLOAT with as many digits as it takes to read the same bits back. */
import { printDouble } from "../mysql/float_text.ts";

/** No 32-bit number needs more. */
const DIGITS_MAX = 9;
/** What mysqld prints: with so many digits or fewer the text is its own. */
const DIGITS_MIN = 6;

/** Of a number that a 32-bit float holds exactly. In mysqld's form: 1.5, 1e20. */
export function printFloatExact(value: number): string {
  for (let digits = DIGITS_MIN; digits < DIGITS_MAX; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return printDouble(rounded);
  }
  return printDouble(Number(value.toPrecision(DIGITS_MAX)));
}
