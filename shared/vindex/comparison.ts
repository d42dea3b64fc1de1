/**
 * From a value as a statement gives it to the value that a row has, so that `id = '7'` finds the
 * row with 7: MySQL converts before it compares (manual, "Type Conversion in Expression
 * Evaluation"), and a vindex sees neither the column's type nor that conversion.
 */
import { integerValue, NULL_VALUE, textValue, type Value } from "../value/value.ts";

/** The type of a vindex column, as far as comparisons care. */
export type ComparisonKind =
  /** Whole numbers: '7', 7.0 and 7 are the same row. */
  | "integer"
  /** Text that holds whole numbers: compares with text as text, with numbers as doubles. */
  | "digits"
  /** Text and bytes: a number compares with them as a number, so it can't be routed by. */
  | "text"
  /** Text that compares without the blanks at its end (collations with PAD SPACE). */
  | "padded"
  /** Not known: whole numbers as such, text as such, nothing else. */
  | "unknown";

/** Doubles are exact below this; MySQL compares some pairs of types as doubles. */
const EXACT_DOUBLE = 1n << 53n;

/**
 * The vindex's input for `column = value`. "none": no row can be equal (NULL, 1.5 for a whole
 * number). "unroutable": rows of several keyspace ids may be equal.
 */
export function comparisonInput(kind: ComparisonKind, value: Value): Value | "none" | "unroutable" {
  if (value.type === "null") return "none";
  switch (kind) {
    case "integer":
      return integerInput(value);
    case "digits":
      return digitsInput(value);
    case "text":
      return value.type === "text" || value.type === "binary" ? value : "unroutable";
    case "padded":
      if (value.type !== "text" && value.type !== "binary") return "unroutable";
      return { type: value.type, text: value.text.replace(/ +$/, "") };
    case "unknown":
      return value.type === "text" || value.type === "integer" ? value : "unroutable";
  }
}

/**
 * The vindex's input for a row that is inserted with `value`. Undefined when the value that would
 * be stored isn't certain (rounding, truncation): such a row has no keyspace id.
 */
export function storedInput(kind: ComparisonKind, value: Value): Value | undefined {
  if (value.type === "null") return NULL_VALUE;
  switch (kind) {
    case "integer": {
      if (value.type === "text" && !NUMBER.test(value.text)) return undefined;
      const input = integerInput(value);
      return typeof input === "string" ? undefined : input;
    }
    case "digits":
      return DIGITS.test(value.text) ? value : undefined;
    case "text":
    case "padded":
      return value.type === "float" ? undefined : textValue(value.text);
    case "unknown":
      return value.type === "text" || value.type === "integer" ? value : undefined;
  }
}

const NUMBER = /^[ \t]*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?[ \t]*$/i;
const PREFIX = /^[ \t\n\v\f\r]*([+-]?)([0-9]*)(?:\.([0-9]*))?(?:e([+-]?[0-9]{1,6}))?/i;

function integerInput(value: Value): Value | "none" | "unroutable" {
  if (value.type === "integer") return value;
  if (value.type === "binary") return "unroutable";
  const number = wholeNumber(value.text);
  if (number === undefined) return "none";
  const approximate = value.type === "float" || (value.type === "text" && !DIGITS.test(value.text));
  const magnitude = number < 0n ? -number : number;
  if (approximate && magnitude >= EXACT_DOUBLE) return "unroutable";
  return integerValue(number);
}

/** Other text may equal digits in some collation (full-width ones), so it says nothing. */
function digitsInput(value: Value): Value | "none" | "unroutable" {
  if (value.type === "text") {
    const trimmed = value.text.replace(/ +$/, "");
    return DIGITS.test(trimmed) ? textValue(trimmed) : "unroutable";
  }
  const input = integerInput(value);
  if (typeof input === "string") return input;
  const number = BigInt(input.text);
  return number < EXACT_DOUBLE && -number < EXACT_DOUBLE ? input : "unroutable";
}

const DIGITS = /^[+-]?[0-9]+$/;
/** No integer column holds more digits. */
const DIGITS_MAX = 30;

/** The number that MySQL reads off the front of a text, when it is whole; text without one is 0. */
function wholeNumber(text: string): bigint | undefined {
  const match = PREFIX.exec(text);
  const whole = match?.[2] ?? "";
  const fraction = match?.[3] ?? "";
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return 0n;
  const shift = Number(match?.[4] ?? "0") - fraction.length;
  const significant = digits.replace(/0+$/, "");
  const zeros = digits.length - significant.length + shift;
  if (zeros < 0) return undefined;
  if (significant.length + zeros > DIGITS_MAX) return undefined;
  const number = BigInt(significant + "0".repeat(zeros));
  return match?.[1] === "-" ? -number : number;
}
