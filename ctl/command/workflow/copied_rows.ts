import { nameOf } from "../../workflow/facts.ts";
import type { CommandContext } from "../context.ts";
import { quoteIdentifier } from "./quote.ts";
import { readWorkflow } from "./read_facts.ts";
import type { WorkflowName } from "./switch_traffic.ts";

const COUNT_TIMEOUT_MS = 10 * 60_000;

export interface CopiedTable {
  readonly table: string;
  readonly rows: number;
}

/** How many rows each table has on the targets now, which count one table after the other. */
export async function readCopiedRows(
  context: CommandContext,
  name: WorkflowName,
): Promise<readonly CopiedTable[]> {
  const { facts, primaries } = await readWorkflow(context, name.keyspace, name.workflow);
  const counted: CopiedTable[] = [];
  for (const table of facts.tables) {
    const counts = await Promise.all(facts.targets.map(async (target) => {
      const primary = primaries.get(nameOf(target));
      if (primary === undefined) return 0;
      const { rows } = await context.tablets.call(primary, "ExecuteFetchAsDba", {
        sql: `SELECT COUNT(*) FROM ${quoteIdentifier(table)}`,
        rowsMax: 1,
        disableBinlogs: false,
      }, { signal: context.signal, timeoutMs: COUNT_TIMEOUT_MS });
      return Number(rows[0]?.[0] ?? 0);
    }));
    counted.push({ table, rows: counts.reduce((sum, count) => sum + count, 0) });
  }
  return counted;
}
