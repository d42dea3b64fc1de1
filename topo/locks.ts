/**
 * Locks on the folders of the topology. They are advisory: whoever changes a shard's or a
 * keyspace's routing takes its lock first and calls `check()` before each write.
 */
import { vtError } from "../shared/error/errors.ts";
import { parseLockContents, printLockHolder } from "./lock_contents.ts";
import type { Call, Lock, LockContents } from "./store.ts";
import { keyspaceFolder, namedLockFolder, ROUTING_RULES, shardFolder } from "./paths.ts";
import type { Topology } from "./topology.ts";

/** How long a lock is waited for, as Vitess's --lock-timeout. */
export const LOCK_TIMEOUT_MS = 45_000;

/** How often who waits for a keyspace looks whether its holder's process still is. */
const LOOK_MS = 500;

/**
 * VT21006 naming the holder when it isn't free in time. A holder whose process has certainly ended
 * is not waited for: what it has sent before is refused by the tablets, which know the tokens of
 * locks (tablet/admin/fence.ts), and by the versions of the records.
 */
export async function lockKeyspace(
  topo: Topology,
  keyspace: string,
  action: string,
  call: Call,
): Promise<Lock> {
  const folder = keyspaceFolder(keyspace);
  const over = new AbortController();
  const evicting = evictGone(topo, folder, AbortSignal.any([call.signal, over.signal]));
  try {
    return await lockFolder(topo, folder, action, call);
  } finally {
    over.abort();
    await evicting;
  }
}

/** VT21006 at once when somebody holds the keyspace whose process may live. */
export async function tryLockKeyspace(
  topo: Topology,
  keyspace: string,
  action: string,
  call: Call,
): Promise<Lock> {
  const folder = keyspaceFolder(keyspace);
  const holder = await keyspaceHolder(topo, keyspace, call);
  if (holder !== undefined) throw vtError("VT21006", folder, holder);
  return await topo.global.tryLock(folder, contents(topo, action), call);
}

/**
 * Who holds the keyspace, for a person; undefined when nobody does whose process may live. It costs
 * etcd less than a try: who comes every second must not slow the holder down.
 */
export async function keyspaceHolder(
  topo: Topology,
  keyspace: string,
  call: Call,
): Promise<string | undefined> {
  const folder = keyspaceFolder(keyspace);
  while (await evictOne(topo, folder, call));
  const [holder] = await topo.global.list(`${folder}/locks/`, call);
  return holder && printLockHolder(parseLockContents(holder.value));
}

/** Until the signal; the wait beside it fails of what this one does. */
async function evictGone(topo: Topology, folder: string, signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await evictOne(topo, folder, { signal });
      await topo.clock.sleep(LOOK_MS, { signal });
    }
  } catch (error) {
    if (!signal.aborted) topo.log.debug("who holds a lock is not known", { error: String(error) });
  }
}

function evictOne(topo: Topology, folder: string, call: Call): Promise<boolean> {
  return topo.global.evict(folder, async ({ action, process }) => {
    const gone = process !== "" && await topo.isProcessGone(process);
    if (gone) topo.log.warn("the holder of a lock has ended", { folder, action });
    return gone;
  }, call);
}

export function lockShard(
  topo: Topology,
  keyspace: string,
  shard: string,
  action: string,
  call: Call,
): Promise<Lock> {
  return lockFolder(topo, shardFolder(keyspace, shard), action, call);
}

export function lockRoutingRules(topo: Topology, action: string, call: Call): Promise<Lock> {
  return lockFolder(topo, namedLockFolder(ROUTING_RULES), action, call);
}

/** A lock for what has no record of its own, such as a workflow. */
export function lockName(topo: Topology, name: string, action: string, call: Call): Promise<Lock> {
  return lockFolder(topo, namedLockFolder(name), action, call);
}

/** VT21006 at once when somebody holds the shard. */
export function tryLockShard(
  topo: Topology,
  keyspace: string,
  shard: string,
  action: string,
  call: Call,
): Promise<Lock> {
  return topo.global.tryLock(shardFolder(keyspace, shard), contents(topo, action), call);
}

async function lockFolder(
  topo: Topology,
  folder: string,
  action: string,
  call: Call,
): Promise<Lock> {
  const timeout = new AbortController();
  const over = new AbortController();
  const timer = topo.clock.sleep(LOCK_TIMEOUT_MS, { signal: over.signal })
    .then(() => timeout.abort(), () => {});
  try {
    const signal = AbortSignal.any([call.signal, timeout.signal]);
    return await topo.global.lock(folder, contents(topo, action), { signal });
  } catch (error) {
    if (!timeout.signal.aborted || call.signal.aborted) throw error;
    // Says who holds it, or takes it when it has just become free.
    return await topo.global.tryLock(folder, contents(topo, action), call);
  } finally {
    over.abort();
    await timer;
  }
}

function contents(topo: Topology, action: string): LockContents {
  return { action, ...topo.holder, time: new Date(topo.clock.now()).toISOString() };
}
