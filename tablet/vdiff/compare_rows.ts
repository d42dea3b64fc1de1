/**
 * Compares two sets of rows one by one: rows of the target by their key, and rows of the source as
 * they come, from one shard after the other and in any order.
 */
import type { Row } from "../../shared/binlog/change.ts";
import type { ReportBuilder } from "./report.ts";

/** A text that two lists of values share only when they are alike, byte for byte. */
function identity(values: Row): string {
  let text = "";
  for (const value of values) {
    if (value === null) text += "N;";
    else {
      text += `${value.length}:`;
      for (const byte of value) text += String.fromCharCode(byte);
    }
  }
  return text;
}

/** Rows with a key: each is on both sides, on one, or differs. */
export class KeyedComparison {
  readonly #target = new Map<string, Row>();
  readonly #key: readonly number[];
  readonly #report: ReportBuilder;

  constructor(target: readonly Row[], key: readonly number[], report: ReportBuilder) {
    this.#key = key;
    this.#report = report;
    for (const row of target) this.#target.set(this.#keyOf(row), row);
  }

  #keyOf(row: Row): string {
    return identity(this.#key.map((place) => row[place] ?? null));
  }

  addSource(rows: readonly Row[]): void {
    let matching = 0;
    for (const row of rows) {
      const key = this.#keyOf(row);
      const found = this.#target.get(key);
      // A second row with the key, from another shard, is one too many.
      if (found === undefined) this.#report.addExtraSource(row);
      else {
        this.#target.delete(key);
        if (identity(found) === identity(row)) matching++;
        else this.#report.addMismatch(row, found);
      }
    }
    if (matching > 0) this.#report.addMatching(matching);
  }

  /** All rows of the source were given: what is left is on the target alone. */
  finish(): void {
    for (const row of this.#target.values()) this.#report.addExtraTarget(row);
    this.#target.clear();
  }
}

/** Rows without a key: alike as often on one side as on the other. */
export function compareUnkeyed(
  source: readonly Row[],
  target: readonly Row[],
  report: ReportBuilder,
): void {
  const left = new Map<string, Row[]>();
  for (const row of target) {
    const name = identity(row);
    const alike = left.get(name);
    if (alike === undefined) left.set(name, [row]);
    else alike.push(row);
  }
  let matching = 0;
  for (const row of source) {
    const found = left.get(identity(row))?.pop();
    if (found === undefined) report.addExtraSource(row);
    else matching++;
  }
  if (matching > 0) report.addMatching(matching);
  for (const rows of left.values()) {
    for (const row of rows) report.addExtraTarget(row);
  }
}
