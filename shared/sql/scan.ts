/**
 * Where literals, quoted names and comments end: the parts that the lexer and the normaliser have
 * in common. Each function takes the offset of the first byte and gives the offset behind the last.
 */
import { isDigit, isHexDigit, isSpace, WORD_BYTE } from "./chars.ts";
import type { SqlOptions } from "./options.ts";
import type { LiteralType } from "./ast.ts";
import { syntaxError } from "./syntax_error.ts";

const BACKSLASH = 0x5c;
const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const STAR = 0x2a;
const SLASH = 0x2f;
const BANG = 0x21;

/** A string in the quotes it begins with; doubled quotes and (unless told) backslashes escape. */
export function scanString(sql: string, start: number, options: SqlOptions): number {
  const quote = sql.charCodeAt(start);
  const backslash = options.noBackslashEscapes ? -1 : BACKSLASH;
  const length = sql.length;
  for (let at = start + 1; at < length; at++) {
    const byte = sql.charCodeAt(at);
    if (byte === quote) {
      if (sql.charCodeAt(at + 1) !== quote) return at + 1;
      at++;
    } else if (byte === backslash) at++;
  }
  throw syntaxError(sql, start);
}

/** `'a' 'b'` is one string: the offset behind the last part. Version comments end the chain. */
export function scanStrings(sql: string, start: number, options: SqlOptions): number {
  let end = scanString(sql, start, options);
  for (;;) {
    const byte = sql.charCodeAt(end);
    if (byte !== QUOTE && byte !== DOUBLE_QUOTE && !mayBeBlank(byte)) return end;
    const next = skipBlanks(sql, end);
    if (!isStringQuote(sql.charCodeAt(next), options)) return end;
    end = scanString(sql, next, options);
  }
}

function mayBeBlank(byte: number): boolean {
  return isSpace(byte) || byte === 0x2f || byte === 0x2d || byte === 0x23;
}

export function isStringQuote(byte: number, options: SqlOptions): boolean {
  return byte === QUOTE || (byte === DOUBLE_QUOTE && !options.ansiQuotes);
}

/** A quoted name: only the doubled quote escapes. */
export function scanQuotedName(sql: string, start: number): number {
  const quote = sql.charAt(start);
  let at = start + 1;
  for (;;) {
    const end = sql.indexOf(quote, at);
    if (end < 0) throw syntaxError(sql, start);
    if (sql.charAt(end + 1) !== quote) return end + 1;
    at = end + 2;
  }
}

/** The bytes of a word. */
export function scanWord(sql: string, start: number): number {
  let at = start;
  while (WORD_BYTE[sql.charCodeAt(at)] === 1) at++;
  return at;
}

/**
 * The offset behind the comment that begins at `start`; `start` itself when none begins there or
 * when it is a version comment, whose content is SQL (see `scanVersionMark`).
 */
export function scanComment(sql: string, start: number): number {
  const byte = sql.charCodeAt(start);
  if (byte === 0x23) return endOfLine(sql, start);
  const second = sql.charCodeAt(start + 1);
  if (byte === 0x2d) {
    // `--5` is minus minus five: the comment wants a blank, a control character or the end.
    const third = sql.charCodeAt(start + 2);
    return second === 0x2d && !(third > 0x20) ? endOfLine(sql, start) : start;
  }
  if (byte !== SLASH || second !== STAR || isVersionComment(sql, start)) return start;
  const end = sql.indexOf("*/", start + 2);
  if (end < 0) throw syntaxError(sql, start);
  return end + 2;
}

function endOfLine(sql: string, start: number): number {
  const end = sql.indexOf("\n", start);
  return end < 0 ? sql.length : end + 1;
}

/** True at `/*!` and `/*M!`. */
export function isVersionComment(sql: string, start: number): boolean {
  const third = sql.charCodeAt(start + 2);
  return third === BANG || (third === 0x4d && sql.charCodeAt(start + 3) === BANG);
}

/**
 * At a version comment: the offset of its content when it is for our version, otherwise the
 * offset behind the whole comment, negated.
 */
export function scanVersionMark(sql: string, start: number, options: SqlOptions): number {
  const mariadb = sql.charCodeAt(start + 2) !== BANG;
  const digits = start + (mariadb ? 4 : 3);
  let at = digits;
  while (at < digits + 6 && isDigit(sql.charCodeAt(at))) at++;
  // Five or six digits are a version; fewer belong to the content.
  const version = at - digits >= 5 ? Number(sql.slice(digits, at)) : 0;
  const ours = mariadb ? options.mariadbVersion : options.mysqlVersion;
  if (version <= ours && ours > 0) return version > 0 ? at : digits;
  return -skipNested(sql, start);
}

