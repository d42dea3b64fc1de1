/**
 * The topology: one store for the global root and one for each cell, whose address and root the
 * cell's CellInfo holds. The typed reads and writes stand beside this file, one file per kind of
 * record (cells.ts, keyspaces.ts, shards.ts, tablets.ts, vschemas.ts, routing_rules.ts,
 * srv_keyspaces.ts, srv_vschemas.ts, replication.ts), with locks.ts and watches.ts.
 */
import type { Codec } from "../shared/model/json_reader.ts";
import type { CellInfo } from "../shared/model/records.ts";
import type { Clock } from "../shared/io/clock.ts";
import type { Log } from "../shared/io/log.ts";
import { CELL_INFO } from "../shared/model/record_json.ts";
import { cellInfoPath } from "./paths.ts";
import type { Call, Store, Version } from "./store.ts";

export interface TopologyOptions {
  readonly global: Store;
  /** Opens the store of a cell; the topology closes it. */
  readonly openCell: (cell: CellInfo) => Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Who we are in the contents of locks. */
  readonly holder: { readonly hostName: string; readonly userName: string };
}

/** A record with the version that a write of it must name. */
export interface Versioned<T> {
  readonly record: T;
  readonly version: Version;
}

export class Topology implements AsyncDisposable {
  readonly global: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly holder: TopologyOptions["holder"];
  readonly #openCell: TopologyOptions["openCell"];
  readonly #cells = new Map<string, { readonly info: CellInfo; readonly store: Store }>();
  #closed = false;

  constructor(options: TopologyOptions) {
    this.global = options.global;
    this.clock = options.clock;
    this.log = options.log;
    this.holder = options.holder;
    this.#openCell = options.openCell;
  }

  /**
   * The store of a cell. Its address is read once; a cell that moves is found after a restart.
   * VT21001 when there is no such cell.
   */
  async cell(name: string, call: Call): Promise<Store> {
    const known = this.#cells.get(name);
    if (known !== undefined) return known.store;
    const { record: info } = await readRecord(this.global, cellInfoPath(name), CELL_INFO, call);
    // Another call may have opened it while this one waited.
    const meanwhile = this.#cells.get(name);
    if (meanwhile !== undefined) return meanwhile.store;
    if (this.#closed) throw new TypeError("Cannot open a cell of a closed topology");
    const store = this.#openCell(info);
    this.#cells.set(name, { info, store });
    return store;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const cells = [...this.#cells.values()];
    this.#cells.clear();
    await Promise.all(cells.map(({ store }) => store[Symbol.asyncDispose]()));
    await this.global[Symbol.asyncDispose]();
  }
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
