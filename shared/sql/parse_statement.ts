/** The first words of a statement and who parses it. */
import type { Statement } from "./ast_statement.ts";
import type { Cursor } from "./cursor.ts";
import { parseDelete, parseInsert, parseUpdate } from "./parse_dml.ts";
import { continueWith, parseQuery, parseWith } from "./parse_query.ts";

type Parse = (c: Cursor) => Statement;

const BY_WORD: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ["select", parseQueryStatement],
  ["(", parseQueryStatement],
  ["values", parseQueryStatement],
  ["table", parseQueryStatement],
  ["with", parseWithStatement],
  ["insert", parseInsert],
  ["replace", parseInsert],
  ["update", (c) => parseUpdate(c)],
  ["delete", (c) => parseDelete(c)],
]);

/** At the first token; stops behind the statement. */
export function parseStatementAt(c: Cursor): Statement {
  if (c.atEnd()) return { kind: "empty", start: c.start, end: c.start };
  const parse = BY_WORD.get(c.lexer.text);
  if (parse === undefined) throw c.error();
  return parse(c);
}

function parseQueryStatement(c: Cursor): Statement {
  const start = c.start;
  const query = parseQuery(c);
  return { kind: "query", query, start, end: c.previousEnd };
}

/** WITH ... SELECT, UPDATE or DELETE. */
function parseWithStatement(c: Cursor): Statement {
  const start = c.start;
  const withClause = parseWith(c);
  if (c.at("update")) return parseUpdate(c, start, withClause);
  if (c.at("delete")) return parseDelete(c, start, withClause);
  const query = continueWith(c, start, withClause);
  return { kind: "query", query, start, end: c.previousEnd };
}