/** A version comment that is not for us may hold comments. */
function skipNested(sql: string, start: number): number {
  let at = start + 2;
  for (;;) {
    const end = sql.indexOf("*/", at);
    if (end < 0) throw syntaxError(sql, start);
    const inner = sql.indexOf("/*", at);
    if (inner < 0 || inner > end) return end + 2;
    at = skipNested(sql, inner);
  }
}

/** Behind blanks and comments; version comments are none. */
export function skipBlanks(sql: string, start: number): number {
  let at = start;
  for (;;) {
    if (isSpace(sql.charCodeAt(at))) at++;
    else {
      const end = scanComment(sql, at);
      if (end === at) return at;
      at = end;
    }
  }
}

/** What begins with a digit, or with a dot and a digit. `type` undefined: it is a word. */
export interface NumberScan {
  readonly type: LiteralType | undefined;
  readonly end: number;
}

export function scanNumber(sql: string, start: number): NumberScan {
  const prefixed = scanPrefixed(sql, start);
  if (prefixed !== undefined) return prefixed;
  let at = scanDigits(sql, start);
  const byte = sql.charCodeAt(at);
  if (byte === 0x2e) {
    at = scanDigits(sql, at + 1);
    const end = scanExponent(sql, at);
    return end === at ? { type: "decimal", end } : { type: "float", end };
  }
  const end = scanExponent(sql, at);
  if (end !== at) return { type: "float", end };
  if (WORD_BYTE[byte] === 1) return { type: undefined, end: scanWord(sql, at) };
  return { type: integerType(sql, start, at), end: at };
}

/** `0x1F`, `0b01`; the prefix is in lower case only. */
function scanPrefixed(sql: string, start: number): NumberScan | undefined {
  if (sql.charCodeAt(start) !== 0x30) return undefined;
  const second = sql.charCodeAt(start + 1);
  if (second !== 0x78 && second !== 0x62) return undefined;
  const isPart = second === 0x78 ? isHexDigit : isBit;
  let at = start + 2;
  while (isPart(sql.charCodeAt(at))) at++;
  if (at === start + 2 || WORD_BYTE[sql.charCodeAt(at)] === 1) return undefined;
  return { type: second === 0x78 ? "hex" : "bit", end: at };
}

function isBit(byte: number): boolean {
  return byte === 0x30 || byte === 0x31;
}

function scanDigits(sql: string, start: number): number {
  let at = start;
  while (isDigit(sql.charCodeAt(at))) at++;
  return at;
}

/** `e10`, `E-3`: behind it; `start` when there is none. */
function scanExponent(sql: string, start: number): number {
  if ((sql.charCodeAt(start) | 0x20) !== 0x65) return start;
  const sign = sql.charCodeAt(start + 1);
  const digits = sign === 0x2b || sign === 0x2d ? start + 2 : start + 1;
  return isDigit(sql.charCodeAt(digits)) ? scanDigits(sql, digits) : start;
}

const UINT64_MAX = "18446744073709551615";

/** A whole number that no 64 bits hold is a decimal. */
function integerType(sql: string, start: number, end: number): LiteralType {
  if (end - start < UINT64_MAX.length) return "int";
  let at = start;
  while (at < end - 1 && sql.charCodeAt(at) === 0x30) at++;
  const digits = sql.slice(at, end);
  if (digits.length !== UINT64_MAX.length) {
    return digits.length < UINT64_MAX.length ? "int" : "decimal";
  }
  return digits <= UINT64_MAX ? "int" : "decimal";
}

/** `x'41'`, `b'01'` at the letter: the offset behind the quote. Wrong digits are an error. */
export function scanQuotedNumber(sql: string, start: number): number {
  const isHex = (sql.charCodeAt(start) | 0x20) === 0x78;
  const isPart = isHex ? isHexDigit : isBit;
  let at = start + 2;
  while (isPart(sql.charCodeAt(at))) at++;
  const even = !isHex || (at - start) % 2 === 0;
  if (sql.charCodeAt(at) !== QUOTE || !even) throw syntaxError(sql, start);
  return at + 1;
}

/** `@name`, `@'name'`, at the `@`; names may hold dots. A lone `@` ends at once. */
export function scanUserVariable(sql: string, start: number): number {
  const byte = sql.charCodeAt(start + 1);
  if (byte === QUOTE || byte === DOUBLE_QUOTE || byte === 0x60) {
    return scanQuotedName(sql, start + 1);
  }
  let at = start + 1;
  while (WORD_BYTE[sql.charCodeAt(at)] === 1 || sql.charCodeAt(at) === 0x2e) at++;
  return at;
}
