/** `/*vt+ NAME=value NAME *\/`: what a statement tells the gate about itself. */
import { Lexer } from "./lexer.ts";
import type { SqlOptions } from "./options.ts";
import { scanComment, skipBlanks } from "./scan.ts";

const OPEN = "/*vt+";

/**
 * The directives of the comments in front of the statement and behind its first word, by name in
 * upper case; without a value they are "true" (Vitess, go/vt/sqlparser/comments.go).
 */
export function directivesOf(sql: string, options: SqlOptions): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (!sql.includes(OPEN)) return found;
  const lexer = new Lexer(sql, options);
  collect(sql, 0, lexer.start, found);
  collect(sql, lexer.end, skipBlanks(sql, lexer.end), found);
  return found;
}

function collect(sql: string, from: number, to: number, found: Map<string, string>): void {
  for (let at = from; at < to;) {
    const end = scanComment(sql, at);
    if (end > at && sql.startsWith(OPEN, at)) read(sql.slice(at + OPEN.length, end - 2), found);
    at = Math.max(end, at + 1);
  }
}

function read(content: string, found: Map<string, string>): void {
  for (const word of content.split(/\s+/)) {
    if (word === "") continue;
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    found.set(name.toUpperCase(), equals < 0 ? "true" : unquote(word.slice(equals + 1)));
  }
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return quoted?.[2] ?? value;
}
