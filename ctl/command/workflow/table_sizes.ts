import type { TabletRecord } from "../../../shared/model/records.ts";
import type { TableSize } from "../../workflow/copy_sizes.ts";
import type { ShardFacts } from "../../workflow/facts.ts";
import type { CommandContext } from "../context.ts";
import { quoteText } from "./quote.ts";

const TIMEOUT_MS = 30_000;

/** What the server reckons that tables of a shard have. */
export async function readTableSizes(
  context: CommandContext,
  { shard }: Pick<ShardFacts, "shard">,
  primary: TabletRecord,
  tables: Iterable<string>,
): Promise<readonly TableSize[]> {
  // By name: of all others MariaDB would open each.
  const names = [...tables].map(quoteText).join(", ");
  if (names === "") return [];
  const { rows } = await context.tablets.call(primary, "ExecuteFetchAsDba", {
    sql: "SELECT table_name, table_rows, data_length FROM information_schema.tables " +
      `WHERE table_schema = DATABASE() AND table_name IN (${names})`,
    rowsMax: 0,
    disableBinlogs: false,
  }, { signal: context.signal, timeoutMs: TIMEOUT_MS });
  return rows.map(([table, count, bytes]) => ({
    shard,
    table: table ?? "",
    rows: Number(count ?? 0),
    bytes: Number(bytes ?? 0),
  }));
}
