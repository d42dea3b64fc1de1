/**
 * SQL text as bytes, for statements whose values are a row's own bytes. The session that runs it
 * has `character_set_client = binary` and backslash escapes, so quoting works byte by byte, and
 * `_charset'...'` says what a text's bytes mean: nothing is converted on the way.
 */
import type { Field } from "../../shared/binlog/change.ts";
import { COLLATION_BINARY } from "../../shared/binlog/column_layout.ts";
import { vtError } from "../../shared/error/errors.ts";
import { collationById } from "../../shared/mysql/collations.ts";
import * as type from "../../shared/mysql/column_types.ts";
import type { RowValue } from "../../shared/mysql/text_row.ts";

const ASCII = new TextEncoder();

/** How a column's values are written. */
export type LiteralForm =
  | { readonly is: "number" }
  /** As the double that it is: its own shortest digits may lie beyond the largest FLOAT. */
  | { readonly is: "float" }
  | { readonly is: "bytes" }
  | { readonly is: "hex" }
  /** `introducer`: "_latin1", for instance. */
  | { readonly is: "text"; readonly introducer: Uint8Array };

const NUMBERS: ReadonlySet<number> = new Set([
  type.MYSQL_TYPE_DECIMAL,
  type.MYSQL_TYPE_TINY,
  type.MYSQL_TYPE_SHORT,
  type.MYSQL_TYPE_LONG,
  type.MYSQL_TYPE_DOUBLE,
  type.MYSQL_TYPE_LONGLONG,
  type.MYSQL_TYPE_INT24,
  type.MYSQL_TYPE_YEAR,
  type.MYSQL_TYPE_NEWDECIMAL,
]);

/** VT26002 for a collation that nobody knows: its bytes could mean anything. */
export function literalForm(field: Field): LiteralForm {
  if (NUMBERS.has(field.type)) return { is: "number" };
  if (field.type === type.MYSQL_TYPE_FLOAT) return { is: "float" };
  if (field.type === type.MYSQL_TYPE_BIT) return { is: "hex" };
  // The server takes no JSON out of a binary string.
  if (field.type === type.MYSQL_TYPE_JSON) return textForm("utf8mb4");
  if (field.collation === COLLATION_BINARY) return { is: "bytes" };
  const collation = collationById(field.collation);
  if (collation === undefined) {
    throw vtError("VT26002", `collation ${field.collation} of column ${field.name}`);
  }
  return textForm(collation.characterSet);
}

function textForm(characterSet: string): LiteralForm {
  return { is: "text", introducer: ASCII.encode(`_${characterSet}`) };
}

const QUOTE = 0x27;
const BACKSLASH = 0x5c;
const HEX = ASCII.encode("0123456789abcdef");
const NULL = ASCII.encode("NULL");

export class SqlBuffer {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  constructor(capacityBytes = 4096) {
    this.#bytes = new Uint8Array(capacityBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** A view that the next write after `clear` overwrites. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** Takes back what was written from `length` on. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  text(value: string): void {
    this.raw(ASCII.encode(value));
  }

  raw(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  literal(value: RowValue, form: LiteralForm): void {
    if (value === null) return this.raw(NULL);
    this.literalOf(value, 0, value.length, form);
  }

  /** The value bytes[start, end), without an object for it: a copy writes millions. */
  literalOf(bytes: Uint8Array, start: number, end: number, form: LiteralForm): void {
    switch (form.is) {
      case "number":
        return this.#plain(bytes, start, end);
      case "float":
        return this.text(printDoubleOf(bytes, start, end));
      case "hex":
        return this.#hex(bytes, start, end);
      case "text":
        this.#plain(form.introducer, 0, form.introducer.length);
        return this.#quoted(bytes, start, end);
      case "bytes":
        return this.#quoted(bytes, start, end);
    }
  }

  /** Few bytes: a loop is quicker than a view. */
  #plain(value: Uint8Array, start: number, end: number): void {
    this.#room(end - start);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = start; i < end; i++) bytes[at++] = value[i] ?? 0;
    this.#length = at;
  }

  #quoted(value: Uint8Array, start: number, end: number): void {
    // Each byte may need an escape.
    this.#room((end - start) * 2 + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = QUOTE;
    for (let i = start; i < end; i++) {
      const byte = value[i] ?? 0;
      if (byte === QUOTE || byte === BACKSLASH) bytes[at++] = BACKSLASH;
      bytes[at++] = byte;
    }
    bytes[at++] = QUOTE;
    this.#length = at;
  }

  #hex(value: Uint8Array, start: number, end: number): void {
    this.text("0x");
    for (let i = start; i < end; i++) {
      const byte = value[i] ?? 0;
      this.byte(HEX[byte >> 4] ?? 0);
      this.byte(HEX[byte & 15] ?? 0);
    }
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

const DIGITS = new TextDecoder();

/** All digits of a FLOAT's value. */
function printDoubleOf(bytes: Uint8Array, start: number, end: number): string {
  const value = Math.fround(Number(DIGITS.decode(bytes.subarray(start, end))));
  return Object.is(value, -0) ? "-0e0" : String(value);
}
