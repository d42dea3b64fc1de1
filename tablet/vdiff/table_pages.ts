/** All rows of a table in pieces: other statements of the snapshot's session may run in between. */
import type { Row } from "../../shared/binlog/change.ts";
import type { Key, KeyColumn } from "./key_order.ts";
import type { PageLimits } from "./paged_query.ts";
import { ALL_ROWS, type TableSnapshot } from "./table_snapshot.ts";

interface Call {
  readonly signal: AbortSignal;
}

export interface PagesOptions {
  readonly columns: readonly string[];
  /** Empty: rows are told apart by their hashes, and each piece reads the whole table. */
  readonly key: readonly KeyColumn[];
  /** Without a key: about so many rows. */
  readonly limits: PageLimits;
}

/** Texts come in their own character sets. */
export async function* tablePages(
  table: TableSnapshot,
  { columns, key, limits }: PagesOptions,
  call: Call,
): AsyncGenerator<readonly Row[]> {
  const whole = {
    columns,
    key,
    view: ALL_ROWS,
    span: { after: undefined, upTo: undefined },
    utf8: false,
    part: undefined,
  };
  if (key.length === 0) {
    const { rows: count } = await table.digest(whole, call);
    const of = Math.max(1, Math.ceil(count / limits.rowsMax));
    for (let index = 0; index < of; index++) {
      const { rows } = await table.rows({ ...whole, part: { index, of } }, limits, call);
      yield rows.map(({ row }) => row);
    }
    return;
  }
  let after: Key | undefined;
  do {
    const { rows, next } = await table.rows(
      { ...whole, span: { after, upTo: undefined } },
      limits,
      call,
    );
    yield rows.map(({ row }) => row);
    after = next;
  } while (after !== undefined);
}
