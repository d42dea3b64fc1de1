/**
 * What a run of changes comes to, row by row: a row that was changed ten times is written once.
 *
 * Writing the net effect is sound in any order of rows as long as deletions come first, then rows
 * that replace others, then new ones: the state after the run has no two rows with one key, and so
 * neither has any state on the way (REPLACE takes away the row whose unique key another one is
 * given, and that one is written again by its own REPLACE). A row is known by the bytes of its key,
 * which a change's image before it has exactly as the row before left them.
 *
 * All that as long as the source sees to it that keys differ, at any time. Where it doesn't, see
 * exact_effect.ts.
 */
import type { Row, RowChange } from "../../shared/binlog/change.ts";
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

/** `changes` are of one table; `key` are the columns of its primary key. */
export function netEffect(
  changes: readonly RowChange[],
  key: readonly WrittenColumn[],
): NetEffect {
  const rows = new Map<string, Entry>();
  const put = (after: Row) => {
    const text = rowKey(after, key);
    const entry = rows.get(text);
    if (entry === undefined) rows.set(text, { before: undefined, after });
    else entry.after = after;
  };
  for (const change of changes) {
    if (change.kind !== "insert") take(rows, rowKey(change.before, key), change.before);
    if (change.kind !== "delete") put(change.after);
  }
  return effectOf(rows.values());
}

function effectOf(entries: Iterable<Entry>): NetEffect {
  const deletes: Row[] = [];
  const replaces: Row[] = [];
  const inserts: Row[] = [];
  for (const { before, after } of entries) {
    if (after !== undefined) (before === undefined ? inserts : replaces).push(after);
    else if (before !== undefined) deletes.push(before);
  }
  return { deletes, replaces, inserts };
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
