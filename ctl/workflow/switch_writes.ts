/**
 * The switch of writes (go/vt/vtctl/workflow/server.go switchWrites), in its order:
 *
 *     catch up ─▶ stop writes ─▶ drain ─▶ wait for the streams ─▶ stop them ─▶ reverse streams,
 *     sequences ─▶ JOURNALS ─▶ allow writes on the target ─▶ routing ─▶ start reverse ─▶ freeze
 *
 * All that can be done before the stop is done before it: clients wait from the stop until the
 * routing. The journals are the point of no return. A second run that finds some completes what is
 * left; one that finds none begins anew, which every step before them allows.
 *
 * Switching back is the same on the reverse workflow, whose target the source is.
 */
import { type Effect, type Place, printEffect } from "./effect.ts";
import {
  FROZEN,
  isReverse,
  type PlacedStream,
  reverseName,
  type ShardFacts,
  type WorkflowFacts,
} from "./facts.ts";
import { migrationId, printJournal, withFlavor } from "./journal.ts";
import type { Phase, Program, Results } from "./program.ts";
import { servedBy, withRules } from "./routing.ts";
import { findSequences, type Sequence } from "./sequences.ts";
import { planStreams } from "./streams.ts";
import { readDocument } from "./vschema_change.ts";

export interface WriteSwitch {
  /** How long the streams may take to catch up, before the stop and after it each. */
  readonly timeoutMs: number;
  /** Streams that bring the target's writes back, so that the switch can be reversed. */
  readonly reverse: boolean;
  readonly initSequences: boolean;
  /** Of the reverse streams. */
  readonly cells: string;
  readonly tabletTypes: string;
  /** How people call what they do: "MoveTables --workflow w --target-keyspace t switchtraffic". */
  readonly command: string;
}

/** Message of streams between the stop of writes and the switch. */
export const STOPPED_FOR_CUTOVER = "stopped for cutover";

interface Plan {
  readonly facts: WorkflowFacts;
  readonly options: WriteSwitch;
  readonly id: string;
  readonly reverse: string;
  readonly sequences: readonly Sequence[];
  /**
   * A switch is taken back: the workflow that this one is the reverse of is frozen, and must stay
   * known by its name whatever happens.
   */
  readonly back: boolean;
  /** Streams that rows still come in by; frozen ones are done. */
  readonly live: readonly PlacedStream[];
}

export function switchWrites(facts: WorkflowFacts, options: WriteSwitch): Program {
  const plan: Plan = {
    facts,
    options,
    id: migrationId(facts.targetKeyspace, facts.streams),
    reverse: reverseName(facts.name),
    sequences: options.initSequences && facts.kind === "move_tables"
      ? findSequences(facts.vschemas, facts.targetKeyspace, facts.tables)
      : [],
    back: isReverse(facts.name),
    live: facts.streams.filter(({ stream }) => stream.message !== FROZEN),
  };
  const journaled = facts.journaled.size > 0;
  const before = journaled ? [] : beforeJournals(plan);
  return {
    phases: [...before, ...fromJournals(plan, journaled)],
    undo: journaled ? [] : undo(plan),
    remedy:
      `nothing is lost: run ${options.command} again, which completes or undoes it, whichever is right`,
  };
}

