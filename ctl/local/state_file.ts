/** DATA/cluster.json: read, checked and replaced whole. */
import { vtError } from "../../shared/error/errors.ts";
import { replaceFile } from "../../shared/host/replace_file.ts";
import { type ClusterState, emptyState, type TabletPorts } from "./layout.ts";

const FILE = "cluster.json";

/** The state of a data folder; a new one when there is none. VT22001 when it can't be used. */
export async function readState(dataDir: string, cluster: string): Promise<ClusterState> {
  const path = `${dataDir}/${FILE}`;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return emptyState(cluster);
    throw error;
  }
  const state = decodeState(path, text);
  if (state.name !== cluster) {
    throw vtError(
      "VT22001",
      `${dataDir} holds the data of cluster "${state.name}", not of "${cluster}": ` +
        "choose another folder with --data-dir",
    );
  }
  return state;
}

/** Without it the next start would load schemas and data again, so it outlives a power cut. */
export async function writeState(dataDir: string, state: ClusterState): Promise<void> {
  await replaceFile(`${dataDir}/${FILE}`, JSON.stringify(state, null, 2) + "\n");
}

function decodeState(path: string, text: string): ClusterState {
  const refuse = (): never => {
    throw vtError("VT22001", `${path} is damaged: move ${path} away, or choose another --data-dir`);
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse();
  }
  const { version, name, etcd, tablets, keyspacesReady, dataLoaded } = record(value) ?? refuse();
  const ports = Object.entries(record(tablets) ?? refuse()).map(([alias, entry]) =>
    [alias, decodePorts(entry) ?? refuse()] as const
  );
  if (
    version !== 1 || typeof name !== "string" || typeof dataLoaded !== "boolean" ||
    !Array.isArray(keyspacesReady)
  ) return refuse();
  const etcdPorts = record(etcd);
  const client = etcdPorts?.["client"];
  const peer = etcdPorts?.["peer"];
  return {
    version,
    name,
    etcd: typeof client === "number" && typeof peer === "number" ? { client, peer } : undefined,
    tablets: Object.fromEntries(ports),
    keyspacesReady: keyspacesReady.map(String),
    dataLoaded,
  };
}

function decodePorts(value: unknown): TabletPorts | undefined {
  const { rpc, http, mysql } = record(value) ?? {};
  if (typeof rpc !== "number" || typeof http !== "number" || typeof mysql !== "number") {
    return undefined;
  }
  return { rpc, http, mysql };
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : undefined;
}
