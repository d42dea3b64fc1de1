/**
 * A background job of the leading vtctld: serving graphs that are missing altogether are built. A
 * keyspace that tablets created by registering, or a new cell, so needs no command. Graphs that
 * are there are left alone: somebody may have skipped a rebuild on purpose.
 */
import { partitions } from "../../shared/key/range.ts";
import { parseShardName } from "../../shared/key/range.ts";
import type { ShardRecord } from "../../shared/model/records.ts";
import { listCells } from "../../topo/cells.ts";
import { listKeyspaces } from "../../topo/keyspaces.ts";
import { hasId } from "../../topo/records.ts";
import { getShards } from "../../topo/shards.ts";
import { listSrvKeyspaces, rebuildKeyspaceGraph } from "../../topo/srv_keyspaces.ts";
import { getSrvVSchema, rebuildVSchemaGraph } from "../../topo/srv_vschemas.ts";
import type { Call } from "../../topo/store.ts";
import type { Topology } from "../../topo/topology.ts";

/** What was built: "SrvVSchema in zone1", "SrvKeyspace customer in zone1". */
export async function buildMissingGraphs(topo: Topology, call: Call): Promise<readonly string[]> {
  const built: string[] = [];
  const keyspaces = await listKeyspaces(topo, call);
  for (const cell of await listCells(topo, call)) {
    const known = new Set(await listSrvKeyspaces(topo, cell, call));
    for (const keyspace of keyspaces) {
      if (known.has(keyspace)) continue;
      if (!isWhole(await getShards(topo, keyspace, call))) continue;
      await rebuildKeyspaceGraph(topo, keyspace, { ...call, cells: [cell] });
      built.push(`SrvKeyspace ${keyspace} in ${cell}`);
    }
    if (await isVSchemaMissing(topo, cell, keyspaces, call)) {
      await rebuildVSchemaGraph(topo, call, [cell]);
      built.push(`SrvVSchema in ${cell}`);
    }
  }
  return built;
}

/** Shards come one by one; a graph with a gap would be refused. */
function isWhole(shards: ReadonlyMap<string, ShardRecord>): boolean {
  const serving = [...shards].filter(([, record]) => record.isPrimaryServing).map(([name]) => name);
  const ranged = serving.filter((name) => name === "0" || name.includes("-"));
  return ranged.length > 0 && partitions(ranged.map(parseShardName));
}

async function isVSchemaMissing(
  topo: Topology,
  cell: string,
  keyspaces: readonly string[],
  call: Call,
): Promise<boolean> {
  try {
    const { keyspaces: known } = await getSrvVSchema(topo, cell, call);
    return keyspaces.some((keyspace) => !Object.hasOwn(known, keyspace));
  } catch (error) {
    if (!hasId(error, "VT21001")) throw error;
    return keyspaces.length > 0;
  }
}
