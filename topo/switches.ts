/** Switches of writes that are under way: GLOBAL/workflows/KEYSPACE/WORKFLOW/Switch. */
import type { SwitchRecord } from "../shared/model/records.ts";
import { SWITCH } from "../shared/model/workflow_json.ts";
import { switchPath, WORKFLOWS } from "./paths.ts";
import { deleteIfThere, readOptional } from "./records.ts";
import type { Call } from "./store.ts";
import type { Topology } from "./topology.ts";

/** Creates or replaces. */
export async function saveSwitch(topo: Topology, record: SwitchRecord, call: Call): Promise<void> {
  const path = switchPath(record.keyspace, record.workflow);
  await topo.global.put(path, SWITCH.encode(record), undefined, call);
}

/** No error when it is gone. */
export async function deleteSwitch(
  topo: Topology,
  keyspace: string,
  workflow: string,
  call: Call,
): Promise<void> {
  await deleteIfThere(topo.global, switchPath(keyspace, workflow), call);
}

export async function getSwitch(
  topo: Topology,
  keyspace: string,
  workflow: string,
  call: Call,
): Promise<SwitchRecord | undefined> {
  return (await readOptional(topo.global, switchPath(keyspace, workflow), SWITCH, call))?.record;
}

export async function listSwitches(topo: Topology, call: Call): Promise<readonly SwitchRecord[]> {
  const entries = await topo.global.list(WORKFLOWS, call);
  return entries.filter(({ path }) => path.endsWith("/Switch"))
    .map(({ path, value }) => SWITCH.decode(path, value));
}
