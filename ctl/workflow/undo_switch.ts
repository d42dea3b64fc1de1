/** What becomes of a switch of writes that did not come to its journals, or whose run has died. */
import type { WorkflowFacts } from "./facts.ts";
import type { Phase, Program } from "./program.ts";
import {
  fences,
  forgetSwitch,
  makePlan,
  phase,
  placeOf,
  type Plan,
  refreshes,
  startStreams,
  stopWrites,
  type WriteSwitch,
} from "./switch_steps.ts";

/**
 * Source writes as they were, and the streams running again. What this run has sent and got no
 * answer to changes nothing from the first phase on.
 */
export function undoPhases(plan: Plan): readonly Phase[] {
  const { facts, live } = plan;
  return [
    phase("Undoing", fences(facts), "stop"),
    phase("Allowing source writes again", stopWrites(facts, false), "stop"),
    phase("", refreshes(facts.sources), "stop"),
    phase("Restarting streams", startStreams(plan, live), "stop"),
    { ...phase("", [forgetSwitch(plan)], "stop"), onlyWhole: true },
  ];
}

/** When none of its sources has the journal, looked at behind `claimSwitch`. */
export function undoSwitch(facts: WorkflowFacts, options: WriteSwitch): Program {
  return { phases: undoPhases(makePlan(facts, options)), undo: [], remedy: remedy(options) };
}

/**
 * Before anybody looks how far a run came that held the locks before: from here on it gets no
 * further, though it may not have noticed.
 */
export function claimSwitch(facts: WorkflowFacts, options: WriteSwitch): Program {
  const places = [...facts.sources, ...facts.targets].map(placeOf);
  return {
    phases: [
      phase("", [
        ...fences(facts),
        { do: "claim_records", keyspace: facts.targetKeyspace, places },
      ], "stop"),
    ],
    undo: [],
    remedy: remedy(options),
  };
}

function remedy({ command }: WriteSwitch): string {
  return `it is tried again by itself; ${command} does so at once`;
}
