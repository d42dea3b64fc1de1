/**
 * The topology: one store for the global root and one for each cell, whose address and root the
 * cell's CellInfo holds. The typed reads and writes stand beside this file, one file per kind of
 * record (cells.ts, keyspaces.ts, shards.ts, tablets.ts, vschemas.ts, routing_rules.ts,
 * srv_keyspaces.ts, srv_vschemas.ts, replication.ts), with locks.ts and watches.ts.
 */
import { VtError } from "../shared/error/errors.ts";
import type { Codec } from "../shared/model/json_reader.ts";
import type { CellInfo } from "../shared/model/records.ts";
import type { Clock } from "../shared/io/clock.ts";
import type { Log } from "../shared/io/log.ts";
import { CELL_INFO } from "../shared/model/record_json.ts";
import { cellInfoPath } from "./paths.ts";
import type { Call, LockContents, Store, Version } from "./store.ts";

export interface TopologyOptions {
  readonly global: Store;
  /** Opens the store of a cell; the topology closes it. */
  readonly openCell: (cell: CellInfo) => Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Who we are in the contents of locks. */
  readonly holder: Holder;
  /** Whether the process that a lock names has certainly ended; nobody is said to when absent. */
  readonly isProcessGone?: (identity: string) => Promise<boolean>;
}

export type Holder = Omit<LockContents, "action" | "time">;

/** A record with the version that a write of it must name. */
export interface Versioned<T> {
  readonly record: T;
  readonly version: Version;
}

export class Topology implements AsyncDisposable {
  readonly global: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly holder: Holder;
  readonly isProcessGone: (identity: string) => Promise<boolean>;
  readonly #openCell: TopologyOptions["openCell"];
  readonly #cells = new Map<string, OpenCell>();
  /** Stores of cells that have moved since; somebody may still use them. */
  readonly #retired: Store[] = [];
  #closed = false;

  constructor(options: TopologyOptions) {
    this.global = options.global;
    this.clock = options.clock;
    this.log = options.log;
    this.holder = options.holder;
    this.isProcessGone = options.isProcessGone ?? (() => Promise.resolve(false));
    this.#openCell = options.openCell;
  }

  /**
   * The store of a cell, as its CellInfo says now; while the global topology is away, as it said
   * last. VT21001 when there is no such cell.
   */
  async cell(name: string, call: Call): Promise<Store> {
    const known = this.#cells.get(name);
    if (known !== undefined && this.clock.monotonicMs() - known.readMs < CELL_INFO_FRESH_MS) {
      return known.store;
    }
    const info = await this.#readCell(name, known?.info, call);
    const store = this.#open(name, info);
    this.#cells.set(name, { info, store, readMs: this.clock.monotonicMs() });
    return store;
  }

  /** Reads the CellInfo anew at the next use: whoever changes one calls it. */
  forgetCell(name: string): void {
    const known = this.#cells.get(name);
    if (known !== undefined) this.#cells.set(name, { ...known, readMs: -Infinity });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const stores = [...this.#retired, ...[...this.#cells.values()].map(({ store }) => store)];
    this.#cells.clear();
    await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
    await this.global[Symbol.asyncDispose]();
  }

  async #readCell(name: string, known: CellInfo | undefined, call: Call): Promise<CellInfo> {
    try {
      return (await readRecord(this.global, cellInfoPath(name), CELL_INFO, call)).record;
    } catch (error) {
      const away = error instanceof VtError &&
        (error.status === "unavailable" || error.status === "deadline_exceeded");
      if (known === undefined || !away) throw error;
      return known;
    }
  }

  #open(name: string, info: CellInfo): Store {
    // Another call may have opened it while this one read.
    const known = this.#cells.get(name);
    if (known !== undefined && sameCell(known.info, info)) return known.store;
    if (this.#closed) throw new TypeError("Cannot open a cell of a closed topology");
    if (known !== undefined) this.#retired.push(known.store);
    return this.#openCell(info);
  }
}

interface OpenCell {
  readonly info: CellInfo;
  readonly store: Store;
  /** When the CellInfo was read, monotonic. */
  readonly readMs: number;
}

/** Cells move rarely; a read before every use would double the traffic. */
const CELL_INFO_FRESH_MS = 10_000;

function sameCell(a: CellInfo, b: CellInfo): boolean {
  return a.root === b.root && a.serverAddress === b.serverAddress;
}

/** VT21001 when absent, VT21008 when it can't be read. */
export async function readRecord<T>(
  store: Store,
  path: string,
  codec: Codec<T>,
  call: Call,
): Promise<Versioned<T>> {
  const entry = await store.get(path, call);
  return { record: codec.decode(path, entry.value), version: entry.version };
}
