/** Identifiers: from the bytes of a statement to real text, and how names compare. */
import { Buffer } from "node:buffer";

/** Bytes above 0x7f need decoding, all others are the same in every character set we accept. */
// deno-lint-ignore no-control-regex
const NOT_ASCII = /[^\x00-\x7f]/;

export type TextCharset = "utf8" | "latin1";

/** The text that a byte string stands for. Invalid UTF-8 becomes U+FFFD. */
export function decodeText(bytes: string, charset: TextCharset): string {
  if (charset === "latin1" || !NOT_ASCII.test(bytes)) return bytes;
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** The bytes of a text, as a byte string. Latin1 can't hold all texts: RangeError then. */
export function encodeText(text: string, charset: TextCharset): string {
  if (!NOT_ASCII.test(text)) return text;
  if (charset === "utf8") return Buffer.from(text, "utf8").toString("latin1");
  for (const char of text) {
    if (char > "\u00ff") throw new RangeError(`Cannot write as latin1: ${JSON.stringify(char)}`);
  }
  return text;
}

/**
 * What an identifier of the statement means: quotes taken off, doubled quotes undone, decoded.
 * Both `x` and "x" are taken for quoted; the lexer has decided which of them is an identifier.
 */
export function decodeName(source: string, charset: TextCharset): string {
  const quote = source[0];
  if (quote !== "`" && quote !== '"') return decodeText(source, charset);
  const inner = source.slice(1, -1);
  const bytes = inner.includes(quote) ? inner.replaceAll(quote + quote, quote) : inner;
  return decodeText(bytes, charset);
}

/** Column, alias, index and function names compare without regard to case. */
export function sameColumnName(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase();
}

/** Table and keyspace names keep their case, as mysqld does on Linux (lower_case_table_names=0). */
export function sameTableName(a: string, b: string): boolean {
  return a === b;
}
