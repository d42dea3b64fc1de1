/** SrvVSchema: all VSchemas and routing rules in one record per cell, which gates watch. */
import { SRV_VSCHEMA as CODEC } from "../shared/model/record_json.ts";
import type { SrvVSchema } from "../shared/model/records.ts";
import { listCells } from "./cells.ts";
import { listKeyspaces } from "./keyspaces.ts";
import { SRV_VSCHEMA } from "./paths.ts";
import { updateRecord } from "./records.ts";
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
 * Builds and writes SrvVSchema in `cells`, or in all. Two rebuilds at a time can't leave an older
 * state behind: each reads the globals again when another wrote in between.
 */
export async function rebuildVSchemaGraph(
  topo: Topology,
  call: Call,
  cells?: readonly string[],
): Promise<void> {
  for (const cell of cells ?? await listCells(topo, call)) {
    await rebuildCell(topo, cell, call);
  }
}

async function rebuildCell(topo: Topology, cell: string, call: Call): Promise<void> {
  const store = await topo.cell(cell, call);
  for (;;) {
    const built = await buildSrvVSchema(topo, call);
    await updateRecord(store, SRV_VSCHEMA, CODEC, () => built, call, NONE);
    if (same(built, await buildSrvVSchema(topo, call))) return;
  }
}

const NONE: SrvVSchema = { keyspaces: {}, routingRules: { rules: [] } };

function same(a: SrvVSchema, b: SrvVSchema): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
