/**
 * What this tablet knows of the topology: its own record, its shard's, its keyspace's, the
 * primary's. Kept while the topology is away; followed by a watch, which misses nothing.
 */
import { VtError } from "../../shared/error/errors.ts";
import type { ShardRecord, TabletRecord } from "../../shared/model/records.ts";
import type { TabletAlias, TabletType } from "../../shared/model/tablet.ts";
import { getKeyspace } from "../../topo/keyspaces.ts";
import { shardFolder } from "../../topo/paths.ts";
import { hasId } from "../../topo/records.ts";
import { getShard, setShardPrimary } from "../../topo/shards.ts";
import { getSrvKeyspace } from "../../topo/srv_keyspaces.ts";
import type { Call } from "../../topo/store.ts";
import { getTablet, updateTablet } from "../../topo/tablets.ts";
import type { Topology } from "../../topo/topology.ts";
import { watchShard } from "../../topo/watches.ts";
import { isSelf } from "../serve/desired.ts";

/** What was read last. */
export interface Seen {
  readonly record: TabletRecord;
  readonly shard: ShardRecord;
  /** The shard's primary when that is another tablet whose record could be read. */
  readonly primary: TabletRecord | undefined;
  readonly semiSync: boolean;
  readonly disabledTypes: readonly TabletType[];
}

export class TopologyView {
  readonly #topo: Topology;
  #seen: Seen;

  /** `record`: as it will be registered; until the first refresh nothing else is known. */
  constructor(topo: Topology, record: TabletRecord) {
    this.#topo = topo;
    this.#seen = {
      record,
      shard: { sourceShards: [], tabletControls: [], isPrimaryServing: false },
      primary: undefined,
      semiSync: false,
      disabledTypes: [],
    };
  }

  get seen(): Seen {
    return this.#seen;
  }

  get alias(): TabletAlias {
    return this.#seen.record.alias;
  }

  /** The record as it was written. */
  registered(record: TabletRecord): void {
    this.#seen = { ...this.#seen, record };
  }

  /** What a caller read of the topology; the next refresh reads it again. */
  told(fresh: Pick<Seen, "semiSync">): void {
    this.#seen = { ...this.#seen, ...fresh };
  }

  /** Reads all again. Throws what the topology throws; VT21001 when our own record is gone. */
  async refresh(call: Call): Promise<Seen> {
    const { keyspace, shard: name, alias } = this.#seen.record;
    const [record, shard, keyspaceRecord, disabledTypes] = await Promise.all([
      getTablet(this.#topo, alias, call),
      getShard(this.#topo, keyspace, name, call),
      getKeyspace(this.#topo, keyspace, call),
      this.#readDisabledTypes(call),
    ]);
    const primary = await this.#readPrimary(shard, call);
    const semiSync = keyspaceRecord.durabilityPolicy !== "none";
    this.#seen = { record, shard, primary, semiSync, disabledTypes };
    return this.#seen;
  }

  /** Calls back now and after each change of the shard's record, until the signal. */
  async watch(onChange: () => Promise<void>, call: Call): Promise<void> {
    const { keyspace, shard } = this.#seen.record;
    for await (const _ of watchShard(this.#topo, keyspace, shard, call)) await onChange();
  }

  /** Claims the shard for this tablet. False when a later term of another one is recorded. */
  async claimShard(termStartTime: string, call: Call): Promise<boolean> {
    const { keyspace, shard: name, alias } = this.#seen.record;
    const term = { alias, termStartTime };
    const shard = await setShardPrimary(this.#topo, keyspace, name, term, call);
    this.#seen = { ...this.#seen, shard, primary: await this.#readPrimary(shard, call) };
    return isSelf(shard.primaryAlias, alias);
  }

  async updateRecord(
    change: (record: TabletRecord) => TabletRecord | undefined,
    call: Call,
  ): Promise<void> {
    const record = await updateTablet(this.#topo, this.alias, change, call);
    this.#seen = { ...this.#seen, record };
  }

  /** True while somebody changes the shard's routing, as a reparent does. */
  async isShardLocked(call: Call): Promise<boolean> {
    const { keyspace, shard } = this.#seen.record;
    const locks = await this.#topo.global.list(`${shardFolder(keyspace, shard)}/locks/`, call);
    return locks.length > 0;
  }

  async #readPrimary(shard: ShardRecord, call: Call): Promise<TabletRecord | undefined> {
    const { primaryAlias } = shard;
    if (primaryAlias === undefined || isSelf(primaryAlias, this.alias)) return undefined;
    try {
      return await getTablet(this.#topo, primaryAlias, call);
    } catch (error) {
      // A cell that is away, a tablet that was deleted: the source stays what it was, if it is he.
      if (!(error instanceof VtError) || call.signal.aborted) throw error;
      const { primary } = this.#seen;
      return primary !== undefined && isSelf(primary.alias, primaryAlias) ? primary : undefined;
    }
  }

  /** Types whose queries SrvKeyspace switches off for our shard; none before it was built. */
  async #readDisabledTypes(call: Call): Promise<readonly TabletType[]> {
    const { keyspace, shard, alias } = this.#seen.record;
    try {
      const { partitions } = await getSrvKeyspace(this.#topo, alias.cell, keyspace, call);
      return partitions.filter((partition) =>
        partition.shardTabletControls.some((control) =>
          control.name === shard && control.queryServiceDisabled
        )
      ).map((partition) => partition.servedType);
    } catch (error) {
      if (hasId(error, "VT21001")) return [];
      throw error;
    }
  }
}
