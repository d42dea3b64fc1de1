import type { TabletRecord } from "../shared/model/records.ts";
import type { TabletAlias } from "../shared/model/tablet.ts";
import { TABLET } from "../shared/model/tablet_json.ts";
import { listCells } from "./cells.ts";
import { tabletPath, TABLETS } from "./paths.ts";
import { listRecords, updateRecord } from "./records.ts";
import { removeReplicationNode } from "./replication.ts";
import type { Call } from "./store.ts";
import { readRecord, type Topology } from "./topology.ts";

export async function getTablet(
  topo: Topology,
  alias: TabletAlias,
  call: Call,
): Promise<TabletRecord> {
  const store = await topo.cell(alias.cell, call);
  return (await readRecord(store, tabletPath(alias), TABLET, call)).record;
}

/** The tablets of one cell, by alias. */
export async function listTablets(
  topo: Topology,
  cell: string,
  call: Call,
): Promise<readonly TabletRecord[]> {
  const store = await topo.cell(cell, call);
  return [...(await listRecords(store, TABLETS, "Tablet", TABLET, call)).values()];
}

/** The tablets of all cells, by cell and alias. */
export async function listAllTablets(
  topo: Topology,
  call: Call,
): Promise<readonly TabletRecord[]> {
  const cells = await listCells(topo, call);
  return (await Promise.all(cells.map((cell) => listTablets(topo, cell, call)))).flat();
}

export async function listTabletsOfShard(
  topo: Topology,
  keyspace: string,
  shard: string,
  call: Call,
): Promise<readonly TabletRecord[]> {
  const tablets = await listAllTablets(topo, call);
  return tablets.filter((tablet) => tablet.keyspace === keyspace && tablet.shard === shard);
}

/** Changes a tablet's record by version; see updateRecord. */
export async function updateTablet(
  topo: Topology,
  alias: TabletAlias,
  change: (tablet: TabletRecord) => TabletRecord | undefined,
  call: Call,
): Promise<TabletRecord> {
  const store = await topo.cell(alias.cell, call);
  return await updateRecord(store, tabletPath(alias), TABLET, change, call);
}

/** Takes it out of ShardReplication too. VT21001 when there is no such tablet. */
export async function deleteTablet(
  topo: Topology,
  alias: TabletAlias,
  call: Call,
): Promise<TabletRecord> {
  const tablet = await getTablet(topo, alias, call);
  await removeReplicationNode(topo, tablet, call);
  await (await topo.cell(alias.cell, call)).delete(tabletPath(alias), undefined, call);
  return tablet;
}
