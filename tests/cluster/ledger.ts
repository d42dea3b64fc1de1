/**
 * What rows may be there, from what clients were told. A statement that was acknowledged happened;
 * one that was refused did not; of one whose connection broke nobody knows, so both outcomes stay
 * possible until the next acknowledged statement on that row.
 */

/** Undefined: the row is not there. */
export type RowState = string | undefined;

export interface LedgerCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly unknown: number;
  /** Rows that must be there. */
  readonly rows: number;
}

export class Ledger {
  readonly #possible = new Map<string, ReadonlySet<RowState>>();
  #inserted = 0;
  #updated = 0;
  #deleted = 0;
  #unknown = 0;

  acknowledged(row: string, state: RowState): void {
    const before = this.#possible.get(row);
    if (state === undefined) this.#deleted++;
    else if (before === undefined) this.#inserted++;
    else this.#updated++;
    this.#possible.set(row, new Set([state]));
  }

  unknown(row: string, state: RowState): void {
    this.#unknown++;
    const before = this.#possible.get(row) ?? new Set([undefined]);
    this.#possible.set(row, new Set([...before, state]));
  }

  get acknowledgements(): number {
    return this.#inserted + this.#updated + this.#deleted;
  }

  get counts(): LedgerCounts {
    let rows = 0;
    for (const states of this.#possible.values()) if (!states.has(undefined)) rows++;
    return {
      inserted: this.#inserted,
      updated: this.#updated,
      deleted: this.#deleted,
      unknown: this.#unknown,
      rows,
    };
  }

  /** Faults of what was found: lost rows, rows with another content, rows that nobody wrote. */
  check(found: readonly (readonly [row: string, state: string])[]): readonly string[] {
    const faults: string[] = [];
    const seen = new Set<string>();
    for (const [row, state] of found) {
      if (seen.has(row)) faults.push(`${row} is there twice`);
      seen.add(row);
      const possible = this.#possible.get(row);
      if (possible === undefined) faults.push(`${row} was never written`);
      else if (!possible.has(state)) {
        faults.push(`${row} is ${state}, may be ${[...possible].map((one) => one ?? "absent")}`);
      }
    }
    for (const [row, possible] of this.#possible) {
      if (!seen.has(row) && !possible.has(undefined)) faults.push(`${row} is lost`);
    }
    return faults;
  }
}
