import { VSCHEMA } from "../shared/model/record_json.ts";
import type { JsonObject } from "../shared/model/records.ts";
import { keyspacePath, KEYSPACES, vschemaPath } from "./paths.ts";
import { listRecords, readOptional } from "./records.ts";
import type { Call } from "./store.ts";
import type { Topology } from "./topology.ts";

/** The VSchema as it was applied; an empty one for a keyspace without. */
export async function getVSchema(
  topo: Topology,
  keyspace: string,
  call: Call,
): Promise<JsonObject> {
  await topo.global.get(keyspacePath(keyspace), call);
  const found = await readOptional(topo.global, vschemaPath(keyspace), VSCHEMA, call);
  return found?.record ?? {};
}

/** Those of all keyspaces that have one. */
export function listVSchemas(
  topo: Topology,
  call: Call,
): Promise<ReadonlyMap<string, JsonObject>> {
  return listRecords(topo.global, KEYSPACES, "VSchema", VSCHEMA, call);
}

/**
 * Creates or replaces. The caller has checked the content (shared/vschema) and calls
 * rebuildVSchemaGraph() afterwards. VT21001 when there is no such keyspace.
 */
export async function saveVSchema(
  topo: Topology,
  keyspace: string,
  vschema: JsonObject,
  call: Call,
): Promise<void> {
  await topo.global.get(keyspacePath(keyspace), call);
  await topo.global.put(vschemaPath(keyspace), VSCHEMA.encode(vschema), undefined, call);
}
