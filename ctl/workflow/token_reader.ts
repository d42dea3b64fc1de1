/** The tokens of a stored program's text, to be looked at forth and back. Comments are none. */
import { RESERVED } from "../../shared/sql/keywords.ts";
import { Lexer, type TokenKind } from "../../shared/sql/lexer.ts";
import { decodeName, encodeText } from "../../shared/sql/names.ts";
import type { SqlOptions } from "../../shared/sql/options.ts";

/** A table as a statement names it. */
export interface NamedTable {
  /** "" where none is given: the one that the program is of. */
  readonly database: string;
  readonly table: string;
}

export interface Token {
  readonly kind: TokenKind;
  /** A word in lower case, an operator as written; "" for all else. */
  readonly text: string;
  /** What the token means as a name; "" for what can be none even behind a dot. */
  readonly name: string;
}

const END: Token = { kind: "end", text: "", name: "" };

export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  /** Throws ER_PARSE_ERROR at a text, a quoted name or a comment that never ends. */
  constructor(text: string, options: SqlOptions) {
    this.#tokens = tokensOf(text, options);
  }

  get position(): number {
    return this.#at;
  }

  /** The token `ahead` of the current one, which is `peek(0)`; negative: one that was passed. */
  peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? END;
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== "end") this.#at++;
    return token;
  }

  accept(text: string): boolean {
    if (this.peek().text !== text) return false;
    this.#at++;
    return true;
  }

  acceptAny(texts: ReadonlySet<string>): void {
    while (texts.has(this.peek().text)) this.#at++;
  }

  atEnd(): boolean {
    return this.peek().kind === "end";
  }

  /** At the end of a statement; those of a body are ended by semicolons. */
  atStatementEnd(): boolean {
    return this.atEnd() || this.peek().text === ";";
  }

  /** At a word that no server reserves, or at a quoted name. */
  atName(): boolean {
    const { kind, text } = this.peek();
    return kind === "quoted_name" || (kind === "word" && !RESERVED.has(text));
  }

  /** `a`, `a.b`, `a.b.c` as its parts; none when something else is here. A `.*` is left alone. */
  readNames(): readonly string[] {
    if (!this.atName()) return [];
    const names = [this.next().name];
    while (this.peek().text === "." && this.peek(1).name !== "") {
      this.next();
      names.push(this.next().name);
    }
    return names;
  }

  /** A table's name; undefined when something else is here. */
  readTable(): NamedTable | undefined {
    // `.t` is a table of the current database.
    if (this.peek().text === "." && this.peek(1).name !== "") {
      this.next();
      return { database: "", table: this.next().name };
    }
    const [first, second, ...rest] = this.readNames();
    if (first === undefined || rest.length > 0) return undefined;
    return second === undefined
      ? { database: "", table: first }
      : { database: first, table: second };
  }

  /** At an opening parenthesis: goes behind the one that closes it. */
  skipParentheses(): void {
    let depth = 0;
    do {
      const { text } = this.next();
      if (text === "(") depth++;
      else if (text === ")") depth--;
    } while (depth > 0 && !this.atEnd());
  }

  skipStatement(): void {
    while (!this.atStatementEnd()) this.next();
  }

  /**
   * Every table that the statement from `position` on may name; it is passed. `a.b` may be table b
   * of database a, or a column of table a.
   */
  allNames(position: number): readonly NamedTable[] {
    const found: NamedTable[] = [];
    for (this.#at = position; !this.atStatementEnd();) {
      const [first, second] = this.readNames();
      if (first === undefined) this.next();
      else found.push({ database: "", table: first });
      if (first !== undefined && second !== undefined) {
        found.push({ database: first, table: second });
      }
    }
    return found;
  }
}

function tokensOf(text: string, options: SqlOptions): readonly Token[] {
  const tokens: Token[] = [];
  const sql = encodeText(text, "utf8");
  for (const lexer = new Lexer(sql, options);; lexer.next()) {
    const { kind, start, end } = lexer;
    if (kind === "end") return tokens;
    const isName = kind === "word" || kind === "quoted_name";
    const name = isName ? decodeName(sql.slice(start, end), "utf8") : "";
    tokens.push({ kind, text: lexer.text, name });
  }
}
