/**
 * Tokens of a statement, one at a time: the lexer is the current token. It steps into version
 * comments and passes other comments over. Given the normaliser's slots it takes literals from
 * there, so parser and normaliser agree on them whatever happens.
 */
import {
  CHAR_CLASS,
  CLASS_AT,
  CLASS_BACKTICK,
  CLASS_DIGIT,
  CLASS_DOT,
  CLASS_DOUBLE_QUOTE,
  CLASS_QUESTION,
  CLASS_QUOTE,
  CLASS_SPACE,
  CLASS_WORD,
  isDigit,
  isWordByte,
} from "./chars.ts";
import type { SqlOptions } from "./options.ts";
import {
  isVersionComment,
  scanComment,
  scanNumber,
  scanQuotedName,
  scanQuotedNumber,
  scanStrings,
  scanUserVariable,
  scanVersionMark,
  scanWord,
} from "./scan.ts";
import type { Slot } from "./slots.ts";
import { syntaxError } from "./syntax_error.ts";

export type TokenKind =
  | "end"
  | "word"
  | "quoted_name"
  | "user_variable"
  | "op"
  | "param"
  | "int"
  | "decimal"
  | "float"
  | "string"
  | "hex"
  | "bit"
  /** The whole list of an IN (only with slots). */
  | "list";

/** A place to come back to. */
export interface LexerMark {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly slot: number;
  readonly previousEnd: number;
  readonly version: boolean;
  readonly afterDot: boolean;
  readonly nextSlot: number;
}

const OPERATORS_3: ReadonlySet<string> = new Set(["<=>", "->>"]);
const OPERATORS_2: ReadonlySet<string> = new Set([
  ..."<> <= >= != << >> && || := -> @@".split(" "),
]);
const LITERAL_KINDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  ...["int", "decimal", "float", "string", "hex", "bit"] as const,
]);

/** True for the kinds that are literals. */
export function isLiteralKind(kind: TokenKind): boolean {
  return LITERAL_KINDS.has(kind);
}

export class Lexer {
  readonly sql: string;
  readonly options: SqlOptions;
  kind: TokenKind = "end";
  start = 0;
  end = 0;
  /** A word in lower case, an operator as written; "" for all else. */
  text = "";
  /** Number of the slot, for literals, parameters and lists; else -1. */
  slot = -1;
  /** End of the token before. */
  previousEnd = 0;
  readonly #slots: readonly Slot[];
  /** Nothing behind this offset is read. */
  readonly limit: number;
  #nextSlot = 0;
  /** Inside a version comment: its end mark is a blank. */
  #version = false;
  /** The next token is a name even if it begins with a digit. */
  #afterDot = false;

  /** Reads `sql` from `from` up to `limit`; `slots` are the normaliser's. Stands on the first token. */
  constructor(
    sql: string,
    options: SqlOptions,
    slots: readonly Slot[] = [],
    from = 0,
    limit: number = sql.length,
  ) {
    this.sql = sql;
    this.options = options;
    this.#slots = slots;
    this.limit = limit;
    this.end = from;
    this.next();
    this.previousEnd = from;
  }

  /** Goes to the next token. Throws ER_PARSE_ERROR at what never ends. */
  next(): void {
    this.previousEnd = this.end;
    const start = this.#skip(this.end);
    this.start = start;
    this.slot = -1;
    this.text = "";
    if (start >= this.limit) {
      this.kind = "end";
      this.end = start;
      return;
    }
    if (this.#takeSlot(start)) return;
    if (this.#afterDot) {
      this.#afterDot = false;
      this.#word(start, scanWord(this.sql, start));
    } else this.#read(start);
  }

  mark(): LexerMark {
    const { kind, start, end, text, slot, previousEnd } = this;
    return {
      kind,
      start,
      end,
      text,
      slot,
      previousEnd,
      version: this.#version,
      afterDot: this.#afterDot,
      nextSlot: this.#nextSlot,
    };
  }

  reset(mark: LexerMark): void {
    this.kind = mark.kind;
    this.start = mark.start;
    this.end = mark.end;
    this.text = mark.text;
    this.slot = mark.slot;
    this.previousEnd = mark.previousEnd;
    this.#version = mark.version;
    this.#afterDot = mark.afterDot;
    this.#nextSlot = mark.nextSlot;
  }

  /** Jumps behind `end`, which must be the end of a token. */
  skipTo(end: number): void {
    this.end = end;
    while ((this.#slots[this.#nextSlot]?.start ?? Infinity) < end) this.#nextSlot++;
    this.next();
  }

  #skip(from: number): number {
    const sql = this.sql;
    let at = from;
    for (;;) {
      const byte = sql.charCodeAt(at);
      if (CHAR_CLASS[byte] === CLASS_SPACE) {
        at++;
        continue;
      }
      if (this.#version && byte === 0x2a && sql.charCodeAt(at + 1) === 0x2f) {
        this.#version = false;
        at += 2;
        continue;
      }
      if (byte !== 0x2f && byte !== 0x2d && byte !== 0x23) return at;
      const end = this.#skipComment(at);
      if (end === at) return at;
      at = end;
    }
  }

  #skipComment(at: number): number {
    const sql = this.sql;
    if (!sql.startsWith("/*", at) || !isVersionComment(sql, at)) return scanComment(sql, at);
    const content = scanVersionMark(sql, at, this.options);
    if (content < 0) return -content;
    if (!sql.includes("*/", content)) throw syntaxError(sql, at);
    this.#version = true;
    return content;
  }

  #takeSlot(start: number): boolean {
    const slot = this.#slots[this.#nextSlot];
    if (slot === undefined || slot.start !== start) return false;
    this.slot = this.#nextSlot++;
    this.kind = slot.kind === "list" ? "list" : slot.type;
    this.end = slot.end;
    this.#afterDot = false;
    return true;
  }

