import assert from "node:assert/strict";
import { groupOf, parseRun, planRuns, printRun } from "./fault_list.ts";
import { parseFault, printFault } from "./victims.ts";

Deno.test("runs are read as they are printed", () => {
  const lines = [
    "mariadb | 1->2 | switch: Creating journals | kill gate",
    "mysql | move | catch-up | kill etcd + vtctld",
    "mariadb | 4->2 | copy: 30% | stall target mysqld 8 s",
    "mysql | 1->2 | copy: keys | kill target mysqld",
    "mariadb | 2->1 | reverse: after 120 ms | replace vtctld 9 s",
    "mariadb | 2->4 | switch rdonly: Opening rdonly reads | cut source tablet",
    "mysql | move | complete: Dropping source tables | none",
  ];
  assert.deepEqual(lines.map(parseRun).map(printRun), lines);
  for (
    const wrong of [
      "mariadb | 3->4 | catch-up | kill gate",
      "mariadb | 1->2 | catch-up",
      "oracle | 1->2 | catch-up | none",
      "mariadb | 1->2 | nap | none",
    ]
  ) assert.throws(() => parseRun(wrong), TypeError, wrong);
});

Deno.test("faults name what there is", () => {
  const faults = ["none", "kill source mysqld + target mysqld", "stall gate 5 s", "cut etcd"];
  assert.deepEqual(faults.map(parseFault).map(printFault), faults);
  for (const wrong of ["kill", "kill cat", "stall gate", "kill gate 5 s", "replace etcd 5 s"]) {
    assert.throws(() => parseFault(wrong), TypeError, wrong);
  }
});

Deno.test("a plan has each combination, and runs that share a cluster have one group", () => {
  const runs = planRuns({
    servers: ["mariadb"],
    kinds: ["1->2", "2->1"],
    moments: ["copy", "complete", "switch: after 40 ms"],
    faults: [parseFault("kill gate"), parseFault("kill etcd")],
  });
  assert.equal(runs.length, 2 * (3 + 2 + 1) * 2);
  assert.equal(new Set(runs.map(printRun)).size, runs.length);
  const groups = new Set(runs.map((run) => JSON.stringify(groupOf(run))));
  assert.deepEqual([...groups].toSorted(), [
    '{"server":"mariadb","world":"1-2","size":"large"}',
    '{"server":"mariadb","world":"1-2","size":"small"}',
  ]);
});
