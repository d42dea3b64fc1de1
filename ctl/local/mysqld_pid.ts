/** The mysqld of a tablet's folder, by the pid file that mysqld writes there. */
import { startTicks } from "../../shared/host/process_identity.ts";
import type { PidRecord } from "./pid_record.ts";

/** The running mysqld; undefined when there is none. */
export async function readRunningMysqld(tabletDir: string): Promise<PidRecord | undefined> {
  const text = await Deno.readTextFile(`${tabletDir}/mysqld.pid`).catch(() => ""); // None.
  const pid = Number(text.trim());
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const ticks = await startTicks(pid);
  if (ticks === undefined) return undefined;
  // The pid may be somebody else's by now: its command line names the folder if it is ours.
  const command = await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => ""); // Ended.
  return command.includes(tabletDir) ? { pid, startTicks: ticks, name: "mysqld" } : undefined;
}
