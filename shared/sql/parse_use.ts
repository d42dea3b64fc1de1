/** USE: the gate's targets hold characters that no identifier does. */
import type { Use } from "./ast_statement.ts";
import type { Cursor } from "./cursor.ts";
import { decodeName, decodeText } from "./names.ts";

const SEMICOLON = ";";

/**
 * At USE. The target is the rest of the statement: `customer:-80@replica`, `customer/-80`,
 * `customer[80a0]`, or the same in backticks, as a whole or its keyspace alone.
 */
export function parseUse(c: Cursor): Use {
  const start = c.start;
  // The lexer must not look at what follows: a target is no sequence of tokens.
  const from = c.lexer.end;
  const end = c.statementEnd;
  const source = c.sql.slice(from, end).trim();
  if (source === "" || source.includes(SEMICOLON)) throw c.error();
  c.lexer.skipTo(end);
  return { kind: "use", target: decodeTarget(source, c), start, end };
}

function decodeTarget(source: string, c: Cursor): string {
  const { charset } = c.options;
  const quoted = /^`(?:[^`]|``)*`/.exec(source)?.[0];
  if (quoted === undefined) {
    if (/[\s`'"]/.test(source)) throw c.error();
    return decodeText(source, charset);
  }
  const rest = source.slice(quoted.length);
  if (/[\s`'"]/.test(rest)) throw c.error();
  return decodeName(quoted, charset) + decodeText(rest, charset);
}
