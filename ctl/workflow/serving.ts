/**
 * SrvKeyspace while shards change: which of them serve a type of tablets, and which must refuse it
 * (go/vt/topo/srv_keyspace.go MigrateServedType, UpdateDisableQueryService).
 */
import {
  compare,
  FULL_RANGE,
  type KeyRange,
  parseShardName,
  partitions,
} from "../../shared/key/range.ts";
import type { SrvKeyspace } from "../../shared/model/records.ts";
import type { ServedType } from "./facts.ts";

type Partition = SrvKeyspace["partitions"][number];

/** The key range that a shard's name fixes; a word is an unsharded keyspace's. */
export function rangeOf(shard: string): KeyRange {
  return shard.includes("-") ? parseShardName(shard) : FULL_RANGE;
}

export interface ServingChange {
  readonly type: ServedType;
  /** These are no longer asked. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** They refuse the type besides, from whoever hasn't heard of it. */
  readonly refuse: boolean;
}

/** Moves a type of reads or writes from one set of shards to the other, in one record. */
export function migrateServedType(srv: SrvKeyspace, change: ServingChange): SrvKeyspace {
  const { from, to } = change;
  return onPartition(srv, change.type, (partition) => ({
    ...partition,
    shardReferences: sorted([
      ...partition.shardReferences.filter((name) => !from.includes(name) && !to.includes(name)),
      ...to,
    ]),
    shardTabletControls: controls(partition, { disable: change.refuse ? from : [], enable: to }),
  }));
}

/** Only switches queries off or on, while routing stays. */
export function setQueriesDisabled(
  srv: SrvKeyspace,
  type: ServedType,
  shards: readonly string[],
  disabled: boolean,
): SrvKeyspace {
  const change = disabled ? { disable: shards, enable: [] } : { disable: [], enable: shards };
  return onPartition(srv, type, (partition) => ({
    ...partition,
    shardTabletControls: controls(partition, change),
  }));
}

/** Forgets shards that are going away. */
export function withoutShards(srv: SrvKeyspace, shards: readonly string[]): SrvKeyspace {
  return {
    partitions: srv.partitions.map((partition) => ({
      ...partition,
      shardTabletControls: partition.shardTabletControls.filter(({ name }) =>
        !shards.includes(name)
      ),
    })),
  };
}

/** Why writes can't be switched away from a primary in a cell without SrvKeyspace; the way out. */
export function whyNotTold(
  { keyspace, shard }: { readonly keyspace: string; readonly shard: string },
  cell: string,
): string {
  return `the primary of ${keyspace}/${shard} is in cell ${cell}, which has no SrvKeyspace of ${keyspace}, by which it would be told to take no more writes; RebuildKeyspaceGraph --cells ${cell} ${keyspace} makes it`;
}

function controls(
  { shardTabletControls }: Partition,
  change: { readonly disable: readonly string[]; readonly enable: readonly string[] },
): Partition["shardTabletControls"] {
  const { disable, enable } = change;
  return [
    ...shardTabletControls.filter(({ name }) => !disable.includes(name) && !enable.includes(name)),
    ...disable.map((name) => ({ name, queryServiceDisabled: true })),
  ];
}

function onPartition(
  srv: SrvKeyspace,
  type: ServedType,
  change: (partition: Partition) => Partition,
): SrvKeyspace {
  const known = srv.partitions.some(({ servedType }) => servedType === type);
  const all: readonly Partition[] = known
    ? srv.partitions
    : [...srv.partitions, { servedType: type, shardReferences: [], shardTabletControls: [] }];
  return {
    partitions: all.map((partition) =>
      partition.servedType === type ? change(partition) : partition
    ),
  };
}

function sorted(shards: readonly string[]): readonly string[] {
  return shards.toSorted((a, b) => compare(rangeOf(a).start, rangeOf(b).start));
}

/** True when every type's shards cover the key space exactly once. */
export function isComplete(srv: SrvKeyspace): boolean {
  return srv.partitions.every(({ shardReferences }) => partitions(shardReferences.map(rangeOf)));
}

/** Whether the shards, or at least one of them, serve the type in this cell. */
export function serves(srv: SrvKeyspace, type: ServedType, shards: readonly string[]): boolean {
  const partition = srv.partitions.find(({ servedType }) => servedType === type);
  return shards.some((shard) => partition?.shardReferences.includes(shard) === true);
}
