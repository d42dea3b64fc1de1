/** A sample of the matrix of reshard_faults.ts: kills in the midst of a switch of writes. */
import assert from "node:assert/strict";
import type { Phase, Row } from "./fault_runs.ts";
import { type Kind, printRow, runMatrix } from "./reshard_faults.ts";
import type { Victim } from "./victims.ts";

const SAMPLES: readonly {
  readonly kind: Kind;
  readonly victim: Victim;
  readonly phases: readonly Phase[];
}[] = [
  {
    kind: "move",
    victim: "vtctld",
    phases: [{ in: "switch", step: "Creating journals" }],
  },
  {
    kind: "1-2",
    victim: "target mysqld",
    phases: [{ in: "switch", step: "Allowing writes on target" }],
  },
];

for (const { kind, victim, phases } of SAMPLES) {
  Deno.test(`${victim} dies while writes are switched, ${kind}: nothing is lost`, async () => {
    const rows: Row[] = [];
    await runMatrix({
      kind,
      victims: [victim],
      phases,
      bothWays: false,
      clients: 8,
      rows: 2000,
      onRow: (row) => rows.push(row),
    });
    assert.deepEqual(rows.filter(({ fault }) => fault !== "").map(printRow), []);
    assert.deepEqual(
      rows.map(({ phase }) => phase),
      phases.map((phase) => "step" in phase ? `${phase.in}: ${phase.step}` : phase.in),
    );
    assert.ok(rows.every(({ acknowledged }) => acknowledged > 0));
  });
}
