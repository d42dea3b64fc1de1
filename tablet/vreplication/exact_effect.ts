/**
 * What a run of changes comes to where the source doesn't see to it that keys differ: two rows may
 * have one key on the way, as when they swap theirs, and none may replace another.
 *
 *     1: a ─▶ b     key a: takes away row 1, brings row 2
 *     2: b ─▶ a     key b: brings row 1, takes away row 2
 *
 * So a row that leaves is known by all its values, and each key is looked at when the run is over:
 * what was there before is deleted, what is there then is inserted, and more than one of either is
 * an error.
 */
import type { Row, RowChange } from "../../shared/binlog/change.ts";
import { vtError } from "../../shared/error/errors.ts";
import { type NetEffect, rowKey } from "./net_effect.ts";
import { sameValue } from "./same_row.ts";
import type { TablePlan, WrittenColumn } from "./target_table.ts";

interface Entry {
  /** Rows that were there before the run, and left. */
  readonly taken: Row[];
  /** Rows that came, and are still there. */
  readonly brought: Row[];
}

/**
 * `changes` are of one table; `key` are the columns of its primary key, `columns` all that is
 * written. VT27010 for a key that two rows have at once when the run is over.
 */
export function exactEffect(
  changes: readonly RowChange[],
  { table, columns }: Pick<TablePlan, "table" | "columns">,
  key: readonly WrittenColumn[],
): NetEffect {
  const entries = new Map<string, Entry>();
  const entryOf = (row: Row): Entry => {
    const text = rowKey(row, key);
    let entry = entries.get(text);
    if (entry === undefined) entries.set(text, entry = { taken: [], brought: [] });
    return entry;
  };
  for (const change of changes) {
    if (change.kind !== "insert") take(entryOf(change.before), change.before, columns);
    if (change.kind !== "delete") entryOf(change.after).brought.push(change.after);
  }
  const deletes: Row[] = [];
  const inserts: Row[] = [];
  for (const { taken, brought } of entries.values()) {
    deletes.push(...oneAtMost(taken, table, key));
    inserts.push(...oneAtMost(brought, table, key));
  }
  return { deletes, replaces: [], inserts };
}

function take({ taken, brought }: Entry, row: Row, columns: readonly WrittenColumn[]): void {
  const place = brought.findIndex((other) =>
    columns.every(({ index }) => sameValue(row[index] ?? null, other[index] ?? null))
  );
  if (place >= 0) brought.splice(place, 1);
  else taken.push(row);
}

function oneAtMost(
  rows: readonly Row[],
  table: string,
  key: readonly WrittenColumn[],
): readonly Row[] {
  const [row, ...more] = rows;
  if (row === undefined || more.length === 0) return rows;
  const values = key.map(({ index }) => {
    const value = row[index];
    return value === null || value === undefined ? "NULL" : LATIN1.decode(value);
  });
  throw vtError("VT27010", table, `there are two rows with key ${values.join(", ")}`);
}

const LATIN1 = new TextDecoder("latin1");
