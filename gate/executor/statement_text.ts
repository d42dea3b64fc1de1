/** One statement of a client's text: its bytes, the text's byte string and the normaliser's view. */
import { Buffer } from "node:buffer";
import { normalize } from "../../shared/sql/normalize.ts";
import type { SqlOptions } from "../../shared/sql/options.ts";
import type { Normalized } from "../../shared/sql/slots.ts";

export interface StatementText {
  /** The whole text, which may hold several statements; offsets are into it. */
  readonly sql: string;
  readonly bytes: Uint8Array;
  readonly normalized: Normalized;
}

/** The statement that starts at `from`. */
export function statementAt(
  sql: string,
  bytes: Uint8Array,
  options: SqlOptions,
  from: number,
): StatementText {
  return { sql, bytes, normalized: normalize(sql, options, from) };
}

/** A statement that the gate itself has made, as a byte string. */
export function madeStatement(sql: string, options: SqlOptions): StatementText {
  return statementAt(sql, Buffer.from(sql, "latin1"), options, 0);
}

/** The statement's own text. */
export function ownText({ sql, normalized }: StatementText): string {
  return sql.slice(normalized.start, normalized.end);
}
