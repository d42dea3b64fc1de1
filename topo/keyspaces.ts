import { vtError } from "../shared/error/errors.ts";
import { KEYSPACE } from "../shared/model/record_json.ts";
import type { KeyspaceRecord } from "../shared/model/records.ts";
import { keyspacePath, KEYSPACES, srvKeyspacePath, vschemaPath } from "./paths.ts";
import { deleteIfThere, ensureRecord, listNames, listRecords, updateRecord } from "./records.ts";
import { listShards } from "./shards.ts";
import { listCells } from "./cells.ts";
import type { Call } from "./store.ts";
import { readRecord, type Topology } from "./topology.ts";

/** What CreateKeyspace makes when nothing else is said. */
export const DEFAULT_KEYSPACE: KeyspaceRecord = {
  keyspaceType: "normal",
  durabilityPolicy: "none",
  sidecarDbName: "_vt",
};

export function listKeyspaces(topo: Topology, call: Call): Promise<readonly string[]> {
  return listNames(topo.global, KEYSPACES, "Keyspace", call);
}

export function getKeyspaces(
  topo: Topology,
  call: Call,
): Promise<ReadonlyMap<string, KeyspaceRecord>> {
  return listRecords(topo.global, KEYSPACES, "Keyspace", KEYSPACE, call);
}

export async function getKeyspace(
  topo: Topology,
  keyspace: string,
  call: Call,
): Promise<KeyspaceRecord> {
  return (await readRecord(topo.global, keyspacePath(keyspace), KEYSPACE, call)).record;
}

/** VT21002 when it exists. */
export async function createKeyspace(
  topo: Topology,
  keyspace: string,
  record: KeyspaceRecord,
  call: Call,
): Promise<void> {
  checkKeyspaceName(keyspace);
  await topo.global.create(keyspacePath(keyspace), KEYSPACE.encode(record), call);
}

/** True when this call created it; an existing keyspace stays as it is. */
export function ensureKeyspace(
  topo: Topology,
  keyspace: string,
  record: KeyspaceRecord,
  call: Call,
): Promise<boolean> {
  checkKeyspaceName(keyspace);
  return ensureRecord(topo.global, keyspacePath(keyspace), KEYSPACE, record, call);
}

export function updateKeyspace(
  topo: Topology,
  keyspace: string,
  change: (record: KeyspaceRecord) => KeyspaceRecord | undefined,
  call: Call,
): Promise<KeyspaceRecord> {
  return updateRecord(topo.global, keyspacePath(keyspace), KEYSPACE, change, call);
}

/** Takes its VSchema and its SrvKeyspace in each cell along. VT21010 while it has shards. */
export async function deleteKeyspace(topo: Topology, keyspace: string, call: Call): Promise<void> {
  if ((await listShards(topo, keyspace, call)).length > 0) {
    throw vtError("VT21010", `keyspaces/${keyspace}/shards`);
  }
  for (const cell of await listCells(topo, call)) {
    await deleteIfThere(await topo.cell(cell, call), srvKeyspacePath(keyspace), call);
  }
  await deleteIfThere(topo.global, vschemaPath(keyspace), call);
  await topo.global.delete(keyspacePath(keyspace), undefined, call);
}

/** vt_NAME must be a name for mysqld, and NAME part of a path and of a target (go/vt/topo). */
function checkKeyspaceName(keyspace: string): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9_-]{0,60}$/.test(keyspace)) return;
  throw vtError(
    "VT22001",
    `bad keyspace name "${keyspace}": want 1 to 61 letters, digits, dashes and underscores`,
  );
}
