import type { TabletRecord } from "../../../shared/model/records.ts";
import type { RowCounts } from "../../workflow/tables.ts";
import type { CommandContext } from "../context.ts";
import { quoteIdentifier } from "./quote.ts";

const TIMEOUT_MS = 30_000;
/** Of one statement: each call has a connection of its own, and mysqld has few of them. */
const TABLES_MAX = 100;

/** 1 for a table that has rows, 0 for an empty one. */
export async function countRows(
  context: CommandContext,
  primary: TabletRecord,
  tables: readonly string[],
): Promise<RowCounts> {
  const counts = new Map<string, number>();
  for (let from = 0; from < tables.length; from += TABLES_MAX) {
    const some = tables.slice(from, from + TABLES_MAX);
    const { rows: [row] } = await context.tablets.call(primary, "ExecuteFetchAsDba", {
      sql: `SELECT ${
        some.map((table) => `EXISTS (SELECT 1 FROM ${quoteIdentifier(table)})`).join(", ")
      }`,
      rowsMax: 1,
      disableBinlogs: false,
    }, { signal: context.signal, timeoutMs: TIMEOUT_MS });
    for (const [i, table] of some.entries()) counts.set(table, Number(row?.[i] ?? 0));
  }
  return counts;
}
