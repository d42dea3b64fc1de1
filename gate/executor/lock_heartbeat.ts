/**
 * GET_LOCK holds a connection of its own, which a tablet gives up when nothing comes over it for
 * long (its reserved idle time). A session that lives keeps its locks: this says so.
 */
import type { Clock } from "../../shared/io/clock.ts";
import type { Options } from "../../shared/rpc/query_service.ts";
import type { SessionRegistry } from "./session_registry.ts";

/** Far below what tablets wait, which is half an hour unless configured. */
export const LOCK_HEARTBEAT_MS = 60_000;

/** Until the signal. */
export async function keepLocks(
  sessions: SessionRegistry,
  clock: Clock,
  everyMs: number,
  { signal }: Options,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await clock.sleep(everyMs, { signal });
    } catch {
      return; // The signal.
    }
    await sessions.keepLocks({ signal });
  }
}
