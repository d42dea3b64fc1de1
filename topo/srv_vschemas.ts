/** SrvVSchema: all VSchemas and routing rules in one record per cell, which gates watch. */
import { settleAll } from "../shared/io/settle_all.ts";
import { SRV_VSCHEMA as CODEC } from "../shared/model/record_json.ts";
import type { SrvVSchema } from "../shared/model/records.ts";
import { listCells } from "./cells.ts";
import { listKeyspaces } from "./keyspaces.ts";
import { SRV_VSCHEMA } from "./paths.ts";
import { hasId, readOptional } from "./records.ts";
import { getRoutingRules } from "./routing_rules.ts";
import type { Call } from "./store.ts";
import { readRecord, type Topology } from "./topology.ts";
import { listVSchemas } from "./vschemas.ts";

/** VT21001 when none was built. */
export async function getSrvVSchema(
  topo: Topology,
  cell: string,
  call: Call,
): Promise<SrvVSchema> {
  return (await readRecord(await topo.cell(cell, call), SRV_VSCHEMA, CODEC, call)).record;
}

/** What the global records amount to. A keyspace without a VSchema is there too, empty. */
export async function buildSrvVSchema(topo: Topology, call: Call): Promise<SrvVSchema> {
  const [keyspaces, vschemas, routingRules] = await Promise.all([
    listKeyspaces(topo, call),
    listVSchemas(topo, call),
    getRoutingRules(topo, call),
  ]);
  const entries = keyspaces.map((keyspace) => [keyspace, vschemas.get(keyspace) ?? {}]);
  return { keyspaces: Object.fromEntries(entries), routingRules };
}

/**
 * Builds and writes SrvVSchema in `cells`, or in all. An older state never replaces a newer one,
 * whoever is slow: what is written was read behind the record that it replaces. A cell that is away
 * keeps no other from its own.
 */
export async function rebuildVSchemaGraph(
  topo: Topology,
  call: Call,
  cells?: readonly string[],
): Promise<void> {
  await settleAll(cells ?? await listCells(topo, call), (cell) => rebuildCell(topo, cell, call));
}

async function rebuildCell(topo: Topology, cell: string, call: Call): Promise<void> {
  const store = await topo.cell(cell, call);
  for (let attempt = 1;; attempt++) {
    const before = await readOptional(store, SRV_VSCHEMA, CODEC, call);
    const bytes = CODEC.encode(await buildSrvVSchema(topo, call));
    try {
      if (before === undefined) await store.create(SRV_VSCHEMA, bytes, call);
      else await store.put(SRV_VSCHEMA, bytes, before.version, call);
      return;
    } catch (error) {
      const collided = hasId(error, "VT21002") || hasId(error, "VT21003");
      if (!collided || attempt === REBUILDS_MAX) throw error;
    }
  }
}

/** Of others at the same time, before a rebuild gives up. */
const REBUILDS_MAX = 20;
