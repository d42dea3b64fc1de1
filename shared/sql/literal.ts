/** From the source text of a literal to the value it means. */
import type { LiteralType } from "./ast.ts";
import type { SqlOptions } from "./options.ts";
import { scanString, skipBlanks } from "./scan.ts";

export type LiteralValue =
  | { readonly type: "int"; readonly value: bigint }
  /** The digits as written, sign included: no double holds them. */
  | { readonly type: "decimal"; readonly text: string }
  | { readonly type: "float"; readonly value: number }
  /** As a byte string in the connection's character set. */
  | { readonly type: "string"; readonly bytes: string }
  /** Hexadecimal and bit literals are binary strings. */
  | { readonly type: "binary"; readonly bytes: Uint8Array };

/** Decodes the literal at [start, end) of `sql`, which has this type. */
export function decodeLiteral(
  sql: string,
  literal: { readonly type: LiteralType; readonly start: number; readonly end: number },
  options: SqlOptions,
): LiteralValue {
  const text = sql.slice(literal.start, literal.end);
  switch (literal.type) {
    case "int":
      return { type: "int", value: parseInteger(text) };
    case "decimal":
      return { type: "decimal", text };
    case "float":
      return { type: "float", value: Number(text) };
    case "string":
      return { type: "string", bytes: decodeString(text, options) };
    case "hex":
      return { type: "binary", bytes: parseHex(digitsOf(text)) };
    case "bit":
      return { type: "binary", bytes: parseBits(digitsOf(text)) };
  }
}

/** BigInt("-5") works, BigInt("-05") does too; a sign is part of a folded number. */
function parseInteger(text: string): bigint {
  return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
}

/** Without `0x` or `x'...'`. */
function digitsOf(text: string): string {
  return text.endsWith("'") ? text.slice(2, -1) : text.slice(2);
}

function parseHex(digits: string): Uint8Array {
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  const bytes = new Uint8Array(even.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = parseInt(even.slice(at * 2, at * 2 + 2), 16);
  }
  return bytes;
}

function parseBits(digits: string): Uint8Array {
  const padded = digits.padStart(Math.ceil(digits.length / 8) * 8, "0");
  const bytes = new Uint8Array(padded.length / 8);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = parseInt(padded.slice(at * 8, at * 8 + 8), 2);
  }
  return bytes;
}

/** All the parts of `'a' 'b'`, escapes undone. */
export function decodeString(text: string, options: SqlOptions): string {
  let value = "";
  for (let at = 0; at < text.length; at = skipBlanks(text, at)) {
    const end = scanString(text, at, options);
    value += decodePart(text.slice(at, end), options);
    at = end;
  }
  return value;
}

function decodePart(part: string, options: SqlOptions): string {
  const quote = part.charAt(0);
  const inner = part.slice(1, -1);
  const backslash = !options.noBackslashEscapes && inner.includes("\\");
  if (!backslash) {
    return inner.includes(quote) ? inner.replaceAll(quote + quote, quote) : inner;
  }
  let value = "";
  for (let at = 0; at < inner.length; at++) {
    const char = inner.charAt(at);
    if (char === "\\") value += unescape(inner.charAt(++at));
    else {
      value += char;
      if (char === quote) at++;
    }
  }
  return value;
}

/** Manual, "String Literals". `\%` and `\_` keep their backslash, for LIKE. */
function unescape(char: string): string {
  switch (char) {
    case "0":
      return "\0";
    case "b":
      return "\b";
    case "n":
      return "\n";
    case "r":
      return "\r";
    case "t":
      return "\t";
    case "Z":
      return "\x1a";
    case "%":
    case "_":
      return `\\${char}`;
    default:
      return char;
  }
}
