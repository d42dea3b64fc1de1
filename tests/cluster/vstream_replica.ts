/**
 * Tables as a consumer of a change stream has them, built from its events alone. It is strict: a
 * row that comes twice, or changes otherwise than it was, is a fault of the stream.
 *
 * What a VGTID closes counts together with it, as in a consumer that keeps both in one transaction
 * of its own: whoever goes on from the last VGTID has neither less nor more than that.
 */

/** A line of the stream, with the fields that are looked at. */
export interface Line {
  readonly type: string;
  readonly keyspace?: string;
  readonly shard?: string;
  readonly table?: string;
  readonly kind?: string;
  readonly before?: Cells | null;
  readonly after?: Cells | null;
  readonly primary_key?: readonly string[];
  readonly vgtid?: unknown;
  readonly error?: { readonly message: string };
}

type Cells = Readonly<Record<string, string | null>>;

export class VStreamReplica {
  /** "customer.corder" -> key -> cells. */
  readonly #tables = new Map<string, Map<string, string>>();
  readonly #keys = new Map<string, readonly string[]>();
  readonly #seen = new Map<string, number>();
  readonly #transactions = new Map<string, number>();
  /** Of the transaction that is open. */
  #open: { readonly place: string; readonly rows: Line[] } | undefined;
  /** Of transactions that no VGTID has closed yet. */
  #committed: Line[] = [];
  #vgtid: unknown;
  #applied = 0;

  /** Another one that has the same, and goes its own way. */
  fork(): VStreamReplica {
    const fork = new VStreamReplica();
    for (const [name, rows] of this.#tables) fork.#tables.set(name, new Map(rows));
    for (const [name, columns] of this.#keys) fork.#keys.set(name, columns);
    fork.#vgtid = this.#vgtid;
    return fork;
  }

  /** Changes that count. */
  get applied(): number {
    return this.#applied;
  }

  /** The last position that counts. */
  get vgtid(): unknown {
    return this.#vgtid;
  }

  /** How many transactions of each "customer/-80" came. */
  get transactions(): ReadonlyMap<string, number> {
    return this.#transactions;
  }

  /** How many events of a type came. */
  seen(type: string): number {
    return this.#seen.get(type) ?? 0;
  }

  /** The rows of "customer.corder", each its cells with tabs between, in order. */
  rows(table: string): readonly string[] {
    return [...this.#tables.get(table)?.values() ?? []].toSorted();
  }

  /** The stream has ended, or was cut: what no VGTID has closed comes again. */
  cut(): void {
    this.#open = undefined;
    this.#committed = [];
  }

  take(line: Line): void {
    this.#seen.set(line.type, this.seen(line.type) + 1);
    const place = `${line.keyspace}/${line.shard}`;
    switch (line.type) {
      case "BEGIN":
        if (this.#open !== undefined) throw fault(line, `begins within ${this.#open.place}`);
        this.#open = { place, rows: [] };
        return;
      case "FIELD":
        this.#keys.set(`${line.keyspace}.${line.table}`, line.primary_key ?? []);
        return;
      case "ROW":
        if (this.#open?.place !== place) throw fault(line, "outside of its transaction");
        this.#open.rows.push(line);
        return;
      case "COMMIT":
        this.#committed.push(...this.#open?.rows ?? []);
        this.#open = undefined;
        this.#transactions.set(place, (this.#transactions.get(place) ?? 0) + 1);
        return;
      case "ROLLBACK":
        this.#open = undefined;
        return;
      case "VGTID":
        if (this.#open !== undefined) throw fault(line, "a position within a transaction");
        for (const row of this.#committed) this.#apply(row);
        this.#committed = [];
        this.#vgtid = line.vgtid;
    }
  }

  #apply(line: Line): void {
    this.#applied++;
    const name = `${line.keyspace}.${line.table}`;
    const table = this.#tables.get(name) ?? new Map<string, string>();
    this.#tables.set(name, table);
    const { before, after } = line;
    if (before) {
      const key = this.#keyOf(name, before);
      if (table.get(key) !== print(before)) throw fault(line, `it was ${table.get(key)}`);
      table.delete(key);
    }
    if (after) {
      const key = this.#keyOf(name, after);
      if (table.has(key)) throw fault(line, `it is there as ${table.get(key)}`);
      table.set(key, print(after));
    }
  }

  #keyOf(table: string, cells: Cells): string {
    return (this.#keys.get(table) ?? []).map((column) => cells[column]).join("\t");
  }
}

function print(cells: Cells): string {
  return Object.values(cells).map((cell) => cell ?? "NULL").join("\t");
}

function fault(line: Line, what: string): Error {
  return new Error(`the stream gave ${JSON.stringify(line)}: ${what}`);
}
