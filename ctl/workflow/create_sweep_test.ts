/** Every failure of the making of a workflow: nothing that may have rows is taken back. */
import assert from "node:assert/strict";
import { program } from "../../tests/harness/workflow_stages.ts";
import { type Faults, run, World } from "../../tests/harness/workflow_world.ts";

type Kind = World["kind"];

function open(kind: Kind): World {
  return new World(kind, ["-"], ["-80", "80-"]);
}

/** Creates the workflow, or goes on with one that has begun; false when it has fewer effects. */
function create(world: World, faults: Faults): boolean {
  const planned = open(world.kind);
  planned.addStreams("w");
  const before = world.facts("w").streams;
  const begun = before.some(({ stream }) => stream.state === "Running");
  const { state, lines, count } = run(
    world,
    program(planned, begun ? "create_on" : "create"),
    faults,
  );
  const after = world.facts("w").streams;
  const text = lines.join("\n");
  const started = lines.some((line) => line.startsWith("start_streams"));
  if (state?.at === "done") assert(after.every(({ stream }) => stream.state === "Running"), text);
  else if (begun || started) {
    assert.equal(after.length, planned.facts("w").streams.length, text);
    assert.match(text, /again to go on, or cancel the workflow$/);
  } else assert.equal(after.length, 0, text);
  return faults.failAt === undefined || count >= faults.failAt;
}

for (const kind of ["move_tables", "reshard"] as const) {
  Deno.test(`create of ${kind} that failed anywhere, twice, goes on where rows may be`, () => {
    for (const mode of ["before", "after"] as const) {
      let more = true;
      for (let n = 1; more; n++) {
        let again = true;
        for (let m = 1; again; m++) {
          const world = open(kind);
          more = create(world, { failAt: n, mode });
          again = create(world, { failAt: m, mode: "before" });
          create(world, {});
        }
      }
    }
  });
}
