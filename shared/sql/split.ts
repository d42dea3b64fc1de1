/** Text of several statements. */
import type { Span } from "./ast.ts";
import { normalize } from "./normalize.ts";
import type { SqlOptions } from "./options.ts";

/**
 * The statements of a text, without blanks and comments around them and without semicolons; empty
 * ones are left out. Bodies of routines stay whole. Throws ER_PARSE_ERROR at what never ends.
 */
export function splitStatements(sql: string, options: SqlOptions): readonly Span[] {
  const found: Span[] = [];
  for (let from = 0; from >= 0;) {
    const { start, end, next } = normalize(sql, options, from);
    if (end > start) found.push({ start, end });
    from = next;
  }
  return found;
}
