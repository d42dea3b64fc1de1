/** Statements whose body holds statements of its own, separated by semicolons. */
import { Lexer } from "./lexer.ts";
import type { SqlOptions } from "./options.ts";

const BODIES: ReadonlySet<string> = new Set([
  "procedure",
  "function",
  "trigger",
  "event",
  "package",
]);

/** What may stand between CREATE and the kind of object: OR REPLACE, DEFINER = 'a'@'b', AGGREGATE. */
const PREFIX_TOKENS_MAX = 16;

/** True at CREATE PROCEDURE, FUNCTION, TRIGGER, EVENT, PACKAGE and at BEGIN NOT ATOMIC. */
export function hasBody(sql: string, start: number, options: SqlOptions): boolean {
  const lexer = new Lexer(sql, options, [], start);
  const first = lexer.text;
  if (first !== "create" && first !== "alter" && first !== "begin") return false;
  lexer.next();
  if (first === "begin") return lexer.text === "not";
  for (let tokens = 0; tokens < PREFIX_TOKENS_MAX && lexer.kind !== "end"; tokens++) {
    if (BODIES.has(lexer.text)) return true;
    if (lexer.text === "(" || lexer.text === ";" || lexer.text === "table") return false;
    lexer.next();
  }
  return false;
}
