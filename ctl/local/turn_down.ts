/**
 * Takes away what a new spec no longer has: tablets with their data, then nothing of the topology
 * but their records (a shard's record goes with DeleteShard). What still serves is not touched.
 */
import { vtError } from "../../shared/error/errors.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import { sameShard } from "../../shared/key/range.ts";
import { listCells } from "../../topo/cells.ts";
import { getSrvKeyspace } from "../../topo/srv_keyspaces.ts";
import { clearShardPrimary, getShard } from "../../topo/shards.ts";
import { hasId } from "../../topo/records.ts";
import { deleteTablet, listAllTablets } from "../../topo/tablets.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import type { Topology } from "../../topo/topology.ts";
import type { Run } from "./cluster.ts";
import type { ClusterSpec } from "./cluster_spec.ts";
import { type ClusterState, type Place, tabletDir, tabletsOf } from "./layout.ts";
import { readRunningMysqld } from "./mysqld_pid.ts";
import { endProcess } from "./pid_record.ts";

const MYSQLD_GRACE_MS = 20_000;

export interface TurnDown {
  readonly spec: ClusterSpec;
  /** The spec until now; undefined after a start. */
  readonly before: ClusterSpec | undefined;
  readonly state: ClusterState;
  readonly place: Place;
  readonly topo: Topology;
  readonly stop: (name: string) => Promise<void>;
  readonly forget: (name: string) => Promise<void>;
  readonly command: (name: string, ...args: string[]) => Promise<string>;
  readonly run: Run;
}

/** VT22002 when a shard that the file no longer has still serves; nothing is turned down then. */
export async function turnDown(job: TurnDown): Promise<void> {
  const wanted = new Set(tabletsOf(job.spec).map((tablet) => tablet.name));
  const surplus = Object.keys(job.state.tablets).filter((name) => !wanted.has(name));
  if (surplus.length === 0) return;
  const records = await listAllTablets(job.topo, job.run);
  const doomed = records.filter((record) => surplus.includes(printTabletAlias(record.alias)));
  for (const record of doomed) await refuseServing(job, record);
  for (const record of doomed) await moveAway(job, record);
  for (const name of surplus) {
    const record = doomed.find((candidate) => printTabletAlias(candidate.alias) === name);
    await removeTablet(job, name, record);
  }
}

/** A shard that serves can only go together with its whole keyspace, and only when the file says so. */
async function refuseServing(job: TurnDown, record: TabletRecord): Promise<void> {
  const { keyspace, shard } = record;
  const kept = job.spec.keyspaces.find((candidate) => candidate.name === keyspace);
  if (kept?.shards.some((candidate) => sameShard(candidate.name, shard)) === true) return;
  const before = job.before?.keyspaces.find((candidate) => candidate.name === keyspace);
  if (kept === undefined && before?.turndownPolicy === "Immediate") return;
  if (!await isServing(job, keyspace, shard)) return;
  throw vtError(
    "VT22002",
    `shard ${keyspace}/${shard} is not in the file but still serves: move its traffic away first ` +
      "(Reshard and SwitchTraffic), then apply the file again",
  );
}

async function isServing(job: TurnDown, keyspace: string, shard: string): Promise<boolean> {
  // All cells there are, not the file's: it may leave out one that serves.
  for (const cell of await listCells(job.topo, job.run)) {
    try {
      const { partitions } = await getSrvKeyspace(job.topo, cell, keyspace, job.run);
      const names = partitions.flatMap((partition) => partition.shardReferences);
      if (names.some((name) => sameShard(name, shard))) return true;
    } catch (error) {
      if (!hasId(error, "VT21001")) throw error; // No serving graph: nothing serves.
    }
  }
  return false;
}

/** A primary that goes while its shard stays hands over first. */
async function moveAway(job: TurnDown, record: TabletRecord): Promise<void> {
  const heir = tabletsOf(job.spec).find((tablet) =>
    tablet.keyspace.name === record.keyspace && sameShard(tablet.shard.name, record.shard) &&
    tablet.spec.type === "replica"
  );
  if (heir === undefined) return;
  const { primaryAlias } = await getShard(job.topo, record.keyspace, record.shard, job.run);
  const alias = printTabletAlias(record.alias);
  if (primaryAlias === undefined || printTabletAlias(primaryAlias) !== alias) return;
  const shard = `${record.keyspace}/${record.shard}`;
  await job.command("PlannedReparentShard", shard, "--new-primary", heir.name);
}

async function removeTablet(
  job: TurnDown,
  name: string,
  record: TabletRecord | undefined,
): Promise<void> {
  await job.stop(name);
  const dir = tabletDir(job.place, name);
  // A killed run may have left its mysqld without a tablet.
  const mysqld = await readRunningMysqld(dir);
  if (mysqld !== undefined) await endProcess(mysqld, MYSQLD_GRACE_MS);
  if (record === undefined) {
    // Nothing says what it held and whether that serves: perhaps etcd has lost its data.
    await job.forget(name);
    job.run.progress(
      `${name} is stopped; the topology doesn't know it, so its data stays in ${dir}`,
    );
    return;
  }
  // The record goes last: after a crash in between it says again that this is to be done.
  await Deno.remove(dir, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const { keyspace, shard, alias } = record;
  // A tablet of that name that comes back with nothing is no primary.
  try {
    await clearShardPrimary(job.topo, keyspace, shard, alias, job.run);
  } catch (error) {
    if (!hasId(error, "VT21001")) throw error; // The shard's record is gone already.
  }
  await deleteTablet(job.topo, alias, job.run);
  await job.forget(name);
  job.run.progress(`${name} is turned down, with its data`);
}
