/**
 * What a run of changes comes to, row by row: a row that was changed ten times is written once.
 *
 * Writing the net effect is sound in any order of rows as long as deletions come first, then rows
 * that replace others, then new ones: the state after the run has no two rows with one key, and so
 * neither has any state on the way (REPLACE takes away the row whose unique key another one is
 * given, and that one is written again by its own REPLACE). A row is known by the bytes of its key,
 * which a change's image before it has exactly as the row before left them.
 *
 * All that as long as the source sees to it that keys differ. Where it doesn't (`exact`), a second
 * row with a key is an error, and no row replaces another: it is deleted, and inserted anew.
 */
import type { Row, RowChange } from "../../shared/binlog/change.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { WrittenColumn } from "./target_table.ts";

export interface NetEffect {
  /** Images before: rows that were there and are no more. */
  readonly deletes: readonly Row[];
  /** Images after of rows that were there before. */
  readonly replaces: readonly Row[];
  /** Images after of rows that were not. */
  readonly inserts: readonly Row[];
}

interface Entry {
  /** The image of the row before the run; undefined when it was not there. */
  readonly before: Row | undefined;
  after: Row | undefined;
}

/**
 * `changes` are of one table; `key` are the columns of its primary key. VT27010 for a key that two
 * rows have at once.
 */
export function netEffect(
  changes: readonly RowChange[],
  key: readonly WrittenColumn[],
  exact = false,
): NetEffect {
  const rows = new Map<string, Entry>();
  const put = (after: Row, table: string) => {
    const text = rowKey(after, key);
    const entry = rows.get(text);
    if (entry === undefined) rows.set(text, { before: undefined, after });
    else if (exact && entry.after !== undefined) throw twice(table, after, key);
    else entry.after = after;
  };
  for (const change of changes) {
    switch (change.kind) {
      case "insert":
        put(change.after, change.table);
        break;
      case "delete":
        take(rows, rowKey(change.before, key), change.before);
        break;
      case "update":
        take(rows, rowKey(change.before, key), change.before);
        put(change.after, change.table);
    }
  }
  return effectOf([...rows.values()], exact);
}

function effectOf(entries: readonly Entry[], exact: boolean): NetEffect {
  const deletes: Row[] = [];
  const replaces: Row[] = [];
  const inserts: Row[] = [];
  for (const { before, after } of entries) {
    if (before !== undefined && (exact || after === undefined)) deletes.push(before);
    if (after === undefined) continue;
    if (before === undefined || exact) inserts.push(after);
    else replaces.push(after);
  }
  return { deletes, replaces, inserts };
}

function twice(table: string, row: Row, key: readonly WrittenColumn[]): Error {
  const values = key.map(({ index }) => {
    const value = row[index];
    return value === null || value === undefined ? "NULL" : LATIN1.decode(value);
  });
  return vtError("VT27010", table, `there are two rows with key ${values.join(", ")}`);
}

function take(rows: Map<string, Entry>, key: string, before: Row): void {
  const entry = rows.get(key);
  if (entry === undefined) rows.set(key, { before, after: undefined });
  else entry.after = undefined;
}

const LATIN1 = new TextDecoder("latin1");

/** Distinct for distinct keys. Windows-1252, which "latin1" means here, maps each byte to a character of its own. */
export function rowKey(row: Row, key: readonly WrittenColumn[]): string {
  const [first] = key;
  if (first !== undefined && key.length === 1) {
    const value = row[first.index];
    return value === null || value === undefined ? "" : LATIN1.decode(value);
  }
  let text = "";
  for (const { index } of key) {
    const value = row[index];
    text += value === null || value === undefined
      ? "-;"
      : `${value.length};${LATIN1.decode(value)}`;
  }
  return text;
}
