import type { KeyspaceRecord, TabletRecord } from "../shared/model/records.ts";
import { TABLET } from "../shared/model/tablet_json.ts";
import { ensureKeyspace } from "./keyspaces.ts";
import { tabletPath } from "./paths.ts";
import { readOptional } from "./records.ts";
import { addReplicationNode, removeReplicationNode } from "./replication.ts";
import { ensureShard } from "./shards.ts";
import type { Call } from "./store.ts";
import type { Topology } from "./topology.ts";

/**
 * What a vttablet does when it starts: creates its keyspace and shard where they are missing,
 * writes its own record, whatever was there, and adds itself to the shard's ShardReplication.
 */
export async function registerTablet(
  topo: Topology,
  tablet: TabletRecord,
  defaults: KeyspaceRecord,
  call: Call,
): Promise<void> {
  const { alias, keyspace, shard } = tablet;
  await ensureKeyspace(topo, keyspace, defaults, call);
  await ensureShard(topo, keyspace, shard, call);
  const store = await topo.cell(alias.cell, call);
  const before = await readOptional(store, tabletPath(alias), TABLET, call);
  await store.put(tabletPath(alias), TABLET.encode(tablet), undefined, call);
  const moved = before !== undefined &&
    (before.record.keyspace !== keyspace || before.record.shard !== shard);
  if (moved) await removeReplicationNode(topo, before.record, call);
  await addReplicationNode(topo, tablet, call);
}
