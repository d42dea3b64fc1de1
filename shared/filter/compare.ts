/**
 * Comparisons of a column with a literal as MySQL makes them, where that is certain: numbers,
 * dates, binary text, and ASCII text in the collations that everybody uses. Anything else is
 * refused when the rule is compiled, never guessed.
 */
import type { Field } from "../binlog/change.ts";
import { vtError } from "../error/errors.ts";
import { collationById } from "../mysql/collations.ts";
import {
  MYSQL_TYPE_BLOB,
  MYSQL_TYPE_DATE,
  MYSQL_TYPE_DATETIME,
  MYSQL_TYPE_DOUBLE,
  MYSQL_TYPE_ENUM,
  MYSQL_TYPE_FLOAT,
  MYSQL_TYPE_INT24,
  MYSQL_TYPE_LONG,
  MYSQL_TYPE_LONGLONG,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_SHORT,
  MYSQL_TYPE_STRING,
  MYSQL_TYPE_TIMESTAMP,
  MYSQL_TYPE_TINY,
  MYSQL_TYPE_VAR_STRING,
  MYSQL_TYPE_VARCHAR,
  MYSQL_TYPE_YEAR,
} from "../mysql/column_types.ts";
import type { LiteralValue } from "../sql/literal.ts";

/** Negative, zero or positive: the column's value against the literal. Only for `orders: true` more than zero or not. */
export type Comparer = (value: Uint8Array) => number;

export interface Comparison {
  readonly compare: Comparer;
  /** False: only equality is certain. */
  readonly orders: boolean;
}

const INTEGERS: ReadonlySet<number> = new Set([
  MYSQL_TYPE_TINY,
  MYSQL_TYPE_SHORT,
  MYSQL_TYPE_INT24,
  MYSQL_TYPE_LONG,
  MYSQL_TYPE_LONGLONG,
  MYSQL_TYPE_YEAR,
]);

const TEXTS: ReadonlySet<number> = new Set([
  MYSQL_TYPE_STRING,
  MYSQL_TYPE_VARCHAR,
  MYSQL_TYPE_VAR_STRING,
  MYSQL_TYPE_BLOB,
  MYSQL_TYPE_ENUM,
]);

const DATES: ReadonlySet<number> = new Set([
  MYSQL_TYPE_DATE,
  MYSQL_TYPE_DATETIME,
  MYSQL_TYPE_TIMESTAMP,
]);

/** In these ASCII letters differ by case alone, and all other ASCII characters from each other. */
const LETTERS_FOLD: ReadonlySet<string> = new Set([
  "utf8mb4_general_ci",
  "utf8mb4_unicode_ci",
  "utf8mb4_unicode_520_ci",
  "utf8mb4_0900_ai_ci",
  "utf8mb4_0900_as_ci",
  "utf8mb4_uca1400_ai_ci",
  "utf8mb3_general_ci",
  "utf8mb3_unicode_ci",
  "utf8mb3_uca1400_ai_ci",
  "latin1_swedish_ci",
  "latin1_general_ci",
  "ascii_general_ci",
]);

/** Trailing spaces count only in these. */
const NO_PAD = /_0900_|_nopad_/;

export function isInteger(field: Field): boolean {
  return INTEGERS.has(field.type);
}

/** VT12001 when the comparison isn't certain. */
export function comparison(field: Field, literal: LiteralValue): Comparison {
  if (INTEGERS.has(field.type) || field.type === MYSQL_TYPE_NEWDECIMAL) {
    return { compare: decimalComparer(decimalOf(field, literal)), orders: true };
  }
  if (field.type === MYSQL_TYPE_FLOAT || field.type === MYSQL_TYPE_DOUBLE) {
    const want = Number(decimalOf(field, literal));
    return { compare: (value) => Number(latin1(value)) - want, orders: true };
  }
  if (literal.type !== "string") throw uncertain(field);
  if (DATES.has(field.type)) return dateComparison(field, literal.bytes);
  if (TEXTS.has(field.type)) return textComparison(field, literal.bytes);
  throw uncertain(field);
}

function uncertain(field: Field): Error {
  return vtError("VT12001", `comparing ${field.columnType} column ${field.name} in a filter`);
}

export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

const DECIMAL = /^\s*([+-]?)0*([0-9]*)(?:\.([0-9]*?)0*)?\s*$/;

function decimalOf(field: Field, literal: LiteralValue): string {
  switch (literal.type) {
    case "int":
    case "float":
      return String(literal.value);
    case "decimal":
      return literal.text;
    case "string":
      if (DECIMAL.test(literal.bytes) && /[0-9]/.test(literal.bytes)) return literal.bytes;
  }
  throw uncertain(field);
}

interface Decimal {
  readonly negative: boolean;
  readonly whole: string;
  readonly fraction: string;
}

function parseDecimal(text: string): Decimal {
  const match = DECIMAL.exec(text);
  if (match === null) throw vtError("VT12001", `a number like ${text} in a filter`);
  const [, sign, whole = "", fraction = ""] = match;
  return { negative: sign === "-" && (whole !== "" || fraction !== ""), whole, fraction };
}

function decimalComparer(text: string): Comparer {
  const want = parseDecimal(text);
  return (value) => compareDecimals(parseDecimal(latin1(value)), want);
}

function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.negative !== b.negative) return a.negative ? -1 : 1;
  const magnitude = a.whole.length - b.whole.length || compareTexts(a.whole, b.whole) ||
    compareTexts(a.fraction, b.fraction);
  return a.negative ? -magnitude : magnitude;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const DATE = /^\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)?$/;

/** Written in full, dates compare as texts. */
function dateComparison(field: Field, literal: string): Comparison {
  if (!DATE.test(literal)) throw uncertain(field);
  const want = fullDate(literal);
  return { compare: (value) => compareTexts(fullDate(latin1(value)), want), orders: true };
}

function fullDate(text: string): string {
  const clock = text.length === 10 ? `${text} 00:00:00` : text;
  const [seconds = "", fraction = ""] = clock.split(".");
  return `${seconds}.${fraction.padEnd(6, "0")}`;
}

const ASCII = /^[\x20-\x7e]*$/;

function textComparison(field: Field, literal: string): Comparison {
  const collation = collationById(field.collation)?.name ?? "";
  if (collation === "binary") {
    return { compare: (value) => compareTexts(latin1(value), literal), orders: true };
  }
  const pads = !NO_PAD.test(collation);
  const trimmed = (text: string) => pads ? text.replace(/ +$/, "") : text;
  const sameBytes = /^(?:utf8mb[34]|latin1|ascii)_/.test(collation);
  if (collation.endsWith("_bin") && sameBytes) {
    const want = trimmed(literal);
    return { compare: (value) => compareTexts(trimmed(latin1(value)), want), orders: false };
  }
  if (!LETTERS_FOLD.has(collation) || !ASCII.test(literal)) throw uncertain(field);
  const want = trimmed(literal).toLowerCase();
  return {
    compare: (value) => {
      const text = latin1(value);
      if (!ASCII.test(text)) throw uncertain(field);
      return compareTexts(trimmed(text).toLowerCase(), want);
    },
    orders: false,
  };
}
