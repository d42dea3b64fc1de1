/**
 * What a column does to a value that doesn't fit it. Where mysqld is told to be lenient (INSERT
 * IGNORE, a sql_mode that isn't strict) it stores another value than it was given, and the row
 * would lie on a shard where nobody looks for it. So a value that places a row is held against its
 * column's type before, and refused as a strict mysqld refuses it (manual, "Out-of-Range and
 * Overflow Handling", "The CHAR and VARCHAR Types", "The BINARY and VARBINARY Types").
 */
import { parseColumnType } from "../value/column_type.ts";
import { canHold } from "../value/charset_text.ts";
import { textValue, type Value } from "../value/value.ts";

export type ColumnLimit =
  | { readonly kind: "integer"; readonly min: bigint; readonly max: bigint }
  | TextLimit
  /** `fixed`: BINARY, which is filled up with zeros. */
  | { readonly kind: "bytes"; readonly max: number; readonly fixed: boolean };

interface TextLimit {
  readonly kind: "text";
  readonly max: number;
  /** What `max` counts; TEXT counts bytes. */
  readonly unit: "characters" | "bytes";
  /** CHAR, whose blanks at the end go. */
  readonly fixed: boolean;
  readonly characterSet: string;
}

/** Why a value can't be kept. */
export type Misfit =
  /** ER_WARN_DATA_OUT_OF_RANGE (1264) of a strict mysqld. */
  | "out_of_range"
  /** ER_DATA_TOO_LONG (1406). */
  | "too_long"
  /** ER_TRUNCATED_WRONG_VALUE_FOR_FIELD (1366): a character that the column's set has not. */
  | "not_in_set"
  /** Whether the column's character set has it isn't known here. */
  | "unknown_set";

const INTEGER_BITS: Readonly<Partial<Record<string, bigint>>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  integer: 32n,
  bigint: 64n,
};

/** Longest TEXT and BLOB, in bytes. */
const LOB_BYTES: Readonly<Partial<Record<string, number>>> = {
  tiny: 0xff,
  "": 0xffff,
  medium: 0xff_ffff,
  long: 0xffff_ffff,
};

/**
 * Of a column's type and collation as information_schema.columns prints them: "bigint(20)
 * unsigned", "varchar(64)". Undefined for types that set no limit that matters to a vindex.
 */
export function columnLimit(
  columnType: string,
  collation: string | undefined,
): ColumnLimit | undefined {
  const { base: type, size, unsigned } = parseColumnType(columnType);
  const bits = INTEGER_BITS[type];
  if (bits !== undefined) return integerLimit(bits, unsigned);
  const [length = 1, scale = 0] = size === "" ? [] : size.split(",").map(Number);
  const characterSet = collation?.split("_")[0] ?? "binary";
  switch (type) {
    case "decimal":
      return decimalLimit(length - scale, unsigned);
    case "char":
    case "varchar":
      return {
        kind: "text",
        max: length,
        unit: "characters",
        fixed: type === "char",
        characterSet,
      };
    case "binary":
    case "varbinary":
      return { kind: "bytes", max: length, fixed: type === "binary" };
    default: {
      const max = LOB_BYTES[type.replace(/(?:text|blob)$/, "")];
      if (max === undefined) return undefined;
      if (type.endsWith("blob")) return { kind: "bytes", max, fixed: false };
      return type.endsWith("text")
        ? { kind: "text", max, unit: "bytes", fixed: false, characterSet }
        : undefined;
    }
  }
}

function integerLimit(bits: bigint, unsigned: boolean): ColumnLimit {
  if (unsigned) return { kind: "integer", min: 0n, max: (1n << bits) - 1n };
  const half = 1n << (bits - 1n);
  return { kind: "integer", min: -half, max: half - 1n };
}

function decimalLimit(digits: number, unsigned: boolean): ColumnLimit {
  const max = 10n ** BigInt(digits) - 1n;
  return { kind: "integer", min: unsigned ? 0n : -max, max };
}

/**
 * The value as the column keeps it, or why it can't: where a strict mysqld refuses, a lenient one
 * keeps another value. `value` is what storedInput of comparison.ts gives; a text is UTF-8.
 */
export function throughLimit(limit: ColumnLimit | undefined, value: Value): Value | Misfit {
  if (limit === undefined || value.type === "null") return value;
  switch (limit.kind) {
    case "integer":
      return inRange(limit, value);
    case "text":
      return ofText(limit, value);
    case "bytes":
      if (value.text.length > limit.max) return "too_long";
      return limit.fixed ? textValue(value.text.padEnd(limit.max, "\0")) : value;
  }
}

function inRange(
  { min, max }: Extract<ColumnLimit, { readonly kind: "integer" }>,
  value: Value,
): Value | Misfit {
  if (value.type !== "integer") return value;
  const number = BigInt(value.text);
  return number < min || number > max ? "out_of_range" : value;
}

/** Blanks beyond the end of a VARCHAR are cut in every sql_mode. */
function ofText({ max, unit, fixed, characterSet }: TextLimit, value: Value): Value | Misfit {
  const end = unit === "bytes" ? max : endOf(value.text, max);
  if (end < value.text.length && /[^ ]/.test(value.text.slice(end))) return "too_long";
  const held = canHold(characterSet, value.text);
  if (held !== true) return held === undefined ? "unknown_set" : "not_in_set";
  const kept = end < value.text.length ? value.text.slice(0, end) : value.text;
  const text = fixed ? kept.replace(/ +$/, "") : kept;
  return text === value.text ? value : textValue(text);
}

/** Where the first `max` characters of a UTF-8 byte string end. */
function endOf(text: string, max: number): number {
  if (text.length <= max) return text.length;
  let characters = 0;
  for (let at = 0; at < text.length; at++) {
    if (isContinuation(text.charCodeAt(at))) continue;
    if (characters === max) return at;
    characters++;
  }
  return text.length;
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte < 0xc0;
}
