/**
 * A single SQL value outside of any row: a literal of a statement or a bound parameter, as
 * vindexes and plans need it. Text is a byte string
 * (docs/decisions/0002-sql-text-is-a-byte-string.md).
 */

export type ValueType =
  | "null"
  /** Digits with an optional minus sign. */
  | "integer"
  /** A number with a point. */
  | "decimal"
  /** A number with an exponent, or a binary one. */
  | "float"
  /** Characters in the connection's character set. */
  | "text"
  /** Hexadecimal and bit literals: bytes, which MySQL takes for a number among numbers. */
  | "binary";

export interface Value {
  readonly type: ValueType;
  /** The value's bytes: digits of a number, characters of a text without quotes. "" for NULL. */
  readonly text: string;
}

export const NULL_VALUE: Value = { type: "null", text: "" };

export function integerValue(value: bigint | number): Value {
  return { type: "integer", text: String(value) };
}

/** Of a byte string. */
export function textValue(text: string): Value {
  return { type: "text", text };
}

/**
 * Reads a literal as it stands in a statement: 'a', "a", N'a', 12, -1.5, 1e3, 0xff, x'ff', b'1',
 * NULL, TRUE. SyntaxError when it is nothing of the kind: an expression has no value here.
 */
export function parseLiteral(
  sql: string,
  options: { readonly noBackslashEscapes?: boolean } = {},
): Value {
  const first = sql.charCodeAt(0);
  if (first === QUOTE || first === DOUBLE_QUOTE) {
    return { type: "text", text: unquote(sql, options.noBackslashEscapes === true) };
  }
  if (/^[+-]?[0-9]+$/.test(sql)) return { type: "integer", text: canonicalInteger(sql) };
  if (/^[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+)$/.test(sql)) return { type: "decimal", text: sql };
  if (/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)e[+-]?[0-9]+$/i.test(sql)) {
    return { type: "float", text: sql };
  }
  if (/^n'/i.test(sql)) {
    return { type: "text", text: unquote(sql.slice(1), options.noBackslashEscapes === true) };
  }
  return parseWord(sql);
}

function parseWord(sql: string): Value {
  if (/^null$/i.test(sql)) return NULL_VALUE;
  if (/^(?:true|false)$/i.test(sql)) {
    return { type: "integer", text: /^t/i.test(sql) ? "1" : "0" };
  }
  const hex = /^(?:0x([0-9a-f]+)|x'((?:[0-9a-f]{2})*)')$/i.exec(sql);
  if (hex !== null) return { type: "binary", text: bytesOfHex(hex[1] ?? hex[2] ?? "") };
  const bits = /^(?:0b([01]+)|b'([01]*)')$/i.exec(sql);
  if (bits !== null) return { type: "binary", text: bytesOfBits(bits[1] ?? bits[2] ?? "") };
  throw new SyntaxError(`Cannot read "${sql.slice(0, 40)}" as a literal`);
}

/** Prints a value as a literal that any sql_mode reads back: quotes doubled, bytes in hex. */
export function printLiteral(
  value: Value,
  options: { readonly noBackslashEscapes?: boolean } = {},
): string {
  switch (value.type) {
    case "null":
      return "NULL";
    case "integer":
    case "decimal":
    case "float":
      return value.text;
    case "binary":
      return `x'${hexOfBytes(value.text)}'`;
    case "text": {
      const doubled = value.text.replaceAll("'", "''");
      return options.noBackslashEscapes === true
        ? `'${doubled}'`
        : `'${doubled.replaceAll("\\", "\\\\")}'`;
    }
  }
}

const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;

/** MySQL's escapes (manual, "String Literals"); `\%` and `\_` keep their backslash. */
const ESCAPES: Readonly<Record<string, string>> = {
  "0": "\0",
  "b": "\b",
  "n": "\n",
  "r": "\r",
  "t": "\t",
  "Z": "\x1a",
  "%": "\\%",
  "_": "\\_",
};

function unquote(sql: string, noBackslashEscapes: boolean): string {
  const quote = sql.charAt(0);
  if (sql.length < 2 || sql.at(-1) !== quote) {
    throw new SyntaxError(`Cannot read "${sql.slice(0, 40)}" as a literal`);
  }
  const body = sql.slice(1, -1);
  if (!body.includes(quote) && (noBackslashEscapes || !body.includes("\\"))) return body;
  const doubled = quote === "'" ? "''" : '""';
  if (noBackslashEscapes) return body.replaceAll(doubled, quote);
  const pattern = quote === "'" ? /\\([\s\S])|''/g : /\\([\s\S])|""/g;
  return body.replace(pattern, (_, escaped: string | undefined) => {
    if (escaped === undefined) return quote;
    return ESCAPES[escaped] ?? escaped;
  });
}

/** Without a plus sign and leading zeros; -0 is 0. */
function canonicalInteger(sql: string): string {
  const digits = sql.replace(/^[+-]/, "").replace(/^0+(?=[0-9])/, "");
  return sql.startsWith("-") && digits !== "0" ? `-${digits}` : digits;
}

function bytesOfHex(hex: string): string {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  let out = "";
  for (let i = 0; i < even.length; i += 2) {
    out += String.fromCharCode(Number.parseInt(even.slice(i, i + 2), 16));
  }
  return out;
}

function bytesOfBits(bits: string): string {
  const padded = bits.padStart(Math.ceil(bits.length / 8) * 8, "0");
  let out = "";
  for (let i = 0; i < padded.length; i += 8) {
    out += String.fromCharCode(Number.parseInt(padded.slice(i, i + 8), 2));
  }
  return out;
}

function hexOfBytes(bytes: string): string {
  let out = "";
  for (let i = 0; i < bytes.length; i++) out += bytes.charCodeAt(i).toString(16).padStart(2, "0");
  return out;
}
