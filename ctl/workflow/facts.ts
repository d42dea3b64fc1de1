/**
 * What a workflow's decisions look at: read from the topology and the tablets by the shell, all at
 * one time and under the keyspaces' locks.
 */
import type {
  JsonObject,
  RoutingRules,
  SrvKeyspace,
  TabletControl,
} from "../../shared/model/records.ts";
import type { StreamStatus } from "../../shared/rpc/vreplication.ts";

export type WorkflowKind = "move_tables" | "reshard" | "materialize";

/** Reads and writes that can be moved by themselves. */
export type ServedType = "primary" | "replica" | "rdonly";
export type ReadType = Exclude<ServedType, "primary">;
export const READ_TYPES: readonly ReadType[] = ["replica", "rdonly"];

export interface ShardFacts {
  readonly keyspace: string;
  readonly shard: string;
  /** Alias of its primary: "zone1-0000000100". */
  readonly primary: string;
  /** mysqld's database. */
  readonly dbName: string;
  readonly isPrimaryServing: boolean;
  readonly tabletControls: readonly TabletControl[];
}

/** A stream and the shard whose primary runs it. */
export interface PlacedStream {
  readonly shard: string;
  readonly stream: StreamStatus;
}

export interface WorkflowFacts {
  readonly name: string;
  readonly kind: WorkflowKind;
  readonly sourceKeyspace: string;
  readonly targetKeyspace: string;
  /** The shards that rows come from, and those that they go to. */
  readonly sources: readonly ShardFacts[];
  readonly targets: readonly ShardFacts[];
  readonly tables: readonly string[];
  /** Of this workflow, on the targets. */
  readonly streams: readonly PlacedStream[];
  /** Of the reverse workflow, on the sources. */
  readonly reverseStreams: readonly PlacedStream[];
  readonly routingRules: RoutingRules;
  /** SrvKeyspace of the target keyspace, by cell. */
  readonly srvKeyspaces: ReadonlyMap<string, SrvKeyspace>;
  readonly vschemas: ReadonlyMap<string, JsonObject>;
  /** Source shards where the journal of this switch is written. */
  readonly journaled: ReadonlySet<string>;
}

/** "customer/-80". */
export function nameOf(place: { readonly keyspace: string; readonly shard: string }): string {
  return `${place.keyspace}/${place.shard}`;
}

const REVERSE_SUFFIX = "_reverse";

/** The workflow that brings rows back: its own reverse is the first one again. */
export function reverseName(workflow: string): string {
  return workflow.endsWith(REVERSE_SUFFIX)
    ? workflow.slice(0, -REVERSE_SUFFIX.length)
    : workflow + REVERSE_SUFFIX;
}

export function isReverse(workflow: string): boolean {
  return workflow.endsWith(REVERSE_SUFFIX);
}

/** What an error and a dry run call the kind. */
export const KIND_NAMES: Readonly<Record<WorkflowKind, string>> = {
  move_tables: "MoveTables",
  reshard: "Reshard",
  materialize: "Materialize",
};

/** What is typed before an action: "MoveTables --workflow w --target-keyspace customer". */
export function commandOf(
  { kind, name, targetKeyspace }: Pick<WorkflowFacts, "kind" | "name" | "targetKeyspace">,
): string {
  return `${KIND_NAMES[kind]} --workflow ${name} --target-keyspace ${targetKeyspace}`;
}

export const FROZEN = "FROZEN";

/** Writes were switched, and the streams stay as a record of it. */
export function isFrozen(facts: Pick<WorkflowFacts, "streams">): boolean {
  return facts.streams.length > 0 &&
    facts.streams.every(({ stream }) => stream.message === FROZEN);
}
