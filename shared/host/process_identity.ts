/**
 * Which process this is, so that another one on the same machine can tell when it has gone: the
 * machine's boot, the space of process numbers, the number, and the start time that tells it from a
 * later process of the same number (proc(5)).
 */

/** Clock ticks from boot to the start of a live process; undefined when there is none, or only its zombie. */
export async function startTicks(pid: number): Promise<string | undefined> {
  let stat: string;
  try {
    stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  } catch {
    return undefined; // No such process.
  }
  // The command name, in parentheses, may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}

/** "boot/space/pid/ticks"; "" where the system doesn't tell: then nobody can prove anything. */
export async function ownProcess(): Promise<string> {
  const space = await processSpace();
  const ticks = await startTicks(Deno.pid);
  return space === undefined || ticks === undefined ? "" : `${space}/${Deno.pid}/${ticks}`;
}

/** True only when it is certain: a process of another machine may well live. */
export async function isProcessGone(identity: string): Promise<boolean> {
  const at = identity.split("/", 4);
  const [boot, space, pid, ticks] = at;
  if (boot === undefined || !/^\d+$/.test(pid ?? "") || ticks === undefined) return false;
  if (`${boot}/${space}` !== await processSpace()) return false;
  return await startTicks(Number(pid)) !== ticks;
}

/** Two processes with the same one see each other's numbers. */
async function processSpace(): Promise<string | undefined> {
  try {
    const boot = (await Deno.readTextFile("/proc/sys/kernel/random/boot_id")).trim();
    const space = await Deno.readLink("/proc/self/ns/pid");
    return `${boot}/${space}`;
  } catch {
    return undefined; // No Linux, or /proc is not there.
  }
}
