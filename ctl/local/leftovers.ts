/**
 * What a run that was killed left behind. Gates, vtctld and tablets hold nothing and are ended at
 * once; etcd is asked to stop. mysqlds are left running: their tablets adopt them.
 */
import { vtError } from "../../shared/error/errors.ts";
import { readRunningMysqld } from "./mysqld_pid.ts";
import { endProcess, isAlive, readPidRecord, writePidRecord } from "./pid_record.ts";

const SUPERVISOR = "supervisor";
const ETCD_GRACE_MS = 5000;

/** Makes this process the one that runs the cluster of a folder. VT22002 when another one does. */
export async function takeOver(dataDir: string, progress: (line: string) => void): Promise<void> {
  await Deno.mkdir(`${dataDir}/run`, { recursive: true });
  await Deno.mkdir(`${dataDir}/logs`, { recursive: true });
  // mysqlds' sockets are in here, and whoever reaches those is in.
  await Deno.mkdir(`${dataDir}/tablets`, { recursive: true, mode: 0o700 });
  const file = `${dataDir}/run/${SUPERVISOR}.pid`;
  const other = await readPidRecord(file);
  if (other !== undefined && await isAlive(other)) {
    throw vtError(
      "VT22002",
      `a cluster already runs on ${dataDir} (pid ${other.pid}): stop it with Ctrl-C or kill ` +
        `${other.pid}, or choose another folder with --data-dir and other ports with --port-offset`,
    );
  }
  await writePidRecord(file, SUPERVISOR, Deno.pid);
  const ended = await endLeftovers(dataDir, { mysqlds: false });
  if (ended > 0) progress(`ended ${ended} processes that an earlier run left behind`);
}

/**
 * Ends what is on record, and tells how many that were. With `mysqlds`, those too, and nobody is
 * given time: InnoDB and etcd recover from that as from a power cut.
 */
export async function endLeftovers(
  dataDir: string,
  { mysqlds }: { readonly mysqlds: boolean },
): Promise<number> {
  const folder = `${dataDir}/run`;
  const etcdGraceMs = mysqlds ? 0 : ETCD_GRACE_MS;
  let ended = 0;
  const records: Promise<void>[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name === `${SUPERVISOR}.pid` || !entry.name.endsWith(".pid")) continue;
    records.push((async () => {
      const path = `${folder}/${entry.name}`;
      const record = await readPidRecord(path);
      if (record !== undefined && await isAlive(record)) {
        await endProcess(record, record.name === "etcd" ? etcdGraceMs : 0);
        ended++;
      }
      await Deno.remove(path);
    })());
  }
  await Promise.all(records);
  if (mysqlds) {
    for await (const entry of Deno.readDir(`${dataDir}/tablets`)) {
      const mysqld = await readRunningMysqld(`${dataDir}/tablets/${entry.name}`);
      if (mysqld !== undefined) await endProcess(mysqld, 0);
    }
  }
  return ended;
}

/** Takes the supervisor's own record away at the end. */
export async function release(dataDir: string): Promise<void> {
  await Deno.remove(`${dataDir}/run/${SUPERVISOR}.pid`).catch(() => {}); // Somebody cleaned up.
}
