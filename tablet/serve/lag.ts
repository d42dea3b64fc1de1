/**
 * How far a replica is behind. While replication is down the lag is not unknown at once: the last
 * one grows with the time since (as Vitess's repltracker/poller.go), so that reads go on while a
 * primary is away.
 */

export type LagState =
  | { readonly is: "unknown"; readonly cause: string }
  | {
    readonly is: "known";
    readonly seconds: number;
    /** When that was; monotonic milliseconds. */
    readonly atMs: number;
  };

/** What a look at replication found. */
export interface ReplicationLook {
  readonly running: boolean;
  /** Of the server; undefined while it doesn't run. */
  readonly lagSeconds: number | undefined;
  readonly lastError: string;
}

/** A primary's. */
export const NO_LAG: LagState = { is: "known", seconds: 0, atMs: 0 };

export function nextLag(before: LagState, look: ReplicationLook, nowMs: number): LagState {
  if (look.running && look.lagSeconds !== undefined) {
    return { is: "known", seconds: look.lagSeconds, atMs: nowMs };
  }
  if (before.is === "unknown") return { is: "unknown", cause: look.lastError };
  const elapsedSeconds = Math.max(0, nowMs - before.atMs) / 1000;
  return { is: "known", seconds: before.seconds + elapsedSeconds, atMs: nowMs };
}
