import { ROUTING_RULES as CODEC } from "../shared/model/record_json.ts";
import type { RoutingRules } from "../shared/model/records.ts";
import { ROUTING_RULES } from "./paths.ts";
import { deleteIfThere, readOptional, updateRecord } from "./records.ts";
import type { Call } from "./store.ts";
import type { Topology } from "./topology.ts";

/** No rules when there is no record. */
export async function getRoutingRules(topo: Topology, call: Call): Promise<RoutingRules> {
  return (await readOptional(topo.global, ROUTING_RULES, CODEC, call))?.record ?? { rules: [] };
}

/**
 * Reads, changes and writes the rules, again from the start when somebody else wrote them meanwhile;
 * undefined from `change` leaves them. Call rebuildVSchemaGraph() afterwards.
 */
export async function updateRoutingRules(
  topo: Topology,
  change: (rules: RoutingRules) => RoutingRules | undefined,
  call: Call,
): Promise<void> {
  await updateRecord(topo.global, ROUTING_RULES, CODEC, change, call, { rules: [] });
}

/** Replaces all rules; without any the record goes. Call rebuildVSchemaGraph() afterwards. */
export async function saveRoutingRules(
  topo: Topology,
  rules: RoutingRules,
  call: Call,
): Promise<void> {
  if (rules.rules.length === 0) await deleteIfThere(topo.global, ROUTING_RULES, call);
  else await topo.global.put(ROUTING_RULES, CODEC.encode(rules), undefined, call);
}
