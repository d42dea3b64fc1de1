import { type VtError, vtError } from "../error/errors.ts";
import { decodeText } from "./names.ts";

/** MySQL shows so many characters of the statement (`%-.80s` in its message). */
const NEAR_CHARS_MAX = 80;

const MESSAGE =
  "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server " +
  "version for the right syntax to use";

/** ER_PARSE_ERROR in MySQL's words; `offset` is where the text stops making sense. */
export function syntaxError(sql: string, offset: number): VtError {
  let line = 1;
  for (let at = sql.indexOf("\n"); at >= 0 && at < offset; at = sql.indexOf("\n", at + 1)) line++;
  const near = decodeText(sql.slice(offset, offset + NEAR_CHARS_MAX * 4), "utf8");
  return vtError("ER_PARSE_ERROR", MESSAGE, near.slice(0, NEAR_CHARS_MAX), line);
}
