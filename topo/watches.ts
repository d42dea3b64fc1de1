/**
 * Watches of typed records. They stay up for ever: outages are the store's to bridge, a cell that
 * can't be opened yet is tried again, a record that can't be read is logged and passed over, so
 * that the last good one stays in force. They end with the signal.
 */
import { VtError } from "../shared/error/errors.ts";
import type { Codec } from "../shared/model/json_reader.ts";
import {
  SHARD,
  SRV_KEYSPACE,
  SRV_VSCHEMA as SRV_VSCHEMA_CODEC,
} from "../shared/model/record_json.ts";
import type {
  ShardRecord,
  SrvKeyspace,
  SrvVSchema,
  TabletRecord,
} from "../shared/model/records.ts";
import { TABLET } from "../shared/model/tablet_json.ts";
import { nameIn, shardPath, SRV_VSCHEMA, srvKeyspacePath, TABLETS } from "./paths.ts";
import type { Call, Entry, Store, WatchEvent } from "./store.ts";
import type { Topology } from "./topology.ts";

/** The pause before a cell that couldn't be opened is tried again. */
const OPEN_RETRY_MS = 1000;

/** The value now (undefined: there is none), then after each change. */
export function watchSrvVSchema(
  topo: Topology,
  cell: string,
  call: Call,
): AsyncIterable<SrvVSchema | undefined> {
  const open = () => topo.cell(cell, call);
  return watchRecord(topo, open, SRV_VSCHEMA, SRV_VSCHEMA_CODEC, call);
}

export function watchSrvKeyspace(
  topo: Topology,
  cell: string,
  keyspace: string,
  call: Call,
): AsyncIterable<SrvKeyspace | undefined> {
  const open = () => topo.cell(cell, call);
  return watchRecord(topo, open, srvKeyspacePath(keyspace), SRV_KEYSPACE, call);
}

export function watchShard(
  topo: Topology,
  keyspace: string,
  shard: string,
  call: Call,
): AsyncIterable<ShardRecord | undefined> {
  const open = () => Promise.resolve(topo.global);
  return watchRecord(topo, open, shardPath(keyspace, shard), SHARD, call);
}

/** All tablets of a cell by alias ("zone1-0000000100"), now and after each change. */
export async function* watchTablets(
  topo: Topology,
  cell: string,
  call: Call,
): AsyncIterable<ReadonlyMap<string, TabletRecord>> {
  const tablets = new Map<string, TabletRecord>();
  const set = (entry: Entry) => {
    const alias = nameIn(TABLETS, entry.path, "Tablet");
    const tablet = alias === undefined ? undefined : decode(topo, entry, TABLET);
    if (alias !== undefined && tablet !== undefined) tablets.set(alias, tablet);
  };
  for await (const event of watchStore(topo, () => topo.cell(cell, call), TABLETS, call)) {
    if (event.on === "put") set(event.entry);
    else if (event.on === "delete") tablets.delete(nameIn(TABLETS, event.path, "Tablet") ?? "");
    else replaceAll(tablets, event.entries, set);
    yield new Map(tablets);
  }
}

/** A snapshot takes out what it doesn't list; what can't be read stays as it was. */
function replaceAll(
  tablets: Map<string, TabletRecord>,
  entries: readonly Entry[],
  set: (entry: Entry) => void,
): void {
  const listed = new Set(entries.map((entry) => nameIn(TABLETS, entry.path, "Tablet")));
  for (const alias of tablets.keys()) if (!listed.has(alias)) tablets.delete(alias);
  entries.forEach(set);
}

async function* watchRecord<T>(
  topo: Topology,
  open: () => Promise<Store>,
  path: string,
  codec: Codec<T>,
  call: Call,
): AsyncIterable<T | undefined> {
  for await (const event of watchStore(topo, open, path, call)) {
    const entry = event.on === "put"
      ? event.entry
      : event.on === "snapshot"
      ? event.entries.find((found) => found.path === path)
      : undefined;
    // The prefix of a watch may match longer keys too.
    const changed = event.on === "put"
      ? event.entry.path
      : event.on === "delete"
      ? event.path
      : path;
    if (changed !== path) continue;
    const record = entry === undefined ? undefined : decode(topo, entry, codec);
    if (entry === undefined || record !== undefined) yield record;
  }
}

async function* watchStore(
  topo: Topology,
  open: () => Promise<Store>,
  prefix: string,
  call: Call,
): AsyncIterable<WatchEvent> {
  const store = await openForWatch(topo, open, prefix, call);
  if (store !== undefined) yield* store.watch(prefix, call);
}

/** Undefined when the signal came first. */
async function openForWatch(
  topo: Topology,
  open: () => Promise<Store>,
  prefix: string,
  { signal }: Call,
): Promise<Store | undefined> {
  let said = false;
  while (!signal.aborted) {
    try {
      return await open();
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof VtError)) throw error;
      if (!said) topo.log.warn("watch waits for its cell", { prefix, error: error.message });
      said = true;
      await topo.clock.sleep(OPEN_RETRY_MS, { signal }).catch(() => {
        // The watch ends; the loop's condition sees it.
      });
    }
  }
  return undefined;
}

function decode<T>(topo: Topology, entry: Entry, codec: Codec<T>): T | undefined {
  try {
    return codec.decode(entry.path, entry.value);
  } catch (error) {
    if (!(error instanceof VtError)) throw error;
    topo.log.error("unreadable record is passed over", { path: entry.path, error: error.message });
    return undefined;
  }
}
