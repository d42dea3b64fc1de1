/** One statement of a client's text: its bytes, the text's byte string and the normaliser's view. */
import { Buffer } from "node:buffer";
import { directivesOf } from "../../shared/sql/directives.ts";
import { normalize } from "../../shared/sql/normalize.ts";
import type { SqlOptions } from "../../shared/sql/options.ts";
import type { Normalized } from "../../shared/sql/slots.ts";

export interface StatementText {
  /** The whole text, which may hold several statements; offsets are into it. */
  readonly sql: string;
  readonly bytes: Uint8Array;
  readonly normalized: Normalized;
  /** Where its own part of the text begins, with the comments in front. */
  readonly from: number;
}

/** The statement that starts at `from`. */
export function statementAt(
  sql: string,
  bytes: Uint8Array,
  options: SqlOptions,
  from: number,
): StatementText {
  return { sql, bytes, normalized: normalize(sql, options, from), from };
}

/** A statement that the gate itself has made, as a byte string. */
export function madeStatement(sql: string, options: SqlOptions): StatementText {
  return statementAt(sql, Buffer.from(sql, "latin1"), options, 0);
}

/**
 * The limit that a statement sets itself: QUERY_TIMEOUT_MS of its directives. Undefined when it has
 * none, or one that is no number; other directives mean nothing here.
 */
export function timeoutOf(
  { sql, normalized, from }: StatementText,
  options: SqlOptions,
): number | undefined {
  const directives = directivesOf(sql.slice(from, normalized.end), options);
  const value = directives.get("QUERY_TIMEOUT_MS");
  return value !== undefined && /^[0-9]{1,9}$/.test(value) ? Number(value) : undefined;
}

/** The statement's own text. */
export function ownText({ sql, normalized }: StatementText): string {
  return sql.slice(normalized.start, normalized.end);
}
