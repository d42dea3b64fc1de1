/**
 * Why transactions ended, for those who come back to them. Two generations: when the newer is
 * full it becomes the older one, which is forgotten as a whole.
 */
const GENERATION_MAX = 2000;

interface End {
  readonly atMs: number;
  readonly reason: string;
}

export class GoneTransactions {
  #newer = new Map<number, End>();
  #older: ReadonlyMap<number, End> = new Map();

  /** `atMs` since the epoch. A later reason replaces an earlier one. */
  remember(id: number, reason: string, atMs: number): void {
    if (this.#newer.size >= GENERATION_MAX) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(id, { atMs, reason });
  }

  /** "ended at 2026-08-01T00:00:00.000Z (exceeded timeout: 30s)", as Vitess says it. */
  describe(id: number): string | undefined {
    const end = this.#newer.get(id) ?? this.#older.get(id);
    return end && `ended at ${new Date(end.atMs).toISOString()} (${end.reason})`;
  }
}