function beforeJournals(plan: Plan): readonly Phase[] {
  const { facts, options } = plan;
  const { sources } = facts;
  const locked = listed(sources, ({ keyspace, shard }) => `keyspace:${keyspace};shard:${shard}`);
  return [
    // Streams that an earlier attempt has stopped.
    phase("", [
      ...startStopped(plan),
      ...forShards(sources, (at): Effect => ({ do: "position", at })),
    ], "undo"),
    phase("Waiting for streams to catch up before writes stop", (results) => [
      ...waits(plan, (at) => results.get(printEffect({ do: "position", at }))),
    ], "undo"),
    phase(
      "Removing what an earlier attempt left",
      options.reverse && !plan.back ? deleteReverse(plan) : [],
      "undo",
    ),
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
      ],
      "undo",
      [
        `Wait for vreplication on stopped streams to catchup for up to ${
          seconds(options.timeoutMs)
        }`,
      ],
    ),
    phase("Stopping streams", stopStreams(plan), "undo"),
    phase("", forShards(facts.targets, (at) => ({ do: "position", at })), "undo"),
    // The frozen record of a switch that is taken back goes in the last moment.
    phase("", options.reverse && plan.back ? deleteReverse(plan) : [], "undo"),
    phase(
      options.reverse ? "Creating reverse streams" : "",
      (results) => [...createReverse(plan, results), ...initSequences(plan)],
      "undo",
      [
        ...(options.reverse ? [`Create reverse vreplication workflow ${plan.reverse}`] : []),
        ...plan.sequences.map(({ keyspace, sequence, table }) =>
          `Set sequence ${keyspace}.${sequence} past the highest id of table ${table}`
        ),
      ],
    ),
  ];
}

function fromJournals(plan: Plan, journaled: boolean): readonly Phase[] {
  const { facts, id } = plan;
  const routing = facts.kind === "reshard" ? shardRouting(plan) : tableRouting(plan);
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
      plan: ["Create journal entries on source databases"],
      effects: (results) => writeJournals(plan, results),
      onFailure: "inspect",
      inspect: forShards(facts.sources, (at) => ({ do: "read_journal", at, id })),
    },
    // A run that was cut may not have come to stop them.
    phase("", journaled ? stopStreams(plan) : [], "stop"),
    phase(
      "Allowing writes on target",
      allowTarget(facts),
      "stop",
      facts.kind === "reshard" ? [] : [
        `Enable writes on keyspace ${facts.targetKeyspace} for tables [${facts.tables.join(",")}]`,
      ],
    ),
    phase(
      "",
      journaled || facts.kind === "reshard" || deniedOn(facts).length > 0
        ? refreshes(facts.targets)
        : [],
      "stop",
    ),
    ...routing,
    ...ending(plan),
  ];
}

function ending(plan: Plan): readonly Phase[] {
  const { facts, options } = plan;
  const on = listed(facts.sources, ({ primary }) => `tablet:${primary}`);
  const streamNames = listed(
    facts.streams,
    ({ shard, stream }) =>
      `keyspace:${facts.targetKeyspace};shard:${shard};workflow:${facts.name};id:${stream.id}`,
  );
  return [
    phase(
      options.reverse
        ? `Starting reverse workflow ${plan.reverse} on keyspace ${facts.sourceKeyspace}`
        : "",
      options.reverse
        ? forShards(facts.sources, (at) => ({ do: "start_streams", at, workflow: plan.reverse }))
        : [],
      "stop",
      options.reverse ? [`Start reverse vreplication streams on: [${on}]`] : [],
    ),
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
  ];
}

/** Source writes as they were, the streams running again, no reverse streams. */
function undo(plan: Plan): readonly Phase[] {
  const { facts, options } = plan;
  return [
    // First: a journal that is still on its way is written only while these exist.
    plan.back
      ? phase("Freezing reverse streams again", freezeReverse(plan), "stop")
      : phase("Removing reverse streams", options.reverse ? deleteReverse(plan) : [], "stop"),
    phase("Allowing source writes again", stopWrites(facts, false), "stop"),
    phase("", refreshes(facts.sources), "stop"),
    phase(
      "Restarting streams",
      plan.live.map(({ shard, stream }): Effect => ({
        do: "start_stream",
        at: { keyspace: facts.targetKeyspace, shard },
        id: stream.id,
      })),
      "stop",
    ),
  ];
}

