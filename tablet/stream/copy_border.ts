/**
 * Changes for a reader that is in the midst of copying: of a table that it has up to a key come
 * those of the rows up to there; the others it will find when it reads on. A row that moves across
 * the border comes as an insert or a delete. Of a table that was not begun comes nothing.
 */
import type { Field, Row, RowChange, StreamItem, TableFields } from "../../shared/binlog/change.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { CopyingTable, TableKey } from "../../shared/rpc/stream_service.ts";
import type { KeyOrder } from "./key_order.ts";

interface Options {
  readonly signal: AbortSignal;
}

interface Border {
  readonly key: TableKey;
  readonly places: readonly number[];
  readonly fields: readonly Field[];
}

export class CopyBorders {
  readonly #copying: ReadonlyMap<string, CopyingTable>;
  readonly #order: KeyOrder;
  /** Of the tables in progress, for the columns that each has now. */
  readonly #borders = new Map<string, Border>();

  constructor(copying: readonly CopyingTable[], order: KeyOrder) {
    this.#copying = new Map(copying.map((table) => [table.table, table]));
    this.#order = order;
  }

  /** VT26004 when a table has lost a column of its key. */
  async apply(items: readonly StreamItem[], options: Options): Promise<readonly StreamItem[]> {
    const out: StreamItem[] = [];
    for (const item of items) {
      if (item.kind === "fields") this.#fields(item.fields);
      const touched = item.kind === "transaction" &&
        item.changes.some(({ table }) => this.#copying.has(table));
      out.push(touched ? { ...item, changes: await this.#changes(item.changes, options) } : item);
    }
    return out;
  }

  #fields(fields: TableFields): void {
    const key = this.#copying.get(fields.table)?.upTo;
    if (key === undefined) return;
    const places = key.columns.map((column) => {
      const place = fields.fields.findIndex(({ name }) => name === column);
      if (place >= 0) return place;
      throw vtError(
        "VT26004",
        `table ${fields.table} was copied in the order of ${column}, which it no longer has; ` +
          "start the copy anew",
      );
    });
    const chosen = places.flatMap((place) => fields.fields[place] ?? []);
    this.#borders.set(fields.table, { key, places, fields: chosen });
  }

  async #changes(
    changes: readonly RowChange[],
    options: Options,
  ): Promise<readonly RowChange[]> {
    const known = await this.#rowsUpToBorder(changes, options);
    return changes.flatMap((change): readonly RowChange[] => {
      if (!this.#copying.has(change.table)) return [change];
      const was = "before" in change && known.has(change.before);
      const is = "after" in change && known.has(change.after);
      const { table } = change;
      if (was && is) return [change];
      if (was) return [{ kind: "delete", table, before: change.before }];
      if (is) return [{ kind: "insert", table, after: change.after }];
      return [];
    });
  }

  async #rowsUpToBorder(
    changes: readonly RowChange[],
    options: Options,
  ): Promise<ReadonlySet<Row>> {
    const known = new Set<Row>();
    for (const [table, { key, places, fields }] of this.#borders) {
      const rows = changes.filter((change) => change.table === table).flatMap(rowsOfChange);
      const keys = rows.map((row) => places.map((place) => row[place] ?? null));
      const answers = await this.#order.areUpTo(keys, key.values, fields, options);
      for (const [i, row] of rows.entries()) if (answers[i] === true) known.add(row);
    }
    return known;
  }
}

function rowsOfChange(change: RowChange): readonly Row[] {
  switch (change.kind) {
    case "insert":
      return [change.after];
    case "delete":
      return [change.before];
    case "update":
      return [change.before, change.after];
  }
}
