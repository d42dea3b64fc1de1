/** The first words of a statement and who parses it. */
import type { Statement } from "./ast_statement.ts";
import type { Cursor } from "./cursor.ts";
import {
  parseCallStatement,
  parseCompound,
  parseDeallocate,
  parseDo,
  parseExecute,
  parseExplain,
  parseFlush,
  parseGrant,
  parseKill,
  parseLoad,
  parseMaintenance,
  parseOther,
  parsePrepare,
  parseVExplain,
} from "./parse_admin.ts";
import { parseDefinition, parseRename, parseTruncate } from "./parse_ddl.ts";
import { parseDelete, parseInsert, parseUpdate } from "./parse_dml.ts";
import { continueWith, parseQuery, parseWith } from "./parse_query.ts";
import { parseSet } from "./parse_set.ts";
import { parseShow } from "./parse_show.ts";
import {
  parseBegin,
  parseEnd,
  parseLock,
  parseRelease,
  parseSavepoint,
  parseStart,
  parseUnlock,
} from "./parse_transaction.ts";
import { parseUse } from "./parse_use.ts";

type Parse = (c: Cursor) => Statement;

/** Known by their first word only; the gate refuses them or passes them on. */
const OTHERS: readonly string[] = [
  ...["xa", "handler", "change", "reset", "start", "stop", "purge", "install", "uninstall"],
  ...["binlog", "help", "signal", "resignal", "get", "cache", "shutdown", "restart", "clone"],
  ...["import", "revert", "backup"],
];

const BY_WORD: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ...OTHERS.map((word): [string, Parse] => [word, parseOther]),
  ...["select", "(", "values", "table"].map((w): [string, Parse] => [w, parseQueryStatement]),
  ["with", parseWithStatement],
  ["insert", parseInsert],
  ["replace", parseInsert],
  ["update", (c) => parseUpdate(c)],
  ["delete", (c) => parseDelete(c)],
  ["set", (c) => parseSet(c, parseStatementAt)],
  ["show", parseShow],
  ["use", parseUse],
  ["begin", (c) => c.peek() === "not" ? parseCompound(c) : parseBegin(c)],
  ["start", (c) => c.peek() === "transaction" ? parseStart(c) : parseOther(c)],
  ["commit", parseEnd],
  ["rollback", parseEnd],
  ["savepoint", parseSavepoint],
  ["release", parseRelease],
  ["lock", (c) => c.peek() === "instance" ? parseOther(c) : parseLock(c)],
  ["unlock", (c) => c.peek() === "instance" ? parseOther(c) : parseUnlock(c)],
  ["prepare", parsePrepare],
  ["execute", parseExecute],
  ["deallocate", parseDeallocate],
  ["kill", parseKill],
  ["call", parseCallStatement],
  ["do", parseDo],
  ...["explain", "describe", "desc"].map((w): [string, Parse] => [w, parseExplainHere]),
  ["vexplain", (c) => parseVExplain(c, parseStatementAt)],
  ...["analyze", "optimize", "check", "repair", "checksum"].map(
    (w): [string, Parse] => [w, (c) => parseMaintenance(c, parseStatementAt)],
  ),
  ["flush", parseFlush],
  ["load", parseLoad],
  ["grant", parseGrant],
  ["revoke", parseGrant],
  ["create", parseDefinition],
  ["alter", parseDefinition],
  ["drop", (c) => c.peek() === "prepare" ? parseDeallocate(c) : parseDefinition(c)],
  ["truncate", parseTruncate],
  ["rename", parseRename],
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

function parseExplainHere(c: Cursor): Statement {
  return parseExplain(c, parseStatementAt);
}