function stopWrites(facts: WorkflowFacts, stop: boolean): readonly Effect[] {
  const { sources, tables, sourceKeyspace } = facts;
  if (facts.kind !== "reshard") {
    return forShards(sources, (at) => ({ do: "deny", at, tables, denied: stop }));
  }
  const shards = sources.map(({ shard }) => shard);
  return [{ do: "queries", keyspace: sourceKeyspace, type: "primary", shards, disabled: stop }];
}

/** A query service that closed has ended its transactions; tables are drained one by one. */
function drain(facts: WorkflowFacts, at: Place): Effect {
  return { do: "drain", at, tables: facts.kind === "reshard" ? [] : facts.tables };
}

function waits(
  { facts, options, live }: Plan,
  positionOf: (source: Place) => string | undefined,
): readonly Effect[] {
  return live.flatMap(({ shard, stream }): readonly Effect[] => {
    const { keyspace, shard: source } = stream.source;
    const position = positionOf({ keyspace, shard: source });
    if (position === undefined) throw new TypeError(`no position of ${keyspace}/${source}`);
    return [{
      do: "wait_stream",
      at: { keyspace: facts.targetKeyspace, shard },
      id: stream.id,
      position: withFlavor(position),
      timeoutMs: options.timeoutMs,
    }];
  });
}

function startStopped({ facts, live }: Plan): readonly Effect[] {
  return live.filter(({ stream }) => stream.state === "Stopped").map(({ shard, stream }) => ({
    do: "start_stream",
    at: { keyspace: facts.targetKeyspace, shard },
    id: stream.id,
  }));
}

function stopStreams({ facts, live }: Plan): readonly Effect[] {
  return live.map(({ shard, stream }) => ({
    do: "stop_stream",
    at: { keyspace: facts.targetKeyspace, shard },
    id: stream.id,
    message: STOPPED_FOR_CUTOVER,
  }));
}

function deleteReverse({ facts, reverse }: Plan): readonly Effect[] {
  return forShards(facts.sources, (at) => ({ do: "delete_streams", at, workflow: reverse }));
}

function freezeReverse({ facts, reverse }: Plan): readonly Effect[] {
  return forShards(facts.sources, (at) => ({ do: "freeze_streams", at, workflow: reverse }));
}

function createReverse(plan: Plan, results: Results): readonly Effect[] {
  const { facts, options, reverse } = plan;
  if (!options.reverse) return [];
  const sharded = (keyspace: string) => ({
    keyspace,
    document: readDocument(facts.vschemas.get(keyspace)),
  });
  const streams = planStreams({
    sources: facts.targets,
    targets: facts.sources,
    tables: facts.tables,
    source: sharded(facts.targetKeyspace),
    target: sharded(facts.sourceKeyspace),
  }, {
    workflow: reverse,
    workflowType: facts.kind,
    cells: options.cells,
    tabletTypes: options.tabletTypes,
    onDdl: "IGNORE",
    stopAfterCopy: false,
    state: "Stopped",
    options: "{}",
  }, ({ keyspace, shard }) => {
    const at = { keyspace, shard };
    return withFlavor(results.get(printEffect({ do: "position", at })) ?? "");
  });
  return streams.map(({ at, stream }) => ({ do: "create_stream", at: placeOf(at), stream }));
}

function initSequences({ facts, sequences }: Plan): readonly Effect[] {
  const shards = facts.targets.map(placeOf);
  return sequences.map((sequence) => ({ do: "init_sequence", sequence, shards }));
}

function writeJournals(plan: Plan, results: Results): readonly Effect[] {
  const { facts, id } = plan;
  const shardGtids = facts.targets.map((target) => ({
    place: placeOf(target),
    gtid: withFlavor(results.get(printEffect({ do: "position", at: placeOf(target) })) ?? ""),
  }));
  return facts.sources.filter(({ shard }) => !facts.journaled.has(shard)).map((source) => {
    const at = placeOf(source);
    const value = printJournal({
      id,
      migrationType: facts.kind === "reshard" ? "SHARDS" : "TABLES",
      tables: facts.tables,
      localPosition: withFlavor(results.get(printEffect(drain(facts, at))) ?? ""),
      shardGtids,
      participants: facts.sources.map(placeOf),
      sourceWorkflows: [],
    });
    // Without reverse streams nothing on the source could tell that it was undone.
    return { do: "write_journal", at, id, value, guard: plan.options.reverse ? plan.reverse : "" };
  });
}

