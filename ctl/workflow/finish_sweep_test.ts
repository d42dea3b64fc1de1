/** Complete and Cancel cut at every effect: run again, they go on. */
import assert from "node:assert/strict";
import { advance, program } from "../../tests/harness/workflow_stages.ts";
import { run, World } from "../../tests/harness/workflow_world.ts";
import { checkCanCancel, checkCanComplete } from "./checks.ts";

const CASES = [
  { stage: "complete", before: ["reads", "writes"], check: checkCanComplete },
  { stage: "cancel", before: [], check: checkCanCancel },
] as const;

for (const kind of ["move_tables", "reshard"] as const) {
  for (const { stage, before, check } of CASES) {
    Deno.test(`${stage} of ${kind} that was cut at any effect goes on when it is run again`, () => {
      for (let n = 1;; n++) {
        const world = new World(kind, ["-"], ["-80", "80-"]);
        world.addStreams("w");
        advance(world, before);
        const first = run(world, program(world, stage), { dieAt: n });
        const { streams } = world.facts("w");
        // Without streams it is over, and what is noted of its end says so.
        if (streams.length > 0) {
          check(world.facts("w"));
          assert.equal(run(world, program(world, stage)).state?.at, "done");
        }
        assert.equal(world.facts("w").streams.length, 0);
        assert.equal(world.ended.get("w"), stage);
        if (kind === "move_tables") assert.deepEqual(world.rules.rules, []);
        for (const { denied, streams: left } of world.shards.values()) {
          assert.deepEqual([denied, left.size], [[], 0]);
        }
        if (first.count < n) break;
      }
    });
  }
}
