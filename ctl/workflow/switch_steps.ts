/** The effects that a switch of writes is made of, by what they are for. */
import type { SrvKeyspace } from "../../shared/model/records.ts";
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
import type { Phase, Results } from "./program.ts";
import { findSequences, type Sequence } from "./sequences.ts";
import { planStreams } from "./streams.ts";
import { readDocument } from "./vschema_change.ts";

export interface WriteSwitch {
  /** How long the streams may take to catch up, before the stop and after it each. */
  readonly timeoutMs: number;
  /** Streams that bring the target's writes back, so that the switch can be reversed. */
  readonly reverse: boolean;
  /** They are made, but not started: the source stays as it was when writes left it. */
  readonly reverseStopped: boolean;
  readonly initSequences: boolean;
  /** How people call what they do: "MoveTables --workflow w --target-keyspace t switchtraffic". */
  readonly command: string;
}

/** Message of streams between the stop of writes and the switch. */
export const STOPPED_FOR_CUTOVER = "stopped for cutover";

export interface Plan {
  readonly facts: WorkflowFacts;
  readonly options: WriteSwitch;
  readonly id: string;
  readonly reverse: string;
  readonly sequences: readonly Sequence[];
  /** A switch is taken back: the workflow that this one is the reverse of is frozen. */
  readonly back: boolean;
  /** Streams that rows still come in by; frozen ones are done. */
  readonly live: readonly PlacedStream[];
}

export function makePlan(facts: WorkflowFacts, options: WriteSwitch): Plan {
  return {
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
}

/** The primaries refuse what was sent before, by this run or another. */
export function fences({ sources, targets }: WorkflowFacts): readonly Effect[] {
  return forShards([...sources, ...targets], (at) => ({ do: "fence", at }));
}

export function noteSwitch({ facts, options }: Plan): Effect {
  const { timeoutMs, reverse, reverseStopped, initSequences, command } = options;
  return {
    do: "note_switch",
    note: {
      keyspace: facts.targetKeyspace,
      workflow: facts.name,
      command,
      timeoutMs,
      reverse,
      reverseStopped,
      initSequences,
    },
  };
}

export function forgetSwitch({ facts }: Plan): Effect {
  return {
    do: "forget_switch",
    note: { keyspace: facts.targetKeyspace, workflow: facts.name },
  };
}

export function stopWrites(facts: WorkflowFacts, stop: boolean): readonly Effect[] {
  const { sources, tables, sourceKeyspace } = facts;
  if (facts.kind !== "reshard") {
    return forShards(sources, (at) => ({ do: "deny", at, tables, denied: stop }));
  }
  const shards = sources.map(({ shard }) => shard);
  return [{ do: "queries", keyspace: sourceKeyspace, type: "primary", shards, disabled: stop }];
}

/** A query service that closed has ended its transactions; tables are drained one by one. */
export function drain(facts: WorkflowFacts, at: Place): Effect {
  return { do: "drain", at, tables: facts.kind === "reshard" ? [] : facts.tables };
}

export function waits(
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

/** Streams that an earlier attempt has stopped. */
export function startStopped(plan: Plan): readonly Effect[] {
  return startStreams(plan, plan.live.filter(({ stream }) => stream.state === "Stopped"));
}

export function startStreams(
  { facts }: Plan,
  streams: readonly PlacedStream[],
): readonly Effect[] {
  return streams.map(({ shard, stream }) => ({
    do: "start_stream",
    at: { keyspace: facts.targetKeyspace, shard },
    id: stream.id,
  }));
}

export function stopStreams({ facts, live }: Plan): readonly Effect[] {
  return live.map(({ shard, stream }) => ({
    do: "stop_stream",
    at: { keyspace: facts.targetKeyspace, shard },
    id: stream.id,
    message: STOPPED_FOR_CUTOVER,
  }));
}

/** Behind the drain the sources have all ids that were ever given. */
export function initSequences({ facts, sequences }: Plan): readonly Effect[] {
  if (sequences.length === 0) return [];
  return [{ do: "init_sequences", sequences, shards: facts.sources.map(placeOf) }];
}

/** Journals where there is none, each with the streams that bring the writes back to its shard. */
export function writeJournals(plan: Plan, results: Results): readonly Effect[] {
  const { facts, id, options } = plan;
  const gtidOf = (place: Place): string =>
    withFlavor(results.get(printEffect({ do: "position", at: placeOf(place) })) ?? "");
  const shardGtids = facts.targets.map((target) => ({
    place: placeOf(target),
    gtid: gtidOf(target),
  }));
  const back = options.reverse ? planReverse(plan, gtidOf) : [];
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
    const streams = back.filter((one) => one.at.shard === at.shard).map(({ stream }) => stream);
    const workflow = options.reverse ? plan.reverse : "";
    return { do: "write_journal", at, id, value, workflow, streams };
  });
}

function planReverse({ facts, reverse }: Plan, gtidOf: (place: Place) => string) {
  const sharded = (keyspace: string) => ({
    keyspace,
    document: readDocument(facts.vschemas.get(keyspace)),
  });
  const [first] = facts.streams;
  return planStreams({
    sources: facts.targets,
    targets: facts.sources,
    tables: facts.tables,
    source: sharded(facts.targetKeyspace),
    target: sharded(facts.sourceKeyspace),
  }, {
    workflow: reverse,
    workflowType: facts.kind,
    cells: first?.stream.cells ?? "",
    tabletTypes: first?.stream.tabletTypes ?? "",
    onDdl: "IGNORE",
    stopAfterCopy: false,
    state: "Stopped",
    deferSecondaryKeys: false,
    options: "{}",
  }, gtidOf);
}

/** Tables that this keyspace gave away before, and takes back. */
export function deniedOn({ targets, tables }: WorkflowFacts): readonly ShardFacts[] {
  return targets.filter(({ tabletControls }) =>
    tabletControls.some(({ deniedTables }) => deniedTables.some((table) => tables.includes(table)))
  );
}

/** Shards that refuse writes since they were switched away from them. */
export function disabledOn({ targets, srvKeyspaces }: WorkflowFacts): readonly ShardFacts[] {
  return targets.filter(({ shard }) =>
    [...srvKeyspaces.values()].some((srv) => isDisabled(srv, shard))
  );
}

function isDisabled({ partitions }: SrvKeyspace, shard: string): boolean {
  return partitions.some(({ servedType, shardTabletControls }) =>
    servedType === "primary" &&
    shardTabletControls.some(({ name, queryServiceDisabled }) =>
      name === shard && queryServiceDisabled
    )
  );
}

export function refreshes(shards: readonly ShardFacts[]): readonly Effect[] {
  return forShards(shards, (at) => ({ do: "refresh", at, type: "primary" }));
}

export function forShards(
  shards: readonly ShardFacts[],
  make: (at: Place) => Effect,
): readonly Effect[] {
  return shards.map((shard) => make(placeOf(shard)));
}

export function placeOf({ keyspace, shard }: Place): Place {
  return { keyspace, shard };
}

export function phase(
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

export function listed<T>(items: readonly T[], print: (item: T) => string): string {
  return items.map(print).join(",");
}
