/** SQL text for new fragments only: what the client wrote is spliced, never printed. */
import { encodeText, type TextCharset } from "./names.ts";

/** `` `name` `` as a byte string. */
export function quoteName(name: string, charset: TextCharset = "utf8"): string {
  return "`" + encodeText(name, charset).replaceAll("`", "``") + "`";
}

/** Bytes that end or bend a string literal, with and without backslash escapes. */
// deno-lint-ignore no-control-regex
const SPECIAL = /[\x00\n\r\x1a'"\\]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  "\0": "\\0",
  "\n": "\\n",
  "\r": "\\r",
  "\x1a": "\\Z",
  "'": "\\'",
  '"': '\\"',
  "\\": "\\\\",
};

/** A string literal of these bytes. `noBackslashEscapes` as the session that reads it has it. */
export function quoteString(bytes: string, noBackslashEscapes = false): string {
  if (noBackslashEscapes) return `'${bytes.replaceAll("'", "''")}'`;
  return `'${bytes.replace(SPECIAL, (char) => ESCAPES[char] ?? char)}'`;
}

/** `x'00ff'`: any bytes, whatever the session's modes; its type is binary. */
export function quoteBytes(bytes: Uint8Array): string {
  let text = "x'";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return `${text}'`;
}
