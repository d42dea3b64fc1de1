/** A sample of the fault matrix; `deno run -A tests/cluster/reshard_faults.ts --all` runs it whole. */
import { type Phase, printPhase, type Row } from "./fault_runs.ts";
import { type Kind, printRow, runMatrix } from "./reshard_faults.ts";
import type { Victim } from "./victims.ts";

const SAMPLES: readonly {
  readonly kind: Kind;
  readonly victim: Victim;
  readonly phases: readonly Phase[];
}[] = [
  {
    kind: "move",
    victim: "target tablet",
    phases: [{ in: "copy" }, { in: "switch", step: "Creating journals" }],
  },
  {
    kind: "1-2",
    victim: "source mysqld",
    phases: [{ in: "switch", step: "Waiting for streams to catchup" }, { in: "complete" }],
  },
];

for (const { kind, victim, phases } of SAMPLES) {
  const moments = phases.map(printPhase).join(", ");
  Deno.test(`${kind}: no acknowledged row is lost when the ${victim} dies in ${moments}`, async () => {
    await runMatrix({
      kind,
      victims: [victim],
      phases,
      bothWays: false,
      clients: 8,
      rows: 5000,
      // deno-lint-ignore no-console -- the table of runs is this test's report
      onRow: (row: Row) => console.log(`  ${printRow(row)}`),
    });
  });
}
