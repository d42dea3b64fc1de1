/**
 * The switch of writes (go/vt/vtctl/workflow/server.go switchWrites), in its order:
 *
 *     catch up ─▶ note ─▶ stop writes ─▶ drain ─▶ wait for the streams, set sequences ─▶ stop them ─▶
 *     JOURNALS with the reverse streams ─▶ allow writes on the target ─▶ routing ─▶ start reverse ─▶
 *     freeze ─▶ forget
 *
 * All that can be done before the stop is done before it: clients wait from the stop until the
 * routing. The journals are the point of no return. A second run that finds some completes what is
 * left; one that finds none begins anew, which every step before them allows. The note in the
 * topology is what a vtctld goes by to do that by itself (ctl/command/workflow/heal_switch.ts).
 *
 * Two runs never mix: each first has the tablets refuse what any run before it sends from then on
 * ("fence"), and who takes over from another writes the records anew ("claim_records"), so that what
 * the other one has read is of an old version. A run also fences against itself before it decides
 * that its journal was not written.
 *
 * Switching back is the same on the reverse workflow, whose target the source is.
 */
import { type Effect, printEffect } from "./effect.ts";
import type { ShardFacts, WorkflowFacts } from "./facts.ts";
import type { Phase, Program } from "./program.ts";
import { movedBy, servedBy } from "./routing.ts";
import {
  deniedOn,
  disabledOn,
  drain,
  fences,
  forgetSwitch,
  forShards,
  initSequences,
  listed,
  makePlan,
  noteSwitch,
  phase,
  type Plan,
  refreshes,
  startStopped,
  stopStreams,
  stopWrites,
  waits,
  writeJournals,
  type WriteSwitch,
} from "./switch_steps.ts";
import { undoPhases } from "./undo_switch.ts";

export function switchWrites(facts: WorkflowFacts, options: WriteSwitch): Program {
  const plan = makePlan(facts, options);
  const journaled = facts.journaled.size > 0;
  const before = journaled ? [] : beforeJournals(plan);
  return {
    phases: [
      phase("", fences(facts), journaled ? "stop" : "undo"),
      ...before,
      ...fromJournals(plan, journaled),
    ],
    undo: journaled ? [] : undoPhases(plan),
    remedy:
      `nothing is lost: it is completed or undone by itself, whichever is right; ${options.command} run again does so at once`,
  };
}

function beforeJournals(plan: Plan): readonly Phase[] {
  const { facts } = plan;
  const { sources } = facts;
  return [
    phase("", [
      ...startStopped(plan),
      ...forShards(sources, (at): Effect => ({ do: "position", at })),
    ], "undo"),
    phase("Waiting for streams to catch up before writes stop", (results) => [
      ...waits(plan, (at) => results.get(printEffect({ do: "position", at }))),
    ], "undo"),
    phase("", [noteSwitch(plan)], "undo"),
    ...stopPhases(plan),
    phase("Stopping streams", stopStreams(plan), "undo"),
    phase("", forShards(facts.targets, (at) => ({ do: "position", at })), "undo"),
  ];
}

function stopPhases(plan: Plan): readonly Phase[] {
  const { facts, options, sequences } = plan;
  const { sources } = facts;
  const locked = listed(sources, ({ keyspace, shard }) => `keyspace:${keyspace};shard:${shard}`);
  return [
    phase("Stopping source writes", stopWrites(facts, true), "undo", [
      facts.kind === "reshard"
        ? `Stop writes on keyspace ${facts.sourceKeyspace}: [${locked}]`
        : `Stop writes on keyspace ${facts.sourceKeyspace} for tables [${
          facts.tables.join(",")
        }]: [${locked}]`,
    ]),
    phase("", refreshes(sources), "undo"),
    phase("", forShards(sources, (at) => drain(facts, at)), "undo"),
    phase(
      "Waiting for streams to catchup",
      (results) => [
        ...waits(plan, (at) => results.get(printEffect(drain(facts, at)))),
        ...initSequences(plan),
      ],
      "undo",
      [
        `Wait for vreplication on stopped streams to catchup for up to ${
          options.timeoutMs / 1000
        }s`,
        ...sequences.map(({ keyspace, sequence, table }) =>
          `Set sequence ${keyspace}.${sequence} past the highest id of table ${table}`
        ),
      ],
    ),
  ];
}

