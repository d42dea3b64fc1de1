/** Tells statements that may change the schema, cheaply: every statement is asked. */
import { byteKey } from "../../shared/rpc/byte_key.ts";

const LOOK_BYTES = 4096;

/**
 * Leading blanks and comments, then the word. Comments with `!` hold SQL and are looked into. Each
 * text matches in one way only, so that nothing makes it slow.
 */
const DDL =
  /^(?:\s|\/\*(?!!)(?:[^*]|\*(?!\/))*\*\/|\/\*!\d*|--\s[^\n]*\n|#[^\n]*\n)*(?:create|alter|drop|rename)\b/i;

/** First bytes of what DDL matches: blanks, c, a, d, r, comments. */
const FIRST_BYTES: ReadonlySet<number> = new Set(
  [..." \t\r\n\f\vcadrCADR/-#"].map((char) => char.charCodeAt(0)),
);

export function mayChangeSchema(sql: Uint8Array): boolean {
  return FIRST_BYTES.has(sql[0] ?? 0) && DDL.test(byteKey(sql.subarray(0, LOOK_BYTES)));
}
