/** A sample of the matrix of reshard_faults.ts: kills in each phase of a move and of a split. */
import assert from "node:assert/strict";
import { parseRun, printRun } from "./fault_list.ts";
import { printRow } from "./fault_results.ts";
import type { Row } from "./fault_runs.ts";
import { runMatrix } from "./reshard_faults.ts";

const SAMPLES: readonly (readonly [string, readonly string[]])[] = [
  ["a move of tables", [
    "move | create: Starting streams | kill target tablet",
    "move | switch: Creating journals | kill vtctld",
    "move | reverse: Waiting for streams to catchup | kill source mysqld",
    "move | complete: Dropping source tables | kill etcd",
  ]],
  ["a split of a shard", [
    "1->2 | switch: Allowing writes on target | kill target mysqld",
    "1->2 | reverse: Stopping source writes | kill source tablet",
    "1->2 | complete: Deleting source shards | kill gate",
  ]],
];

for (const [what, lines] of SAMPLES) {
  Deno.test(`nothing is lost when processes die in ${what}`, async () => {
    const runs = lines.map((line) => parseRun(`mariadb | ${line}`));
    const rows: Row[] = [];
    const told: string[] = [];
    const failures = await runMatrix({
      runs,
      clients: 8,
      rows: { large: 3000, small: 3000 },
      onRow: (run, row) => {
        rows.push(row);
        told.push(printRun(run));
      },
    });
    assert.deepEqual(failures, [], rows.map(printRow).join("\n"));
    assert.deepEqual(told.toSorted(), runs.map(printRun).toSorted());
    assert.ok(rows.every(({ missed, acknowledged }) => !missed && acknowledged > 0));
    assert.ok(rows.every(({ found }) => found > 0));
  });
}
