/**
 * The plan cache's key, in one pass without a parse: the statement's exact text with each literal
 * replaced by a mark of its type, and where the literals were. What is between them (spelling,
 * blanks, inner comments) stays, since it shows in column names and hints.
 *
 * Marks are `?` and a letter (MARK below); lists of an IN have it in upper case. A `?` of the text
 * itself is a parameter, hence a slot, so a mark can't be mistaken for text.
 *
 * A number takes a sign directly in front of it into its slot when the token before shows that it
 * is a sign. A string behind AS is an alias, never data, and stays in the key.
 */
import {
  CHAR_CLASS,
  CLASS_AT,
  CLASS_BACKTICK,
  CLASS_CLOSE,
  CLASS_DASH,
  CLASS_DIGIT,
  CLASS_DOT,
  CLASS_DOUBLE_QUOTE,
  CLASS_HASH,
  CLASS_OPEN,
  CLASS_QUESTION,
  CLASS_QUOTE,
  CLASS_SEMICOLON,
  CLASS_SLASH,
  CLASS_SPACE,
  CLASS_STAR,
  CLASS_WORD,
  isDigit,
  WORD_BYTE,
} from "./chars.ts";
import { hasBody } from "./compound.ts";
import type { SqlOptions } from "./options.ts";
import {
  isStringQuote,
  isVersionComment,
  scanComment,
  scanNumber,
  scanQuotedName,
  scanQuotedNumber,
  scanString,
  scanStrings,
  scanUserVariable,
  scanVersionMark,
  scanWord,
  skipBlanks,
} from "./scan.ts";
import type { Normalized, Slot, SlotType, ValueSlot } from "./slots.ts";
import { syntaxError } from "./syntax_error.ts";

export const MARK: Readonly<Record<SlotType, string>> = {
  int: "?i",
  decimal: "?d",
  float: "?f",
  string: "?s",
  hex: "?x",
  bit: "?b",
  param: "?p",
};

export const LIST_MARK: Readonly<Record<SlotType, string>> = {
  int: "?I",
  decimal: "?D",
  float: "?F",
  string: "?S",
  hex: "?X",
  bit: "?B",
  param: "?P",
};

/** Reserved words behind which an operand must come, so that `-` is a sign. */
export const SIGN_WORDS: ReadonlySet<string> = new Set([
  ..."select and or xor not between when then else like where having div mod".split(" "),
]);

/** The usual first words in their usual spellings: a look-up is cheaper than toLowerCase(). */
const FIRST_WORDS: ReadonlyMap<string, string> = new Map(
  ["select", "insert", "update", "delete", "set", "begin", "commit", "rollback", "show", "start"]
    .flatMap((word) => [[word, word], [word.toUpperCase(), word]]),
);

const AFTER_NOTHING = 0;
/** A word; whether it is a keyword is looked up only when it matters. */
const AFTER_WORD = 1;
/** A name, a literal, a closing parenthesis. */
const AFTER_OPERAND = 2;
/** An operator, a comma or an opening parenthesis: an operand follows. */
const AFTER_OPERATOR = 3;

/** Normalises the first statement of `sql`. Throws ER_PARSE_ERROR at what never ends. */
export function normalize(sql: string, options: SqlOptions, from = 0): Normalized {
  const run = new Run(sql, options, from);
  run.scan();
  return run.broken ? verbatim(sql, run) : run.result();
}

/** A statement whose literals can't be told at this level has itself for its key. */
function verbatim(sql: string, run: Run): Normalized {
  const { start, end, firstWord, next } = run.result();
  return { key: sql.slice(start, end), slots: [], params: 0, start, end, firstWord, next };
}

class Run {
  readonly #sql: string;
  readonly #options: SqlOptions;
  readonly #slots: Slot[] = [];
  #key = "";
  /** All before this offset is in the key. */
  #copied: number;
  #at: number;
  #begin = -1;
  /** Behind the last token. */
  #end: number;
  #next = -1;
  #params = 0;
  #after = AFTER_NOTHING;
  #wordStart = 0;
  #wordEnd = 0;
  #firstWord = "";
  #version = false;
  /** A string continues behind a version comment's mark. */
  broken = false;

