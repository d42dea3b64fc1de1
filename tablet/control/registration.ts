/** The tablet's way into the topology, and its last word there. */
import { sleep } from "../../shared/host/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { VtError, vtError } from "../../shared/error/errors.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import { DEFAULT_KEYSPACE } from "../../topo/keyspaces.ts";
import { registerTablet } from "../../topo/registration.ts";
import { hasId } from "../../topo/records.ts";
import { checkShardName, getShard } from "../../topo/shards.ts";
import type { Call } from "../../topo/store.ts";
import { getTablet } from "../../topo/tablets.ts";
import type { Topology } from "../../topo/topology.ts";
import { isSelf } from "../serve/desired.ts";

const RETRY_MS = 1000;
const ATTEMPT_TIMEOUT_MS = 10_000;

/** Runs `work` until the topology, or `what` else, answers; other errors than its absence end it. */
export async function whenReachable<T>(
  work: (call: Call) => Promise<T>,
  log: Log,
  call: Call,
  what = "the topology",
): Promise<T> {
  let said = "";
  for (;;) {
    try {
      const signal = AbortSignal.any([call.signal, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]);
      return await work({ signal });
    } catch (error) {
      if (call.signal.aborted || !mayPass(error)) throw error;
      const message = error instanceof Error ? error.message : String(error);
      if (message !== said) log.warn(`waiting for ${what}`, { error: message });
      said = message;
      await sleep(RETRY_MS, call);
    }
  }
}

/** A topology that is away, or a cell that somebody is about to add. */
function mayPass(error: unknown): boolean {
  if (error instanceof DOMException) return true;
  if (!(error instanceof VtError)) return false;
  return error.status === "unavailable" || error.status === "deadline_exceeded" ||
    error.status === "aborted" || error.id === "VT21001" || error.id === "VT21006";
}

/**
 * VT22002 when a tablet whose data directory is empty is its shard's primary by the record: its
 * rows are lost or on a disk that isn't mounted, and replicas have what it hasn't.
 */
export async function refuseEmptyPrimary(
  topo: Topology,
  { alias, keyspace, shard }: Pick<TabletRecord, "alias" | "keyspace" | "shard">,
  call: Call,
): Promise<void> {
  try {
    const { primaryAlias } = await getShard(topo, keyspace, checkShardName(shard), call);
    if (!isSelf(primaryAlias, alias)) return;
  } catch (error) {
    if (hasId(error, "VT21001")) return;
    throw error;
  }
  const name = printTabletAlias(alias);
  throw vtError(
    "VT22002",
    `${name} is the primary of ${keyspace}/${shard}, but its data directory is empty: bring the ` +
      `data back (is its disk mounted?), or give it up: DeleteTablets --allow-primary ${name}, then ` +
      `PlannedReparentShard ${keyspace}/${shard} promotes the most advanced replica`,
  );
}

/** Writes the record, creating keyspace and shard where they are missing; gives it as written. */
export async function register(
  topo: Topology,
  record: TabletRecord,
  call: Call,
): Promise<TabletRecord> {
  const shard = checkShardName(record.shard);
  const wanted = { ...record, shard, ...(await formerPlace(topo, { ...record, shard }, call)) };
  await registerTablet(topo, wanted, DEFAULT_KEYSPACE, call);
  return wanted;
}

/**
 * The shard's primary goes on as such, and a tablet that ChangeType took out of service stays out:
 * a restart changes nothing.
 */
async function formerPlace(
  topo: Topology,
  record: TabletRecord,
  call: Call,
): Promise<Partial<TabletRecord>> {
  try {
    const shard = await getShard(topo, record.keyspace, record.shard, call);
    if (isSelf(shard.primaryAlias, record.alias)) {
      const { primaryTermStartTime } = shard;
      return { type: "primary", ...(primaryTermStartTime && { primaryTermStartTime }) };
    }
    const before = await getTablet(topo, record.alias, call);
    const stays = before.type !== "primary" && before.keyspace === record.keyspace &&
      before.shard === record.shard;
    return stays ? { type: before.type } : {};
  } catch (error) {
    if (hasId(error, "VT21001")) return {};
    throw error;
  }
}
