/** Workflows that have ended: GLOBAL/workflows/KEYSPACE/WORKFLOW/Ended, until one of that name begins. */
import type { EndedRecord } from "../shared/model/records.ts";
import { ENDED } from "../shared/model/workflow_json.ts";
import { endedPath } from "./paths.ts";
import { deleteIfThere, readOptional } from "./records.ts";
import type { Call } from "./store.ts";
import type { Topology } from "./topology.ts";

export interface WorkflowPath {
  readonly keyspace: string;
  readonly workflow: string;
}

/** Creates or replaces. */
export async function saveEnded(
  topo: Topology,
  { keyspace, workflow }: WorkflowPath,
  record: EndedRecord,
  call: Call,
): Promise<void> {
  await topo.global.put(endedPath(keyspace, workflow), ENDED.encode(record), undefined, call);
}

/** No error when there is none. */
export async function deleteEnded(
  topo: Topology,
  { keyspace, workflow }: WorkflowPath,
  call: Call,
): Promise<void> {
  await deleteIfThere(topo.global, endedPath(keyspace, workflow), call);
}

export async function getEnded(
  topo: Topology,
  { keyspace, workflow }: WorkflowPath,
  call: Call,
): Promise<EndedRecord | undefined> {
  return (await readOptional(topo.global, endedPath(keyspace, workflow), ENDED, call))?.record;
}