  constructor(sql: string, options: SqlOptions, from: number) {
    this.#sql = sql;
    this.#options = options;
    this.#copied = from;
    this.#end = from;
    this.#at = from;
  }

  scan(): void {
    const sql = this.#sql;
    const length = sql.length;
    while (this.#at < length) {
      const charClass = CHAR_CLASS[sql.charCodeAt(this.#at)];
      if (charClass === CLASS_SPACE) this.#at++;
      else if (charClass === CLASS_WORD) this.#word();
      else if (!this.#token(charClass)) return;
    }
    if (this.#version) throw syntaxError(sql, length);
  }

  result(): Normalized {
    const start = this.#begin < 0 ? this.#end : this.#begin;
    return {
      key: this.#copied < this.#end
        ? this.#key + this.#sql.slice(this.#copied, this.#end)
        : this.#key,
      slots: this.#slots,
      params: this.#params,
      start,
      end: this.#end,
      firstWord: this.#firstWord,
      next: this.#next,
    };
  }

  /** Anything but blanks and words. False: the statement ends here. */
  #token(charClass: number | undefined): boolean {
    switch (charClass) {
      case CLASS_DIGIT:
        this.#number(this.#at);
        return true;
      case CLASS_QUOTE:
        this.#string(this.#at);
        return true;
      case CLASS_QUESTION:
        this.#param();
        return true;
      case CLASS_OPEN:
        this.#open();
        return true;
      case CLASS_CLOSE:
        this.#advance(this.#at + 1, AFTER_OPERAND);
        return true;
      case CLASS_SEMICOLON:
        return this.#semicolon();
      default:
        this.#rare(charClass);
        return true;
    }
  }

  #rare(charClass: number | undefined): void {
    const at = this.#at;
    switch (charClass) {
      case CLASS_DOUBLE_QUOTE:
        if (this.#options.ansiQuotes) this.#name();
        else this.#string(at);
        return;
      case CLASS_BACKTICK:
        return this.#name();
      case CLASS_AT:
        return this.#variable();
      case CLASS_DOT:
        return this.#dot();
      case CLASS_DASH:
      case CLASS_HASH:
      case CLASS_SLASH:
        return this.#maybeComment();
      case CLASS_STAR:
        if (this.#version && this.#sql.charCodeAt(at + 1) === 0x2f) return this.#endVersion();
        return this.#operator();
      default:
        return this.#operator();
    }
  }

  #operator(): void {
    this.#advance(this.#at + 1, AFTER_OPERATOR);
  }

  /** Takes the token from here to `end`. */
  #advance(end: number, after: number): void {
    if (this.#begin < 0) this.#first(this.#at);
    this.#at = end;
    this.#end = end;
    this.#after = after;
  }

  #first(start: number): void {
    this.#begin = start;
    this.#copied = start;
    if (this.#sql.charCodeAt(start) === 0x28) this.#firstWord = "(";
  }

  #word(): void {
    const sql = this.#sql;
    const start = this.#at;
    let end = start + 1;
    while (WORD_BYTE[sql.charCodeAt(end)] === 1) end++;
    const byte = sql.charCodeAt(end);
    if (byte === 0x27 && end === start + 1 && this.#quotedNumber(start)) return;
    if (this.#firstWord === "") {
      if (this.#begin < 0) this.#first(start);
      const word = sql.slice(start, end);
      this.#firstWord = FIRST_WORDS.get(word) ?? word.toLowerCase();
    }
    this.#at = end;
    this.#end = end;
    this.#after = AFTER_WORD;
    this.#wordStart = start;
    this.#wordEnd = end;
    if (byte === 0x2e) this.#qualified(end);
  }

  /** Behind a name and at its dot: what follows is a name, even if it looks like a number. */
  #qualified(dot: number): void {
    this.#operator();
    if (WORD_BYTE[this.#sql.charCodeAt(dot + 1)] !== 1) return;
    const end = scanWord(this.#sql, dot + 1);
    this.#advance(end, AFTER_OPERAND);
    if (this.#sql.charCodeAt(end) === 0x2e) this.#qualified(end);
  }

  #name(): void {
    const end = scanQuotedName(this.#sql, this.#at);
    this.#advance(end, AFTER_OPERAND);
    if (this.#sql.charCodeAt(end) === 0x2e) this.#qualified(end);
  }

  #dot(): void {
    if (isDigit(this.#sql.charCodeAt(this.#at + 1))) return this.#number(this.#at);
    this.#qualified(this.#at);
  }

  #variable(): void {
    if (this.#sql.charCodeAt(this.#at + 1) === 0x40) {
      this.#advance(this.#at + 2, AFTER_OPERATOR);
      return;
    }
    this.#advance(scanUserVariable(this.#sql, this.#at), AFTER_OPERAND);
  }

  /** `x'41'`, `b'01'`. `N'x'` stays a word with a string behind it. */
  #quotedNumber(start: number): boolean {
    const letter = this.#sql.charCodeAt(start) | 0x20;
    if (letter !== 0x78 && letter !== 0x62) return false;
    const end = scanQuotedNumber(this.#sql, start);
    this.#slot(letter === 0x78 ? "hex" : "bit", start, end);
    return true;
  }

  #number(start: number): void {
    const { type, end } = scanNumber(this.#sql, start);
    if (type === undefined) {
      // A word that begins with digits.
      this.#advance(end, AFTER_OPERAND);
      if (this.#sql.charCodeAt(end) === 0x2e) this.#qualified(end);
    } else this.#slot(type, start, end);
  }

  #string(start: number): void {
    const end = scanStrings(this.#sql, start, this.#options);
    if (this.#after === AFTER_WORD && this.#isWord("as")) this.#advance(end, AFTER_OPERAND);
    else this.#slot("string", start, end);
    if (this.#continuesBehindMark(end)) this.broken = true;
  }

  /** `'a' /*! 'b' *\/`: one string in the server's eyes, whose parts we can't give as one slot. */
  #continuesBehindMark(end: number): boolean {
    const byte = this.#sql.charCodeAt(end);
    if (CHAR_CLASS[byte] !== CLASS_SPACE && byte !== 0x2f && byte !== 0x2a) return false;
    let version = this.#version;
    let marks = 0;
    for (let at = skipBlanks(this.#sql, end);; at = skipBlanks(this.#sql, at)) {
      if (version && this.#sql.startsWith("*/", at)) {
        version = false;
        at += 2;
      } else if (this.#sql.startsWith("/*", at) && isVersionComment(this.#sql, at)) {
        const content = scanVersionMark(this.#sql, at, this.#options);
        version ||= content > 0;
        at = Math.abs(content);
      } else return marks > 0 && isStringQuote(this.#sql.charCodeAt(at), this.#options);
      marks++;
    }
  }

  #param(): void {
    const at = this.#at;
    this.#slot("param", at, at + 1);
  }

  #slot(type: SlotType, start: number, end: number): void {
    if (this.#begin < 0) this.#first(start);
    this.#key += this.#sql.slice(this.#copied, start) + MARK[type];
    this.#slots.push(this.#value(type, start, end));
    this.#copied = end;
    this.#at = end;
    this.#end = end;
    this.#after = AFTER_OPERAND;
  }

  #value(type: SlotType, start: number, end: number): ValueSlot {
    return { kind: "value", type, start, end, param: type === "param" ? this.#params++ : -1 };
  }

  #isWord(word: string): boolean {
    return this.#wordEnd - this.#wordStart === word.length &&
      this.#sql.slice(this.#wordStart, this.#wordEnd).toLowerCase() === word;
  }

  #open(): void {
    const isIn = this.#after === AFTER_WORD && this.#isWord("in");
    this.#advance(this.#at + 1, AFTER_OPERATOR);
    if (isIn) this.#list();
  }

  /** Folds `1, 2, 3)` into one slot when all items are literals of one type. */
  #list(): void {
    const items: ValueSlot[] = [];
    const params = this.#params;
    const sql = this.#sql;
    for (let at = skipSpace(sql, this.#at);; at = skipSpace(sql, at + 1)) {
      const item = this.#item(at);
      if (item === undefined || (items[0] ?? item).type !== item.type) break;
      items.push(item);
      at = skipSpace(sql, item.end);
      const byte = sql.charCodeAt(at);
      if (byte === 0x29) return this.#listSlot(items);
      if (byte !== 0x2c) break;
    }
    this.#params = params;
  }

  /** A literal or `?` with nothing around it. */
  #item(start: number): ValueSlot | undefined {
    const sql = this.#sql;
    const byte = sql.charCodeAt(start);
    if (byte === 0x3f) return this.#value("param", start, start + 1);
    if (isStringQuote(byte, this.#options)) {
      return this.#value("string", start, scanString(sql, start, this.#options));
    }
    const digits = byte === 0x2d ? start + 1 : start;
    if (!isDigit(sql.charCodeAt(digits))) return undefined;
    const { type, end } = scanNumber(sql, digits);
    const folds = type === "int" || type === "decimal" || type === "float";
    return folds ? this.#value(type, start, end) : undefined;
  }

  #listSlot(items: readonly ValueSlot[]): void {
    const start = items[0]?.start ?? this.#at;
    const end = items.at(-1)?.end ?? this.#at;
    const type = items[0]?.type ?? "int";
    this.#key += this.#sql.slice(this.#copied, start) + LIST_MARK[type];
    this.#slots.push({ kind: "list", type, start, end, items });
    this.#copied = end;
    this.#at = end;
    this.#end = end;
    this.#after = AFTER_OPERAND;
  }

  #maybeComment(): void {
    const sql = this.#sql;
    const at = this.#at;
    const end = scanComment(sql, at);
    if (end !== at) {
      // A directive in front of the statement changes its plan.
      if (this.#begin < 0 && sql.startsWith("/*vt+", at)) this.#first(at);
      this.#at = end;
    } else if (sql.startsWith("/*", at)) this.#beginVersion();
    else if (sql.charCodeAt(at) === 0x2d && this.#isSign()) this.#signed();
    else this.#operator();
  }

  #isSign(): boolean {
    const byte = this.#sql.charCodeAt(this.#at + 1);
    if (!isDigit(byte) && !(byte === 0x2e && isDigit(this.#sql.charCodeAt(this.#at + 2)))) {
      return false;
    }
    if (this.#after !== AFTER_WORD) return this.#after === AFTER_OPERATOR;
    return SIGN_WORDS.has(this.#sql.slice(this.#wordStart, this.#wordEnd).toLowerCase());
  }

  #signed(): void {
    const start = this.#at;
    const { type, end } = scanNumber(this.#sql, start + 1);
    const numeric = type === "int" || type === "decimal" || type === "float";
    if (numeric) this.#slot(type, start, end);
    else this.#operator();
  }

  #beginVersion(): void {
    const content = scanVersionMark(this.#sql, this.#at, this.#options);
    if (content < 0) {
      this.#at = -content;
      return;
    }
    if (this.#begin < 0) this.#first(this.#at);
    this.#version = true;
    this.#at = content;
    this.#end = content;
  }

  #endVersion(): void {
    this.#version = false;
    this.#at += 2;
    this.#end = this.#at;
  }

  #semicolon(): boolean {
    const after = this.#at + 1;
    // The statements of a routine's body have semicolons too: only a parser can tell them apart.
    if (this.#begin < 0 || hasBody(this.#sql, this.#begin, this.#options)) {
      this.#at = after;
      return true;
    }
    if (this.#version) throw syntaxError(this.#sql, this.#at);
    let rest = skipBlanks(this.#sql, after);
    while (this.#sql.charCodeAt(rest) === 0x3b) rest = skipBlanks(this.#sql, rest + 1);
    if (rest < this.#sql.length) this.#next = after;
    return false;
  }
}

function skipSpace(sql: string, from: number): number {
  let at = from;
  while (CHAR_CLASS[sql.charCodeAt(at)] === CLASS_SPACE) at++;
  return at;
}
