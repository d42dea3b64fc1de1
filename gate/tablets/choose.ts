/** Which tablet of a shard takes a statement: pure decisions on what is known of each. */
import type { TabletHealth } from "../../shared/rpc/query_service.ts";

/** A tablet that answered, and what its health stream said last. */
export interface Candidate {
  readonly health: TabletHealth;
  readonly cell: string;
  /** Calls in flight. */
  readonly load: number;
}

/** Replicas within this lag are all alike (Vitess's --discovery-low-replication-lag). */
export const LOW_LAG_SECONDS = 30;
/** Beyond this a replica takes no queries (--discovery-high-replication-lag-minimum-serving). */
export const HIGH_LAG_SECONDS = 2 * 3600;
/** So many take queries even when their lag isn't low (--min-number-serving-vttablets). */
export const SERVING_MIN = 2;

/** When two say primary, the one that became it last is. */
export function choosePrimary<T extends Candidate>(candidates: readonly T[]): T | undefined {
  let best: T | undefined;
  for (const candidate of candidates) {
    if (best === undefined || termOf(candidate) > termOf(best)) best = candidate;
  }
  // The older one must not serve in its place while the newer one is not yet ready.
  return best?.health.serving === true ? best : undefined;
}

function termOf({ health }: Candidate): number {
  const term = Date.parse(health.primaryTermStartTime ?? "");
  return Number.isNaN(term) ? 0 : term;
}

/**
 * The replicas that take queries: those with low lag, but at least SERVING_MIN as long as their lag
 * isn't very high (go/vt/discovery/replicationlag.go, filterStatsByLag).
 */
export function filterByLag<T extends Candidate>(candidates: readonly T[]): readonly T[] {
  return candidates
    .filter(({ health }) => health.serving && lagOf(health) <= HIGH_LAG_SECONDS)
    .toSorted((a, b) => lagOf(a.health) - lagOf(b.health))
    .filter(({ health }, index) => index < SERVING_MIN || lagOf(health) <= LOW_LAG_SECONDS);
}

function lagOf(health: TabletHealth): number {
  return health.lagSeconds ?? Infinity;
}

/**
 * One of them: of the gate's own cell where it has any, the less busy of two drawn at random.
 * `random` gives numbers in [0, 1).
 */
export function chooseReplica<T extends Candidate>(
  eligible: readonly T[],
  cell: string,
  random: () => number,
): T | undefined {
  const local = eligible.filter((candidate) => candidate.cell === cell);
  const pool = local.length > 0 ? local : eligible;
  const first = pool[Math.floor(random() * pool.length)];
  const second = pool[Math.floor(random() * pool.length)];
  if (first === undefined || second === undefined) return first;
  return second.load < first.load ? second : first;
}
