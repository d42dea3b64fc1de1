/**
 * The catalog as the watches fill it. Each change makes a new immutable catalog with a higher
 * version, built when the next statement asks for it.
 */
import { vtError } from "../../shared/error/errors.ts";
import { compare, parseShardName, sameShard } from "../../shared/key/range.ts";
import type { SrvKeyspace, SrvVSchema } from "../../shared/model/records.ts";
import type { TabletType, Target } from "../../shared/model/tablet.ts";
import type { TrackedTable } from "../../shared/vschema/keyspace.ts";
import { buildVSchema, type VSchema } from "../../shared/vschema/vschema.ts";
import type { Vindex } from "../../shared/vindex/vindex.ts";
import type { ShardRange } from "../engine/shards.ts";
import { type DatabaseNames, databaseOf } from "../plan/context.ts";
import type { Catalog, KnownTablet } from "./catalog.ts";

type ShardsByType = ReadonlyMap<TabletType, readonly ShardRange[]>;

export class ClusterView {
  readonly #tablets: () => readonly KnownTablet[];
  #srvVSchema: SrvVSchema | undefined;
  /** The topology has answered, perhaps that there is nothing yet. */
  #heard = false;
  readonly #shards = new Map<string, ShardsByType>();
  readonly #tables = new Map<string, readonly TrackedTable[]>();
  readonly #databases = new Map<string, string>();
  #version = 0;
  #catalog: Catalog | undefined;
  readonly #listeners = new Set<() => void>();
  #scheduled = false;

  /** `tablets` is asked whenever somebody lists them. */
  constructor(tablets: () => readonly KnownTablet[]) {
    this.#tablets = tablets;
  }

  /** The topology has told what keyspaces there are. */
  get isKnown(): boolean {
    return this.#srvVSchema !== undefined;
  }

  /**
   * What is still to come before statements can be planned, for a gate that starts: "" when all is
   * there. Tables of a keyspace without a primary are not waited for.
   */
  get missing(): string {
    if (!this.#heard) return "topology";
    for (const keyspace of Object.keys(this.#srvVSchema?.keyspaces ?? {})) {
      if (!this.#shards.has(keyspace)) return `SrvKeyspace of ${keyspace}`;
      if (this.#tablets().length === 0) return "tablets";
      const hasPrimary = this.#tablets().some(({ health: { serving, target } }) =>
        serving && target.tabletType === "primary" && target.keyspace === keyspace
      );
      if (hasPrimary && !this.#tables.has(keyspace)) return `schema of ${keyspace}`;
    }
    return "";
  }

  setVSchema(record: SrvVSchema | undefined): void {
    this.#srvVSchema = record;
    this.#heard = true;
    this.#changed();
  }

  setKeyspace(keyspace: string, record: SrvKeyspace | undefined): void {
    if (record === undefined) this.#shards.delete(keyspace);
    else this.#shards.set(keyspace, shardsByType(record));
    this.#changed();
  }

  /** `database`: mysqld's name of where they are. */
  setTables(keyspace: string, tables: readonly TrackedTable[], database: string): void {
    this.#tables.set(keyspace, tables);
    this.#databases.set(keyspace, database);
    this.#changed();
  }

  /** The keyspace is gone. */
  forgetTables(keyspace: string): void {
    this.#tables.delete(keyspace);
    this.#databases.delete(keyspace);
    this.#changed();
  }

  /** Calls back after changes, once a turn. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /**
   * False when the topology says that the shard doesn't serve this tablet type (any more). What it
   * hasn't told about may be served.
   */
  serves({ keyspace, shard, tabletType }: Target): boolean {
    const byType = this.#shards.get(keyspace);
    if (byType === undefined) return true;
    const shards = byType.get(tabletType) ?? [];
    return shards.some(({ name }) => name === shard || sameShard(name, shard));
  }

  /** The newest catalog. */
  get catalog(): Catalog {
    return this.#catalog ??= new ClusterCatalog(
      ++this.#version,
      buildVSchema(this.#srvVSchema ?? NO_VSCHEMA, this.#tables),
      new Map(this.#shards),
      new Map(this.#databases),
      this.#tablets,
    );
  }

  #changed(): void {
    this.#catalog = undefined;
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}

const NO_VSCHEMA: SrvVSchema = { keyspaces: {}, routingRules: { rules: [] } };

/** Shards by the tablet type that they serve, in order of their key ranges. */
function shardsByType(record: SrvKeyspace): ShardsByType {
  const byType = new Map<TabletType, readonly ShardRange[]>();
  for (const { servedType, shardReferences } of record.partitions) {
    const shards = shardReferences.map((name) => ({ name, range: parseShardName(name) }));
    byType.set(servedType, shards.toSorted((a, b) => compare(a.range.start, b.range.start)));
  }
  return byType;
}

/** Undefined for a name that several keyspaces have, on servers of their own. */
function keyspacesByDatabase(
  keyspaces: readonly string[],
  databases: DatabaseNames,
): ReadonlyMap<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  for (const keyspace of keyspaces) {
    const database = databaseOf(keyspace, databases);
    found.set(database, found.has(database) ? undefined : keyspace);
  }
  return found;
}

class ClusterCatalog implements Catalog {
  readonly version: number;
  readonly vschema: VSchema;
  readonly keyspaces: readonly string[];
  readonly databases: DatabaseNames;
  readonly #byDatabase: ReadonlyMap<string, string | undefined>;
  readonly #shards: ReadonlyMap<string, ShardsByType>;
  readonly #tablets: () => readonly KnownTablet[];

  constructor(
    version: number,
    vschema: VSchema,
    shards: ReadonlyMap<string, ShardsByType>,
    databases: DatabaseNames,
    tablets: () => readonly KnownTablet[],
  ) {
    this.version = version;
    this.vschema = vschema;
    this.keyspaces = vschema.keyspaceNames();
    this.databases = databases;
    this.#byDatabase = keyspacesByDatabase(this.keyspaces, databases);
    this.#shards = shards;
    this.#tablets = tablets;
  }

  keyspaceOf(database: string): string | undefined {
    return this.#byDatabase.get(database);
  }

  isSharded(keyspace: string): boolean {
    if (this.vschema.errorOf(keyspace) !== undefined) return true;
    return this.vschema.keyspace(keyspace).sharded;
  }

  shards(keyspace: string, tabletType: TabletType): readonly ShardRange[] {
    const byType = this.#shards.get(keyspace);
    if (byType !== undefined) return byType.get(tabletType) ?? [];
    if (!this.vschema.hasKeyspace(keyspace)) throw vtError("VT05003", keyspace);
    return [];
  }

  vindex(keyspace: string, name: string): Vindex {
    const vindex = this.vschema.keyspace(keyspace).vindexes.get(name)?.vindex;
    if (vindex === undefined) throw new TypeError(`No vindex ${name} in ${keyspace}`);
    return vindex;
  }

  get tablets(): readonly KnownTablet[] {
    return this.#tablets();
  }
}
