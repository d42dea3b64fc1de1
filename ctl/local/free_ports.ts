/** Ports of this machine: which are free, and who holds one that is not. */

/** True when nobody listens on 127.0.0.1:port. */
export function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

/** The first free port from `start` on that is not in `taken`. */
export function firstFree(start: number, taken: ReadonlySet<number>): number {
  for (let port = start; port < 65536; port++) {
    if (!taken.has(port) && isFree(port)) return port;
  }
  throw new RangeError(`no free port from ${start} on`);
}

/** "etcd (pid 123)", as far as /proc lets us see it. */
export async function holderOf(port: number): Promise<string> {
  const inode = await listeningInode(port);
  if (inode === undefined) return "another process";
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    if (await holdsSocket(entry.name, inode)) {
      const command = await Deno.readTextFile(`/proc/${entry.name}/comm`).catch(() => "?"); // Ended.
      return `${command.trim()} (pid ${entry.name})`;
    }
  }
  return "a process of another user";
}

/** Inode of the socket that listens on a port (proc(5), /proc/net/tcp; state 0A is LISTEN). */
async function listeningInode(port: number): Promise<string | undefined> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const text = await Deno.readTextFile(file).catch(() => ""); // No IPv6, no tcp6.
    for (const line of text.split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === "0A" && fields[1]?.endsWith(suffix)) return fields[9];
    }
  }
  return undefined;
}

async function holdsSocket(pid: string, inode: string): Promise<boolean> {
  try {
    for await (const descriptor of Deno.readDir(`/proc/${pid}/fd`)) {
      const target = await Deno.readLink(`/proc/${pid}/fd/${descriptor.name}`).catch(() => "");
      if (target === `socket:[${inode}]`) return true;
    }
  } catch {
    return false; // Ended, or another user's.
  }
  return false;
}
