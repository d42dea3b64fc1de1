/** Rows that are alike, byte by byte. */
import type { Row } from "../../shared/binlog/change.ts";
import type { RowValue } from "../../shared/mysql/text_row.ts";

export function sameRow(a: Row, b: Row): boolean {
  return a.every((value, i) => sameValue(value, b[i] ?? null));
}

export function sameValue(a: RowValue, b: RowValue): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