function fromJournals(plan: Plan, journaled: boolean): readonly Phase[] {
  const { facts, options, id } = plan;
  const opened = facts.kind === "reshard" ? disabledOn(facts) : deniedOn(facts);
  const routing = facts.kind === "reshard" ? shardRouting(plan, opened) : tableRouting(plan);
  const missing = facts.sources.filter(({ shard }) => !facts.journaled.has(shard));
  return [
    // Nobody writes on either side yet, so these are the positions that the other journals have.
    phase(
      "",
      journaled && missing.length > 0
        ? [
          ...forShards(missing, (at) => drain(facts, at)),
          ...forShards(facts.targets, (at): Effect => ({ do: "position", at })),
        ]
        : [],
      "stop",
    ),
    {
      name: journaled
        ? "Journals were found. Completing the left over steps."
        : "Creating journals",
      plan: [
        ...(options.reverse ? [`Create reverse vreplication workflow ${plan.reverse}`] : []),
        "Create journal entries on source databases",
      ],
      effects: (results) => {
        const journals = writeJournals(plan, results);
        if (journals.length === 0 || !options.reverse) return journals;
        return [{ do: "say", line: "Creating reverse streams" }, ...journals];
      },
      onFailure: "inspect",
      inspect: forShards(facts.sources, (at) => ({ do: "settle_journal", at, id })),
    },
    // A run that was cut may not have come to stop them.
    phase("", journaled ? stopStreams(plan) : [], "stop"),
    phase(
      "Allowing writes on target",
      allowTarget(facts, opened),
      "stop",
      facts.kind === "reshard" ? [] : [
        `Enable writes on keyspace ${facts.targetKeyspace} for tables [${facts.tables.join(",")}]`,
      ],
    ),
    phase("", refreshes(journaled ? facts.targets : opened), "stop"),
    ...routing,
    ...ending(plan),
  ];
}

function ending(plan: Plan): readonly Phase[] {
  const { facts, options } = plan;
  const starts = options.reverse && !options.reverseStopped;
  const on = listed(facts.sources, ({ primary }) => `tablet:${primary}`);
  const streamNames = listed(
    facts.streams,
    ({ shard, stream }) =>
      `keyspace:${facts.targetKeyspace};shard:${shard};workflow:${facts.name};id:${stream.id}`,
  );
  return [
    // Whoever comes late must not start them again while rows come back by the others.
    phase(
      "Marking workflow frozen",
      facts.streams.map(({ shard, stream }): Effect => ({
        do: "freeze_stream",
        at: { keyspace: facts.targetKeyspace, shard },
        id: stream.id,
      })),
      "stop",
      [`Mark vreplication streams frozen on: [${streamNames}]`],
    ),
    phase(
      starts ? `Starting reverse workflow ${plan.reverse} on keyspace ${facts.sourceKeyspace}` : "",
      starts
        ? forShards(facts.sources, (at) => ({ do: "start_streams", at, workflow: plan.reverse }))
        : [],
      "stop",
      starts ? [`Start reverse vreplication streams on: [${on}]`] : [],
    ),
    phase("", [forgetSwitch(plan)], "stop"),
  ];
}

function allowTarget(facts: WorkflowFacts, opened: readonly ShardFacts[]): readonly Effect[] {
  if (opened.length === 0) return [];
  if (facts.kind !== "reshard") {
    return forShards(opened, (at) => ({ do: "deny", at, tables: facts.tables, denied: false }));
  }
  const shards = opened.map(({ shard }) => shard);
  const keyspace = facts.targetKeyspace;
  return [{ do: "queries", keyspace, type: "primary", shards, disabled: false }];
}

function tableRouting({ facts }: Plan): readonly Phase[] {
  const served = { ...servedBy(facts.routingRules, facts), primary: "target" } as const;
  const moved = movedBy(facts);
  return [
    phase("Updating routing rules", [{ do: "save_rules", moved, served }], "stop", [
      `Switch routing from keyspace ${facts.sourceKeyspace} to keyspace ${facts.targetKeyspace}`,
      `Routing rules for tables [${facts.tables.join(",")}] will be updated`,
    ]),
    phase("", [{ do: "rebuild_vschema" }], "stop", [
      `Serving VSchema will be rebuilt for the ${facts.targetKeyspace} keyspace`,
    ]),
  ];
}

function shardRouting({ facts }: Plan, opened: readonly ShardFacts[]): readonly Phase[] {
  const named = (shards: readonly ShardFacts[]): string =>
    listed(shards, ({ keyspace, shard }) => `keyspace:${keyspace};shard:${shard}`);
  const from = facts.sources.map(({ shard }) => shard);
  const to = facts.targets.map(({ shard }) => shard);
  return [
    phase(
      // Targets that never refused writes get them with the routing.
      opened.length === 0 ? "Allowing writes on target" : "",
      [
        { do: "say", line: "Updating routing" },
        {
          do: "serve",
          keyspace: facts.targetKeyspace,
          change: { type: "primary", from, to, refuse: true },
          cells: [],
        },
      ],
      "stop",
      [
        `Switch routing from keyspace ${facts.sourceKeyspace} to keyspace ${facts.targetKeyspace}`,
        `IsPrimaryServing will be set to false for: [${named(facts.sources)}]`,
        `IsPrimaryServing will be set to true for: [${named(facts.targets)}]`,
      ],
    ),
    // Gates don't look at it, so nobody waits for it.
    phase("", [
      ...forShards(facts.targets, (at): Effect => ({ do: "primary_serving", at, serving: true })),
      ...forShards(facts.sources, (at): Effect => ({ do: "primary_serving", at, serving: false })),
    ], "stop"),
  ];
}
