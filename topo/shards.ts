import { vtError, vtErrorFrom } from "../shared/error/errors.ts";
import {
  FULL_RANGE,
  type KeyRange,
  overlaps,
  parseShardName,
  printKeyRange,
} from "../shared/key/range.ts";
import { SHARD } from "../shared/model/record_json.ts";
import type { ShardRecord } from "../shared/model/records.ts";
import type { TabletAlias } from "../shared/model/tablet.ts";
import { listCells } from "./cells.ts";
import { lockKeyspace } from "./locks.ts";
import {
  keyspacePath,
  shardFolder,
  shardPath,
  shardReplicationPath,
  shardsFolder,
} from "./paths.ts";
import { deleteIfThere, hasId, listNames, listRecords, updateRecord } from "./records.ts";
import type { Call } from "./store.ts";
import { listTabletsOfShard } from "./tablets.ts";
import { readRecord, type Topology } from "./topology.ts";

/** Names in byte order, so "-80" comes before "80-". */
export function listShards(
  topo: Topology,
  keyspace: string,
  call: Call,
): Promise<readonly string[]> {
  return listNames(topo.global, shardsFolder(keyspace), "Shard", call);
}

export function getShards(
  topo: Topology,
  keyspace: string,
  call: Call,
): Promise<ReadonlyMap<string, ShardRecord>> {
  return listRecords(topo.global, shardsFolder(keyspace), "Shard", SHARD, call);
}

export async function getShard(
  topo: Topology,
  keyspace: string,
  shard: string,
  call: Call,
): Promise<ShardRecord> {
  return (await readRecord(topo.global, shardPath(keyspace, shard), SHARD, call)).record;
}

/**
 * Creates a shard under the keyspace's lock. It serves from the start unless a serving shard
 * overlaps it: then it is the target of a reshard (go/vt/topo/shard.go CreateShard). VT21001 when
 * there is no such keyspace, VT21002 when the shard exists.
 */
export async function createShard(
  topo: Topology,
  keyspace: string,
  shard: string,
  call: Call,
): Promise<void> {
  const name = checkShardName(shard);
  await topo.global.get(keyspacePath(keyspace), call);
  await using lock = await lockKeyspace(topo, keyspace, `CreateShard ${name}`, call);
  const record: ShardRecord = {
    sourceShards: [],
    tabletControls: [],
    isPrimaryServing: !overlapsServing(name, await getShards(topo, keyspace, call)),
  };
  lock.check();
  await topo.global.create(shardPath(keyspace, name), SHARD.encode(record), call);
}

/** True when this call created it. */
export async function ensureShard(
  topo: Topology,
  keyspace: string,
  shard: string,
  call: Call,
): Promise<boolean> {
  try {
    await getShard(topo, keyspace, shard, call);
    return false;
  } catch (error) {
    if (!hasId(error, "VT21001")) throw error;
  }
  try {
    await createShard(topo, keyspace, shard, call);
    return true;
  } catch (error) {
    if (hasId(error, "VT21002")) return false;
    throw error;
  }
}

/** Changes a shard's record by version; see updateRecord. Gives the record as it is then. */
export function updateShard(
  topo: Topology,
  keyspace: string,
  shard: string,
  change: (record: ShardRecord) => ShardRecord | undefined,
  call: Call,
): Promise<ShardRecord> {
  return updateRecord(topo.global, shardPath(keyspace, shard), SHARD, change, call);
}

/**
 * Makes `alias` the shard's primary unless a later term is recorded: two tablets may both believe
 * in theirs, and the record follows the younger one. Gives the record as it is then.
 */
export function setShardPrimary(
  topo: Topology,
  keyspace: string,
  shard: string,
  primary: { readonly alias: TabletAlias; readonly termStartTime: string },
  call: Call,
): Promise<ShardRecord> {
  const { alias, termStartTime } = primary;
  const change = (record: ShardRecord): ShardRecord | undefined => {
    const recorded = Date.parse(record.primaryTermStartTime ?? "1970-01-01T00:00:00Z");
    if (record.primaryAlias !== undefined && Date.parse(termStartTime) <= recorded) {
      return undefined;
    }
    return { ...record, primaryAlias: alias, primaryTermStartTime: termStartTime };
  };
  return updateShard(topo, keyspace, shard, change, call);
}

/** A shard whose record names `alias` as its primary has none afterwards. */
export function clearShardPrimary(
  topo: Topology,
  keyspace: string,
  shard: string,
  alias: TabletAlias,
  call: Call,
): Promise<ShardRecord> {
  return updateShard(topo, keyspace, shard, (record) => {
    const { primaryAlias, ...rest } = record;
    return primaryAlias?.cell === alias.cell && primaryAlias.uid === alias.uid ? rest : undefined;
  }, call);
}

/** VT21010 while tablets are registered in it. Takes its ShardReplication in each cell along. */
export async function deleteShard(
  topo: Topology,
  keyspace: string,
  shard: string,
  call: Call,
): Promise<void> {
  if ((await listTabletsOfShard(topo, keyspace, shard, call)).length > 0) {
    throw vtError("VT21010", shardFolder(keyspace, shard));
  }
  for (const cell of await listCells(topo, call)) {
    await deleteIfThere(await topo.cell(cell, call), shardReplicationPath(keyspace, shard), call);
  }
  await topo.global.delete(shardPath(keyspace, shard), undefined, call);
}

function overlapsServing(shard: string, others: ReadonlyMap<string, ShardRecord>): boolean {
  const range = shardRange(shard);
  return [...others].some(([name, record]) =>
    record.isPrimaryServing && name !== shard && overlaps(range, shardRange(name))
  );
}

/** The key range that a shard's name fixes; a name without a dash is an unsharded keyspace's. */
export function shardRange(shard: string): KeyRange {
  return shard.includes("-") ? parseShardName(shard) : FULL_RANGE;
}

/** The name as it is written in paths: key ranges in lower case. VT22001 when it is none. */
export function checkShardName(shard: string): string {
  if (!shard.includes("-")) {
    if (/^[A-Za-z0-9_]{1,63}$/.test(shard)) return shard;
    throw vtError("VT22001", `bad shard name "${shard}": want a key range such as -80, or a word`);
  }
  try {
    return printKeyRange(parseShardName(shard));
  } catch (error) {
    throw vtErrorFrom(error, "VT22001", error instanceof Error ? error.message : String(error));
  }
}
