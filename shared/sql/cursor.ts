/** The parser's position in a statement: the lexer, and the small steps that all families take. */
import { vtError } from "../error/errors.ts";
import type { Literal, Name, Span, TableName } from "./ast.ts";
import { RESERVED } from "./keywords.ts";
import { isLiteralKind, type Lexer, type TokenKind } from "./lexer.ts";
import { decodeString } from "./literal.ts";
import { decodeName, decodeText } from "./names.ts";
import type { SqlOptions } from "./options.ts";
import type { Slot } from "./slots.ts";
import { syntaxError } from "./syntax_error.ts";

/**
 * Levels of parentheses, subqueries, functions. A level takes up to 1.5 kB of V8's stack of about
 * 1 MB, and whoever asks the parser stands on that stack too.
 */
export const DEPTH_MAX = 300;

export class Cursor {
  readonly lexer: Lexer;
  readonly sql: string;
  readonly options: SqlOptions;
  readonly slots: readonly Slot[];
  #depth = 0;

  constructor(lexer: Lexer, slots: readonly Slot[]) {
    this.lexer = lexer;
    this.sql = lexer.sql;
    this.options = lexer.options;
    this.slots = slots;
  }

  get start(): number {
    return this.lexer.start;
  }

  /** End of the token just passed. */
  get previousEnd(): number {
    return this.lexer.previousEnd;
  }

  /** Where the statement's text ends. */
  get statementEnd(): number {
    return this.lexer.limit;
  }

  /** At this word (in lower case) or operator. */
  at(text: string): boolean {
    return this.lexer.text === text;
  }

  atAny(texts: ReadonlySet<string>): boolean {
    return texts.has(this.lexer.text);
  }

  atEnd(): boolean {
    return this.lexer.kind === "end";
  }

  /** A method, since the compiler would take `lexer.kind` for a value that stays. */
  isKind(kind: TokenKind): boolean {
    return this.lexer.kind === kind;
  }

  next(): void {
    this.lexer.next();
  }

  accept(text: string): boolean {
    if (this.lexer.text !== text) return false;
    this.lexer.next();
    return true;
  }

  expect(text: string): void {
    if (this.lexer.text !== text) throw this.error();
    this.lexer.next();
  }

  /** Takes these words if all of them come, else nothing. */
  acceptAll(...texts: readonly string[]): boolean {
    if (this.lexer.text !== texts[0]) return false;
    const mark = this.lexer.mark();
    for (const text of texts) {
      if (!this.accept(text)) {
        this.lexer.reset(mark);
        return false;
      }
    }
    return true;
  }

  expectAll(...texts: readonly string[]): void {
    for (const text of texts) this.expect(text);
  }

  /** Takes one of the words and says which. */
  acceptOne<Word extends string>(...texts: readonly Word[]): Word | undefined {
    for (const text of texts) {
      if (this.accept(text)) return text;
    }
    return undefined;
  }

  expectOne<Word extends string>(...texts: readonly Word[]): Word {
    const word = this.acceptOne(...texts);
    if (word === undefined) throw this.error();
    return word;
  }

  /** The word or operator behind the current token; "" for all else. */
  peek(): string {
    const mark = this.lexer.mark();
    this.lexer.next();
    const text = this.lexer.text;
    this.lexer.reset(mark);
    return text;
  }

  /** ER_PARSE_ERROR at the current token. */
  error(): Error {
    return syntaxError(this.sql, this.lexer.start);
  }

  /** Runs one level of nesting deeper. */
  nested<T>(parse: (cursor: Cursor) => T): T {
    if (++this.#depth > DEPTH_MAX) {
      throw vtError("ER_TOO_HIGH_LEVEL_OF_NESTING_FOR_SELECT", DEPTH_MAX);
    }
    const result = parse(this);
    this.#depth--;
    return result;
  }

  span(start: number): Span {
    return { start, end: this.lexer.previousEnd };
  }

  /** At something that can be a name. */
  atName(): boolean {
    const { kind, text } = this.lexer;
    return kind === "quoted_name" || (kind === "word" && !RESERVED.has(text));
  }

  name(): Name {
    if (!this.atName()) throw this.error();
    return this.anyName();
  }

  /** A name where reserved words are names too: behind a dot. */
  anyName(): Name {
    const { kind, start, end } = this.lexer;
    if (kind !== "word" && kind !== "quoted_name") throw this.error();
    this.lexer.next();
    return this.nameOf(start, end, kind === "quoted_name", -1);
  }

  nameOf(start: number, end: number, quoted: boolean, slot: number): Name {
    const text = decodeName(this.sql.slice(start, end), this.options.charset);
    return { start, end, text, quoted, slot };
  }

  atString(): boolean {
    return this.lexer.kind === "string";
  }

  /** An alias may be a string. */
  nameOrString(): Name {
    return this.atString() ? this.stringName() : this.name();
  }

  /** A string that stands for a name: alias, charset, collation. */
  stringName(): Name {
    const { start, end, slot } = this.lexer;
    this.lexer.next();
    const bytes = decodeString(this.sql.slice(start, end), this.options);
    const text = decodeText(bytes, this.options.charset);
    return { start, end, text, quoted: true, slot };
  }

  tableName(): TableName {
    const start = this.lexer.start;
    // `.t` is a table of the current database (an ODBC habit that the servers accept).
    const first = this.accept(".") ? this.anyName() : this.name();
    if (!this.at(".")) return this.tableOf(start, undefined, first);
    this.next();
    return this.tableOf(start, first, this.anyName());
  }

  tableOf(start: number, qualifier: Name | undefined, name: Name): TableName {
    return { kind: "table_name", qualifier, name, start, end: this.lexer.previousEnd };
  }

  literal(): Literal {
    const { kind, start, end, slot } = this.lexer;
    if (!isLiteralKind(kind)) throw this.error();
    this.lexer.next();
    return { kind: "literal", type: kind as Literal["type"], slot, start, end };
  }

  /** `a, b, c` */
  list<T>(item: (cursor: Cursor) => T): readonly T[] {
    const items = [item(this)];
    while (this.accept(",")) items.push(item(this));
    return items;
  }

  /** `(a, b, c)` */
  parens<T>(inner: (cursor: Cursor) => T): T {
    this.expect("(");
    const result = inner(this);
    this.expect(")");
    return result;
  }

  /** `(a, b)` of names, or nothing. */
  optionalNames(): readonly Name[] {
    return this.at("(") ? this.parens((c) => c.list((c) => c.name())) : [];
  }
}