  #read(start: number): void {
    const byte = this.sql.charCodeAt(start);
    switch (CHAR_CLASS[byte]) {
      case CLASS_WORD:
        return this.#readWord(start);
      case CLASS_DIGIT:
        return this.#readNumber(start);
      case CLASS_QUOTE:
        return this.#set("string", scanStrings(this.sql, start, this.options));
      case CLASS_DOUBLE_QUOTE:
        if (this.options.ansiQuotes) return this.#set("quoted_name", this.#quoted(start));
        return this.#set("string", scanStrings(this.sql, start, this.options));
      case CLASS_BACKTICK:
        return this.#set("quoted_name", this.#quoted(start));
      case CLASS_QUESTION:
        return this.#set("param", start + 1);
      case CLASS_DOT:
        return this.#readDot(start);
      case CLASS_AT:
        return this.#readAt(start);
      default:
        return this.#operator(start);
    }
  }

  #set(kind: TokenKind, end: number): void {
    this.kind = kind;
    this.end = end;
  }

  #quoted(start: number): number {
    return scanQuotedName(this.sql, start);
  }

  #word(start: number, end: number): void {
    this.kind = "word";
    this.end = end;
    this.text = this.sql.slice(start, end).toLowerCase();
  }

  #readWord(start: number): void {
    const sql = this.sql;
    const end = scanWord(sql, start);
    if (end === start + 1 && sql.charCodeAt(end) === 0x27) {
      const letter = sql.charCodeAt(start) | 0x20;
      if (letter === 0x78) return this.#set("hex", scanQuotedNumber(sql, start));
      if (letter === 0x62) return this.#set("bit", scanQuotedNumber(sql, start));
    }
    this.#word(start, end);
  }

  #readNumber(start: number): void {
    const number = scanNumber(this.sql, start);
    if (number.type === undefined) this.#word(start, number.end);
    else this.#set(number.type, number.end);
  }

  #readDot(start: number): void {
    const next = this.sql.charCodeAt(start + 1);
    const afterName = this.previousEnd === start &&
      (this.kind === "word" || this.kind === "quoted_name");
    if (isDigit(next) && !afterName) return this.#readNumber(start);
    this.#afterDot = isWordByte(next);
    this.#operatorOf(start, 1);
  }

  #readAt(start: number): void {
    if (this.sql.charCodeAt(start + 1) === 0x40) return this.#operatorOf(start, 2);
    const end = scanUserVariable(this.sql, start);
    if (end === start + 1) return this.#operatorOf(start, 1);
    this.#set("user_variable", end);
  }

  #operator(start: number): void {
    const sql = this.sql;
    if (OPERATORS_3.has(sql.slice(start, start + 3))) return this.#operatorOf(start, 3);
    if (OPERATORS_2.has(sql.slice(start, start + 2))) return this.#operatorOf(start, 2);
    if (sql.startsWith("\\N", start)) return this.#operatorOf(start, 2);
    this.#operatorOf(start, 1);
  }

  #operatorOf(start: number, length: number): void {
    this.kind = "op";
    this.end = start + length;
    this.text = this.sql.slice(start, this.end);
  }
}
