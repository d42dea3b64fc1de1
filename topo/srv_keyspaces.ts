/**
 * SrvKeyspace: which shards serve a keyspace in a cell, per tablet type. Gates route by it.
 * Built from the Shard records (go/vt/topotools/rebuild_keyspace.go).
 */
import { vtError } from "../shared/error/errors.ts";
import { compare, partitions } from "../shared/key/range.ts";
import { KEYSPACES, srvKeyspacePath } from "./paths.ts";
import { SRV_KEYSPACE as CODEC } from "../shared/model/record_json.ts";
import type { ShardRecord, SrvKeyspace } from "../shared/model/records.ts";
import type { TabletType } from "../shared/model/tablet.ts";
import { listCells } from "./cells.ts";
import { getKeyspace } from "./keyspaces.ts";
import { lockKeyspace } from "./locks.ts";
import { listNames, readOptional, updateRecord } from "./records.ts";
import { getShards, shardRange } from "./shards.ts";
import type { Call } from "./store.ts";
import { readRecord, type Topology } from "./topology.ts";

const SERVED: readonly TabletType[] = ["primary", "replica", "rdonly"];

/** The keyspaces that a cell serves. */
export async function listSrvKeyspaces(
  topo: Topology,
  cell: string,
  call: Call,
): Promise<readonly string[]> {
  return await listNames(await topo.cell(cell, call), KEYSPACES, "SrvKeyspace", call);
}

export async function getSrvKeyspace(
  topo: Topology,
  cell: string,
  keyspace: string,
  call: Call,
): Promise<SrvKeyspace> {
  const store = await topo.cell(cell, call);
  return (await readRecord(store, srvKeyspacePath(keyspace), CODEC, call)).record;
}

export interface RebuildOptions extends Call {
  /** All cells when absent. */
  readonly cells?: readonly string[];
  /** Accept shards that leave part of the key space uncovered. */
  readonly allowPartial?: boolean;
  /** A cell where traffic is being moved keeps its record instead of throwing: it is the workflow's. */
  readonly keepMigrating?: boolean;
}

/**
 * Rewrites SrvKeyspace of a keyspace in each cell, under its lock. VT22002 when the serving shards
 * don't cover the key space exactly once, or while queries are switched off for a migration.
 */
export async function rebuildKeyspaceGraph(
  topo: Topology,
  keyspace: string,
  options: RebuildOptions,
): Promise<void> {
  await getKeyspace(topo, keyspace, options);
  await using lock = await lockKeyspace(topo, keyspace, "RebuildKeyspace", options);
  const cells = options.cells ?? await listCells(topo, options);
  const built = buildSrvKeyspace(keyspace, await getShards(topo, keyspace, options), options);
  for (const cell of cells) {
    const store = await topo.cell(cell, options);
    const path = srvKeyspacePath(keyspace);
    const migrating = migratingType((await readOptional(store, path, CODEC, options))?.record);
    if (migrating !== undefined) {
      if (options.keepMigrating === true) continue;
      throw vtError(
        "VT22002",
        "can't rebuild serving keyspace while a migration is on going. " +
          `TabletControls is set for partition ${migrating.toUpperCase()}; complete or cancel it ` +
          `(Workflow --keyspace ${keyspace} list names it), or where a completion has kept the old ` +
          "shards, remove them with DeleteShards --recursive",
      );
    }
    lock.check();
    await store.put(path, CODEC.encode(built), undefined, options);
  }
}

/**
 * Changes a cell's SrvKeyspace by version, under the keyspace's lock that the caller holds. VT21001
 * when none was built.
 */
export async function updateSrvKeyspace(
  topo: Topology,
  cell: string,
  keyspace: string,
  change: (record: SrvKeyspace) => SrvKeyspace | undefined,
  call: Call,
): Promise<SrvKeyspace> {
  const store = await topo.cell(cell, call);
  return await updateRecord(store, srvKeyspacePath(keyspace), CODEC, change, call);
}

/** The record that a keyspace's shards amount to; VT22002 as above. */
export function buildSrvKeyspace(
  keyspace: string,
  shards: ReadonlyMap<string, ShardRecord>,
  options: { readonly allowPartial?: boolean },
): SrvKeyspace {
  const serving = [...shards].filter(([, record]) => record.isPrimaryServing).map(([name]) => name);
  serving.sort((a, b) => compare(shardRange(a).start, shardRange(b).start));
  if (
    options.allowPartial !== true && serving.length > 0 && !partitions(serving.map(shardRange))
  ) {
    throw vtError(
      "VT22002",
      `keyspace ${keyspace} can't be served: its shards ${
        serving.join(", ")
      } leave a gap or overlap; ` +
        "create the missing shards, or rebuild with --allow-partial",
    );
  }
  return {
    partitions: serving.length === 0 ? [] : SERVED.map((servedType) => ({
      servedType,
      shardReferences: serving,
      shardTabletControls: [],
    })),
  };
}

/** A tablet type whose queries are switched off somewhere: its traffic was moved, or is being. */
function migratingType(record: SrvKeyspace | undefined): TabletType | undefined {
  return record?.partitions.find(({ shardTabletControls }) =>
    shardTabletControls.some((control) => control.queryServiceDisabled)
  )?.servedType;
}
