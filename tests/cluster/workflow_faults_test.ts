/**
 * What stands still is worse than what dies: it goes on later, and must find that it was given up.
 * A vtctld that was stopped in the midst of a switch, and another that did its work; a tablet that
 * answers late.
 */
import assert from "node:assert/strict";
import { parseRun } from "./fault_list.ts";
import { printRow } from "./fault_results.ts";
import type { Row } from "./fault_runs.ts";
import { runMatrix } from "./reshard_faults.ts";

Deno.test("a vtctld that was replaced in the midst of a switch, and goes on, changes nothing", async () => {
  const rows: Row[] = [];
  const commands: string[] = [];
  const failures = await runMatrix({
    runs: [
      "mariadb | 1->2 | switch: Creating journals | replace vtctld 14 s",
      "mariadb | 1->2 | reverse: Waiting for streams to catchup | stall target tablet 3 s",
    ].map(parseRun),
    clients: 8,
    rows: { large: 3000, small: 3000 },
    onRow: (_, row) => void rows.push(row),
    onCommand: (text) => void commands.push(text),
  });
  assert.deepEqual(failures, [], rows.map(printRow).join("\n"));
  assert.equal(rows.length, 2);
  assert.ok(rows.every(({ missed }) => !missed));
  // It found that its locks are gone.
  assert.match(commands.join("\n"), /the first one: nothing is lost: .*switchtraffic/);
});
