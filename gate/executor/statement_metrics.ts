/** Counts of statements by plan and outcome. Plain numbers on the hot path; the metrics page reads them. */
const LATENCY_BOUNDS_MS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

interface PlanCounts {
  count: number;
  timeMs: number;
  readonly buckets: number[];
}

export class StatementMetrics {
  readonly #plans = new Map<string, PlanCounts>();
  readonly #errors = new Map<string, number>();

  /** `plan` is a small closed set: "Route EqualUnique", "Insert", "Local". */
  record(plan: string, timeMs: number): void {
    let counts = this.#plans.get(plan);
    if (counts === undefined) {
      counts = { count: 0, timeMs: 0, buckets: LATENCY_BOUNDS_MS.map(() => 0) };
      this.#plans.set(plan, counts);
    }
    counts.count++;
    counts.timeMs += timeMs;
    const bucket = LATENCY_BOUNDS_MS.findIndex((bound) => timeMs <= bound);
    if (bucket >= 0) counts.buckets[bucket] = (counts.buckets[bucket] ?? 0) + 1;
  }

  /** `id` is an error's id or a mysqld's errno. */
  error(id: string): void {
    this.#errors.set(id, (this.#errors.get(id) ?? 0) + 1);
  }

  get plans(): ReadonlyMap<string, Readonly<PlanCounts>> {
    return this.#plans;
  }

  get errors(): ReadonlyMap<string, number> {
    return this.#errors;
  }

  get total(): number {
    let total = 0;
    for (const { count } of this.#plans.values()) total += count;
    return total;
  }
}

/** Upper bounds of the latency buckets, in milliseconds. */
export const LATENCY_BOUNDS: readonly number[] = LATENCY_BOUNDS_MS;