/** Tables that this keyspace gave away before, and takes back. */
function deniedOn({ targets, tables }: WorkflowFacts): readonly ShardFacts[] {
  return targets.filter(({ tabletControls }) =>
    tabletControls.some(({ deniedTables }) => deniedTables.some((table) => tables.includes(table)))
  );
}

function allowTarget(facts: WorkflowFacts): readonly Effect[] {
  if (facts.kind !== "reshard") {
    return forShards(
      deniedOn(facts),
      (at) => ({ do: "deny", at, tables: facts.tables, denied: false }),
    );
  }
  const shards = facts.targets.map(({ shard }) => shard);
  const keyspace = facts.targetKeyspace;
  return [
    { do: "queries", keyspace, type: "primary", shards, disabled: false },
    ...forShards(facts.targets, (at) => ({ do: "primary_serving", at, serving: true })),
    ...forShards(facts.sources, (at) => ({ do: "primary_serving", at, serving: false })),
  ];
}

function tableRouting({ facts }: Plan): readonly Phase[] {
  const served = { ...servedBy(facts.routingRules, facts), primary: "target" } as const;
  const rules = withRules(facts.routingRules, facts, served);
  return [
    phase("Updating routing rules", [{ do: "save_rules", rules }], "stop", [
      `Switch routing from keyspace ${facts.sourceKeyspace} to keyspace ${facts.targetKeyspace}`,
      `Routing rules for tables [${facts.tables.join(",")}] will be updated`,
    ]),
    phase("", [{ do: "rebuild_vschema" }], "stop", [
      `Serving VSchema will be rebuilt for the ${facts.targetKeyspace} keyspace`,
    ]),
  ];
}

function shardRouting({ facts }: Plan): readonly Phase[] {
  const named = (shards: readonly ShardFacts[]): string =>
    listed(shards, ({ keyspace, shard }) => `keyspace:${keyspace};shard:${shard}`);
  const from = facts.sources.map(({ shard }) => shard);
  const to = facts.targets.map(({ shard }) => shard);
  return [
    phase(
      "Updating routing",
      [{
        do: "serve",
        keyspace: facts.targetKeyspace,
        change: { type: "primary", from, to, refuse: true },
        cells: [],
      }],
      "stop",
      [
        `Switch routing from keyspace ${facts.sourceKeyspace} to keyspace ${facts.targetKeyspace}`,
        `IsPrimaryServing will be set to false for: [${named(facts.sources)}]`,
        `IsPrimaryServing will be set to true for: [${named(facts.targets)}]`,
      ],
    ),
  ];
}

function refreshes(shards: readonly ShardFacts[]): readonly Effect[] {
  return forShards(shards, (at) => ({ do: "refresh", at, type: "primary" }));
}

function forShards(
  shards: readonly ShardFacts[],
  make: (at: Place) => Effect,
): readonly Effect[] {
  return shards.map((shard) => make(placeOf(shard)));
}

function placeOf({ keyspace, shard }: Place): Place {
  return { keyspace, shard };
}

function phase(
  name: string,
  effects: readonly Effect[] | ((results: Results) => readonly Effect[]),
  onFailure: Phase["onFailure"],
  plan: readonly string[] = [],
): Phase {
  return {
    name,
    plan,
    effects: typeof effects === "function" ? effects : () => effects,
    onFailure,
  };
}

function listed<T>(items: readonly T[], print: (item: T) => string): string {
  return items.map(print).join(",");
}

function seconds(ms: number): string {
  return `${ms / 1000}s`;
}
