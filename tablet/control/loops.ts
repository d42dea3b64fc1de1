/** What a tablet does by itself: looks, heartbeats, following its shard's record. */
import { sleep } from "../../shared/host/clock.ts";
import { isSelf } from "../serve/desired.ts";
import { isServing } from "../serve/state.ts";
import { claimAgain, syncRecord } from "./commands.ts";
import { describeErrant } from "./errant.ts";
import type { Tablet } from "./tablet.ts";

interface Loop {
  readonly signal: AbortSignal;
}

const CHECK_MS = 1000;
const HEARTBEAT_MS = 5000;
/** The topology is watched; this catches what no watch tells (durability policy, SrvKeyspace). */
const REFRESH_MS = 30_000;
const ERRANT_CHECK_MS = 5_000;
const TOPOLOGY_TIMEOUT_MS = 10_000;
const ERRANT_TIMEOUT_MS = 5_000;
/** How long a shard must be unlocked before orders that its reparent left are void. */
const ABANDONED_MS = 10_000;

/** Looks at mysqld and the record once a second. Skipped while a command is at work. */
export async function checkLoop(tablet: Tablet, loop: Loop): Promise<void> {
  await every(tablet, "check", CHECK_MS, loop, async () => {
    await tablet.lock.tryRun(async () => {
      await tablet.check(loop);
      const { record } = tablet.options.view.seen;
      if (tablet.state.at === "settled" && tablet.wantedRecord(record) !== undefined) {
        await syncRecord(tablet, { signal: timeout(loop, TOPOLOGY_TIMEOUT_MS) });
      }
    }, loop);
  });
}

/** Gates that hear nothing for a while take the tablet for dead. */
export async function heartbeatLoop(tablet: Tablet, loop: Loop): Promise<void> {
  await every(tablet, "heartbeat", HEARTBEAT_MS, loop, () => {
    tablet.announce();
    return Promise.resolve();
  });
}

/** Follows the shard's record; what was missed while the topology was away comes with the next snapshot. */
export async function followLoop(tablet: Tablet, loop: Loop): Promise<void> {
  const { view, log } = tablet.options;
  await view.watch(async () => {
    try {
      await refreshNow(tablet, loop);
    } catch (error) {
      if (!loop.signal.aborted) log.warn("the topology could not be read", { error: text(error) });
    }
  }, loop);
}

export async function refreshLoop(tablet: Tablet, loop: Loop): Promise<void> {
  await sleep(REFRESH_MS, loop).catch(() => {});
  await every(tablet, "refresh", REFRESH_MS, loop, () => refreshNow(tablet, loop));
}

export async function refreshNow(tablet: Tablet, loop: Loop): Promise<void> {
  await tablet.lock.run("RefreshState", async () => {
    await tablet.refresh({ signal: timeout(loop, TOPOLOGY_TIMEOUT_MS) });
  }, loop);
}

/** Says when a replica has what its primary has not. */
export async function errantLoop(tablet: Tablet, loop: Loop): Promise<void> {
  await every(tablet, "errant check", ERRANT_CHECK_MS, loop, async () => {
    const { server, login } = tablet.options.convergence;
    const { role } = tablet.state.desired;
    const source = role.is === "replica" || role.is === "spare" ? role.source : undefined;
    if (source === undefined) tablet.healthError = undefined;
    if (source === undefined || tablet.state.at !== "settled") return;
    const signal = timeout(loop, ERRANT_TIMEOUT_MS);
    tablet.healthError = await describeErrant(server, source, login, { signal });
  });
}

/**
 * A reparent that died half-way left this tablet demoted, or following one that never became
 * primary. When nobody has held the shard's lock for a while, the shard record rules again; a
 * former primary claims it with a new term, so that a promotion that is still under way fails.
 */
export async function abandonedLoop(tablet: Tablet, loop: Loop): Promise<void> {
  const { view, clock, log } = tablet.options;
  let unlockedSinceMs: number | undefined;
  await every(tablet, "abandoned orders check", CHECK_MS, loop, async () => {
    const signal = timeout(loop, TOPOLOGY_TIMEOUT_MS);
    if (!hasStaleOrders(tablet) || await view.isShardLocked({ signal })) {
      unlockedSinceMs = undefined;
      return;
    }
    unlockedSinceMs ??= clock.monotonicMs();
    if (clock.monotonicMs() - unlockedSinceMs < ABANDONED_MS) return;
    log.warn("a reparent was given up; the shard record rules again");
    await claimAgain(tablet, loop);
    unlockedSinceMs = undefined;
  });
}

function hasStaleOrders(tablet: Tablet): boolean {
  const { demoted, follow } = tablet.command;
  const { primaryAlias } = tablet.options.view.seen.shard;
  return demoted || (follow !== undefined && !isSelf(primaryAlias, follow.alias));
}

/** For the status page: how the tablet serves, in a word. */
export function servingWord(tablet: Tablet): string {
  if (tablet.state.at === "disconnected") return "Not connected to mysql";
  return isServing(tablet.state) ? "Serving" : "Not Serving";
}

async function every(
  tablet: Tablet,
  name: string,
  pauseMs: number,
  loop: Loop,
  work: () => Promise<void>,
): Promise<void> {
  let lastError = "";
  while (!loop.signal.aborted) {
    try {
      await work();
      lastError = "";
    } catch (error) {
      if (loop.signal.aborted) return;
      // Once: an outage would fill the log.
      if (text(error) !== lastError) {
        tablet.options.log.warn(`${name} failed`, { error: text(error) });
      }
      lastError = text(error);
    }
    // The signal ends the pause and the loop.
    await sleep(pauseMs, loop).catch(() => {});
  }
}

function timeout(loop: Loop, ms: number): AbortSignal {
  return AbortSignal.any([loop.signal, AbortSignal.timeout(ms)]);
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
