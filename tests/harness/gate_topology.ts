/** What a test's gate follows: SrvVSchema and SrvKeyspace of a cell, in a topology in memory. */
import type { JsonObject, RoutingRule, SrvKeyspace } from "../../shared/model/records.ts";
import { SRV_KEYSPACE, SRV_VSCHEMA as SRV_VSCHEMA_CODEC } from "../../shared/model/record_json.ts";
import type { TabletType } from "../../shared/model/tablet.ts";
import { createCell } from "../../topo/cells.ts";
import { openMemoryTopology } from "../../topo/memory/topology.ts";
import { MemoryTree } from "../../topo/memory/tree.ts";
import { SRV_VSCHEMA, srvKeyspacePath } from "../../topo/paths.ts";
import type { Topology } from "../../topo/topology.ts";

export const CELL = "zone1";
const NEVER = { signal: new AbortController().signal };
const SERVED = ["primary", "replica", "rdonly"] as const;

export interface GateTopology extends AsyncDisposable {
  readonly topo: Topology;
  /** All VSchemas and rules, as a rebuild writes them. */
  saveVSchema(
    keyspaces: Readonly<Record<string, JsonObject>>,
    rules?: readonly RoutingRule[],
  ): Promise<void>;
  /** The shards of a keyspace, for all tablet types but those told otherwise. */
  serve(
    keyspace: string,
    shards: readonly string[],
    others?: Partial<Record<TabletType, readonly string[]>>,
  ): Promise<void>;
}

export async function openGateTopology(): Promise<GateTopology> {
  const topo = openMemoryTopology(new MemoryTree());
  const info = { serverAddress: "", root: `/vitess/example/local/${CELL}` };
  await createCell(topo, CELL, info, NEVER);
  const store = await topo.cell(CELL, NEVER);
  return {
    topo,
    async saveVSchema(keyspaces, rules = []) {
      const record = { keyspaces, routingRules: { rules } };
      await store.put(SRV_VSCHEMA, SRV_VSCHEMA_CODEC.encode(record), undefined, NEVER);
    },
    async serve(keyspace, shards, others = {}) {
      const record: SrvKeyspace = {
        partitions: SERVED.map((servedType) => ({
          servedType,
          shardReferences: others[servedType] ?? shards,
          shardTabletControls: [],
        })),
      };
      await store.put(srvKeyspacePath(keyspace), SRV_KEYSPACE.encode(record), undefined, NEVER);
    },
    [Symbol.asyncDispose]: () => topo[Symbol.asyncDispose](),
  };
}
