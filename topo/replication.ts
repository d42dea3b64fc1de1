import { SHARD_REPLICATION } from "../shared/model/record_json.ts";
import type { ShardReplication, TabletRecord } from "../shared/model/records.ts";
import { printTabletAlias, type TabletAlias } from "../shared/model/tablet.ts";
import { shardReplicationPath } from "./paths.ts";
import { hasId, readOptional, updateRecord } from "./records.ts";
import type { Call } from "./store.ts";
import type { Topology } from "./topology.ts";

/** What a tablet's place is known by, also when its record is gone. */
type Placed = Pick<TabletRecord, "alias" | "keyspace" | "shard">;

/** The tablets that a shard has in one cell; none when the record is missing. */
export async function getShardReplication(
  topo: Topology,
  cell: string,
  keyspace: string,
  shard: string,
  call: Call,
): Promise<ShardReplication> {
  const store = await topo.cell(cell, call);
  const path = shardReplicationPath(keyspace, shard);
  return (await readOptional(store, path, SHARD_REPLICATION, call))?.record ?? { nodes: [] };
}

/** Adds a tablet to its shard's record in its cell; no change when it is there. */
export async function addReplicationNode(
  topo: Topology,
  tablet: TabletRecord,
  call: Call,
): Promise<void> {
  const store = await topo.cell(tablet.alias.cell, call);
  const path = shardReplicationPath(tablet.keyspace, tablet.shard);
  const change = ({ nodes }: ShardReplication): ShardReplication | undefined =>
    nodes.some((node) => sameAlias(node, tablet.alias))
      ? undefined
      : { nodes: [...nodes, tablet.alias].sort(byAlias) };
  await updateRecord(store, path, SHARD_REPLICATION, change, call, { nodes: [] });
}

/** The record goes with its last tablet. */
export async function removeReplicationNode(
  topo: Topology,
  tablet: Placed,
  call: Call,
): Promise<void> {
  const store = await topo.cell(tablet.alias.cell, call);
  const path = shardReplicationPath(tablet.keyspace, tablet.shard);
  try {
    const { nodes } = await updateRecord(store, path, SHARD_REPLICATION, ({ nodes }) => ({
      nodes: nodes.filter((node) => !sameAlias(node, tablet.alias)),
    }), call);
    // A tablet that registers in between writes the record again, with the version checked.
    if (nodes.length === 0) await deleteIfEmpty(topo, tablet, call);
  } catch (error) {
    if (!hasId(error, "VT21001")) throw error;
  }
}

async function deleteIfEmpty(topo: Topology, tablet: Placed, call: Call): Promise<void> {
  const store = await topo.cell(tablet.alias.cell, call);
  const path = shardReplicationPath(tablet.keyspace, tablet.shard);
  const found = await readOptional(store, path, SHARD_REPLICATION, call);
  if (found === undefined || found.record.nodes.length > 0) return;
  try {
    await store.delete(path, found.version, call);
  } catch (error) {
    // A tablet came in between: the record is in use again.
    if (!hasId(error, "VT21003") && !hasId(error, "VT21001")) throw error;
  }
}

function sameAlias(a: TabletAlias, b: TabletAlias): boolean {
  return a.cell === b.cell && a.uid === b.uid;
}

function byAlias(a: TabletAlias, b: TabletAlias): number {
  return printTabletAlias(a) < printTabletAlias(b) ? -1 : 1;
}
