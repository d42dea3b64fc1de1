import type { TabletRecord } from "../../../shared/model/records.ts";
import type { RowCounts } from "../../workflow/tables.ts";
import type { CommandContext } from "../context.ts";
import { quoteIdentifier } from "./quote.ts";

const TIMEOUT_MS = 30_000;

/** 1 for a table that has rows, 0 for an empty one. */
export async function countRows(
  context: CommandContext,
  primary: TabletRecord,
  tables: readonly string[],
): Promise<RowCounts> {
  const counts = await Promise.all(tables.map(async (table) => {
    const { rows } = await context.tablets.call(primary, "ExecuteFetchAsDba", {
      sql: `SELECT EXISTS (SELECT 1 FROM ${quoteIdentifier(table)})`,
      rowsMax: 1,
      disableBinlogs: false,
    }, { signal: context.signal, timeoutMs: TIMEOUT_MS });
    return [table, Number(rows[0]?.[0] ?? 0)] as const;
  }));
  return new Map(counts);
}
