/** Transactions, savepoints and table locks. */
import type {
  Begin,
  EndTransaction,
  LockTables,
  Savepoint,
  UnlockTables,
} from "./ast_statement.ts";
import type { Cursor } from "./cursor.ts";
import { parseTableAlias } from "./parse_from.ts";
import { parseAccess } from "./parse_set.ts";

/** At BEGIN [WORK]. */
export function parseBegin(c: Cursor): Begin {
  const start = c.start;
  c.next();
  c.accept("work");
  return { kind: "begin", consistentSnapshot: false, access: undefined, start, end: c.previousEnd };
}

/** At START TRANSACTION. */
export function parseStart(c: Cursor): Begin {
  const start = c.start;
  c.expectAll("start", "transaction");
  let consistentSnapshot = false;
  let access: Begin["access"];
  if (c.at("with") || c.at("read")) {
    do {
      if (c.acceptAll("with", "consistent", "snapshot")) consistentSnapshot = true;
      else if (access === undefined) access = parseAccess(c);
      else throw c.error();
    } while (c.accept(","));
  }
  return { kind: "begin", consistentSnapshot, access, start, end: c.previousEnd };
}

/** At COMMIT or ROLLBACK, including ROLLBACK TO. */
export function parseEnd(c: Cursor): EndTransaction | Savepoint {
  const start = c.start;
  const kind = c.expectOne("commit", "rollback");
  c.accept("work");
  if (kind === "rollback" && c.accept("to")) {
    // SAVEPOINT is no reserved word: it may be the name itself.
    if (c.lexer.end < c.statementEnd) c.accept("savepoint");
    return { kind: "rollback_to", name: c.name(), start, end: c.previousEnd };
  }
  let chain: boolean | undefined;
  if (c.accept("and")) {
    chain = !c.accept("no");
    c.expect("chain");
  }
  const no = c.at("no");
  if (no) c.next();
  const release = no || c.at("release") ? !no : undefined;
  if (release !== undefined) c.expect("release");
  if (chain === true && release === true) throw c.error();
  return { kind, chain, release, start, end: c.previousEnd };
}

/** At SAVEPOINT. */
export function parseSavepoint(c: Cursor): Savepoint {
  const start = c.start;
  c.next();
  return { kind: "savepoint", name: c.name(), start, end: c.previousEnd };
}

/** At RELEASE SAVEPOINT. */
export function parseRelease(c: Cursor): Savepoint {
  const start = c.start;
  c.expectAll("release", "savepoint");
  return { kind: "release_savepoint", name: c.name(), start, end: c.previousEnd };
}

/** At LOCK TABLES. */
export function parseLock(c: Cursor): LockTables {
  const start = c.start;
  c.next();
  c.expectOne("tables", "table");
  const tables = c.list(parseLocked);
  if (!c.accept("nowait") && c.accept("wait")) c.literal();
  return { kind: "lock_tables", tables, start, end: c.previousEnd };
}

function parseLocked(c: Cursor): LockTables["tables"][number] {
  const table = c.tableName();
  const alias = parseTableAlias(c);
  if (c.accept("low_priority")) {
    c.expect("write");
    return { table, alias, mode: "write" };
  }
  const mode = c.expectOne("read", "write");
  if (mode === "read") c.accept("local");
  else c.accept("concurrent");
  return { table, alias, mode };
}

/** At UNLOCK TABLES. */
export function parseUnlock(c: Cursor): UnlockTables {
  const start = c.start;
  c.next();
  c.expectOne("tables", "table");
  return { kind: "unlock_tables", start, end: c.previousEnd };
}
