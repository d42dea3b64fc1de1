/**
 * Which process is ours, also after a crash of this program: a pid alone may have been given to
 * somebody else, so a record holds the start time as well (/proc/PID/stat field 22, proc(5)).
 */
import { startTicks } from "../../shared/host/process_identity.ts";

export interface PidRecord {
  readonly pid: number;
  /** Clock ticks after boot. */
  readonly startTicks: string;
  readonly name: string;
}

export async function isAlive(record: PidRecord): Promise<boolean> {
  return await startTicks(record.pid) === record.startTicks;
}

export async function writePidRecord(file: string, name: string, pid: number): Promise<void> {
  const ticks = await startTicks(pid);
  if (ticks === undefined) return; // Ended already; its exit is reported elsewhere.
  const record: PidRecord = { pid, startTicks: ticks, name };
  // No fsync: after the machine has been off, no process of a record is there any more.
  await Deno.writeTextFile(`${file}.new`, JSON.stringify(record));
  await Deno.rename(`${file}.new`, file);
}

/** The record in a file; undefined when there is none that can be read. */
export async function readPidRecord(file: string): Promise<PidRecord | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(await Deno.readTextFile(file));
  } catch {
    return undefined; // Absent or torn by a crash: nothing to go by.
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { pid, startTicks, name } = value as Record<string, unknown>;
  if (typeof pid !== "number" || typeof startTicks !== "string" || typeof name !== "string") {
    return undefined;
  }
  return { pid, startTicks, name };
}

/** SIGTERM, then SIGKILL after `graceMs`; resolves when the process is gone. */
export async function endProcess(record: PidRecord, graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs;
  if (!await signalIfAlive(record, "SIGTERM")) return;
  while (performance.now() < deadline) {
    if (!await isAlive(record)) return;
    await pause(20);
  }
  while (await signalIfAlive(record, "SIGKILL")) await pause(20);
}

async function signalIfAlive(record: PidRecord, signal: Deno.Signal): Promise<boolean> {
  if (!await isAlive(record)) return false;
  try {
    Deno.kill(record.pid, signal);
  } catch {
    return false; // It ended between the look and the signal.
  }
  return true;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
