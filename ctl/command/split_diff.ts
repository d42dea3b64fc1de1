import { integer } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { defineCommand } from "./command.ts";
import { reshardOf } from "./legacy_split.ts";
import { findPrimary, findShard } from "./lookup.ts";
import { one, parseKeyspaceShard } from "./positional.ts";
import { SOURCE_TYPES } from "./workflow/flags.ts";
import { waitForVDiff } from "./vdiff_shards.ts";
import type { VDiffSummary } from "./vdiff_summary.ts";

export const SPLIT_DIFF = defineCommand({
  name: "SplitDiff",
  group: "Workflows",
  summary: "Compares a shard with the shard that its rows came from (the old form of VDiff).",
  examples: ["SplitDiff test_keyspace/-80"],
  flags: {
    "min-healthy-rdonly-tablets": integer({ help: "not needed: any tablet will do", fallback: 0 }),
  },
  positionals: { shard: one("keyspace/shard", parseKeyspaceShard) },
  run: async (context, { args: { shard } }) => {
    const found = await findShard(context, shard);
    const workflow = await reshardOf(context, found.keyspace, found.shard);
    const name = { keyspace: found.keyspace, workflow };
    const uuid = crypto.randomUUID();
    const startedMs = context.clock.monotonicMs();
    const primary = await findPrimary(context, found);
    await context.tablets.call(primary, "VDiffCreate", {
      uuid,
      workflow,
      start: true,
      options: {
        tables: [],
        tabletTypes: SOURCE_TYPES,
        sourceCells: "",
        waitMs: 30_000,
        rowsMax: 0,
        samplesMax: 10,
        onlyPks: false,
        sampleCharsMax: 128,
        snapshotMsMax: 0,
        autoRetry: true,
      },
    }, { signal: context.signal });
    const summary = await waitForVDiff(context, { ...name, uuid }, { everyMs: 500, timeoutMs: 0 });
    const seconds = Math.max(0.001, (context.clock.monotonicMs() - startedMs) / 1000);
    checkAlike(summary);
    return summary.tables.map(({ table, processedRows }) => ({
      table,
      rows: processedRows,
      rowsPerSecond: Math.round(processedRows / seconds),
    }));
  },
  print: (tables) =>
    tables.map(({ table, rows, rowsPerSecond }) =>
      `Table ${table} checks out (${rows} rows processed, ${rowsPerSecond} qps)`
    ).join("\n"),
});

/** VT22006 with the counts when something differs. */
function checkAlike({ tables, errors, state }: VDiffSummary): void {
  if (state !== "completed") {
    const causes = [...errors.values()].join("; ");
    throw vtError("VT22006", `the comparison ended as ${state}: ${causes}`);
  }
  const lines = tables.filter(({ reports }) => reports.size > 0).map((one) =>
    `Table ${one.table} has differences: ${one.mismatchedRows} rows differ, ${one.extraRowsSource} are only on the source, ${one.extraRowsTarget} only here; VDiff shows them`
  );
  if (lines.length > 0) throw vtError("VT22006", lines.join("\n"));
}
