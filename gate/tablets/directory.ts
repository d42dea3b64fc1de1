/**
 * All tablets that this gate may use: their records from the topology, a connection to each, and
 * for every shard which tablets take which statements. Also where statements wait for a tablet.
 */
import { type VtError, vtError } from "../../shared/error/errors.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import { sameShard } from "../../shared/key/range.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias, type TabletAlias, type Target } from "../../shared/model/tablet.ts";
import type { Options, TabletHealth } from "../../shared/rpc/query_service.ts";
import { choosePrimary, chooseReplica, filterByLag } from "./choose.ts";
import { TabletPeer } from "./peer.ts";

export interface DirectoryOptions {
  readonly cell: string;
  /** This gate's name, for the tablets' logs. */
  readonly gateName: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  /** Statements that wait for a tablet at a time (Vitess's --buffer-size). */
  readonly waitersMax: number;
  /** False when the topology has taken the target out of service: nobody waits for it then. */
  readonly serves: (target: Target) => boolean;
}

/** A tablet for status pages, SHOW VITESS_TABLETS and the catalog. */
export interface TabletStatus {
  readonly record: TabletRecord;
  /** For a tablet that can't be reached: not serving, with the cause. */
  readonly health: TabletHealth;
  readonly connected: boolean;
  /** Calls in flight. */
  readonly load: number;
}

/** The tablets of a shard that take statements now. */
interface ShardTablets {
  readonly shard: string;
  readonly primary: TabletPeer | undefined;
  readonly replica: readonly TabletPeer[];
  readonly rdonly: readonly TabletPeer[];
}

interface Waiter {
  readonly target: Target;
  readonly wake: () => void;
}

export class TabletDirectory implements AsyncDisposable {
  readonly #options: DirectoryOptions;
  readonly #peers = new Map<string, TabletPeer>();
  /** Also those of tablets that are shut down. */
  readonly #records = new Map<string, TabletRecord>();
  readonly #waiters = new Set<Waiter>();
  readonly #listeners = new Set<() => void>();
  readonly #leaving = new Set<Promise<void>>();
  #keyspaces: ReadonlyMap<string, readonly ShardTablets[]> = new Map();
  #scheduled = false;

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  /** Follows the records of one cell: the topology's latest, all of them, by alias. */
  update(cell: string, records: ReadonlyMap<string, TabletRecord>): void {
    for (const [name, { alias }] of this.#records) {
      if (alias.cell === cell && !records.has(name)) this.#records.delete(name);
    }
    for (const [name, record] of records) this.#records.set(name, record);
    for (const [name, peer] of this.#peers) {
      const record = records.get(name);
      if (peer.cell === cell && (record === undefined || !sameAddress(record, peer.record))) {
        this.#drop(name, peer);
      }
    }
    for (const [name, record] of records) {
      // A tablet that shut down in order takes its port off: nobody is there to connect to.
      if (this.#peers.has(name) || record.portMap.grpc === 0) continue;
      const { gateName, clock, log, random } = this.#options;
      const onChange = () => this.#changed();
      this.#peers.set(name, new TabletPeer({ record, gateName, clock, log, random, onChange }));
    }
    this.#changed();
  }

  #drop(name: string, peer: TabletPeer): void {
    this.#peers.delete(name);
    const leaving = peer.dispose().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  /** Calls back after every change of what is known, once a turn. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  #changed(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#keyspaces = shardsOf([...this.#peers.values()]);
      this.reconsider();
      for (const listener of this.#listeners) listener();
    });
  }

  /** Wakes statements whose wait is over: call after changes of what is served. */
  reconsider(): void {
    for (const waiter of this.#waiters) {
      const isHopeless = !this.expects(waiter.target);
      if (isHopeless || this.pick(waiter.target) !== undefined) waiter.wake();
    }
  }

  /** The tablet for a statement now, or none. */
  pick(target: Target): TabletPeer | undefined {
    if (target.tablet !== undefined) return this.#named(target, target.tablet);
    const tablets = this.#find(target);
    if (tablets === undefined) return undefined;
    switch (target.tabletType) {
      case "primary":
        return tablets.primary;
      case "replica":
      case "rdonly": {
        const { cell, random } = this.#options;
        return chooseReplica(tablets[target.tabletType], cell, random);
      }
      default:
        return undefined;
    }
  }

  /** The one tablet that the target names, while it serves what the target says. */
  #named(target: Target, alias: TabletAlias): TabletPeer | undefined {
    const peer = this.peer(alias);
    const health = peer?.health;
    if (health === undefined || !health.serving || peer?.rpc === undefined) return undefined;
    const { keyspace, shard, tabletType } = health.target;
    const fits = keyspace === target.keyspace && tabletType === target.tabletType &&
      isSameShard(shard, target.shard);
    return fits ? peer : undefined;
  }

  #find(target: Target): ShardTablets | undefined {
    const shards = this.#keyspaces.get(target.keyspace);
    if (shards === undefined) return undefined;
    for (const tablets of shards) if (tablets.shard === target.shard) return tablets;
    // "0" for "-".
    return shards.find((tablets) => isSameShard(tablets.shard, target.shard));
  }

  /** A tablet by its alias, serving or not. */
  peer(alias: TabletAlias): TabletPeer | undefined {
    return this.#peers.get(printTabletAlias(alias));
  }

  /** True when waiting makes sense: there is a tablet that does serve `target`, or may come to. */
  expects(target: Target): boolean {
    if (!this.#options.serves(target)) return false;
    for (const { alias, keyspace, shard, type } of this.#records.values()) {
      if (target.tablet !== undefined && !isSameTablet(target.tablet, alias)) continue;
      if (keyspace !== target.keyspace || !isSameShard(shard, target.shard)) continue;
      // Any replica may become the primary.
      if (target.tabletType === "primary" || target.tabletType === type) return true;
    }
    return false;
  }

  /**
   * Waits until a tablet serves `target`. Throws VT20005 after `timeoutMs`, and at once when there
   * is none that could; VT20016 when too many wait already; ER_QUERY_INTERRUPTED when the signal
   * aborts.
   */
  async waitForTablet(
    target: Target,
    timeoutMs: number,
    options: Options,
  ): Promise<TabletPeer> {
    const deadline = this.#options.clock.monotonicMs() + timeoutMs;
    for (;;) {
      const peer = this.pick(target);
      if (peer !== undefined) return peer;
      const leftMs = deadline - this.#options.clock.monotonicMs();
      if (leftMs <= 0 || !this.expects(target)) throw noTablet(target);
      await this.#wait(target, leftMs, options);
    }
  }

  async #wait(target: Target, timeoutMs: number, { signal }: Options): Promise<void> {
    const { waitersMax } = this.#options;
    if (this.#waiters.size >= waitersMax) {
      throw vtError("VT20016", this.#waiters.size, describe(target));
    }
    const woken = Promise.withResolvers<void>();
    const waiter: Waiter = { target, wake: woken.resolve };
    const onAbort = () => woken.reject(vtError("ER_QUERY_INTERRUPTED"));
    const timer = setTimeout(woken.resolve, timeoutMs);
    signal.addEventListener("abort", onAbort);
    this.#waiters.add(waiter);
    try {
      if (signal.aborted) onAbort();
      await woken.promise;
    } finally {
      this.#waiters.delete(waiter);
      signal.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    }
  }

  /** Statements that wait for a tablet. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Every tablet that has a record, by alias. */
  get statuses(): readonly TabletStatus[] {
    return [...this.#peers.values()]
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((peer) => ({
        record: peer.record,
        health: peer.health,
        connected: peer.rpc !== undefined,
        load: peer.load,
      }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [name, peer] of [...this.#peers]) this.#drop(name, peer);
    await Promise.all(this.#leaving);
  }
}

/** VT20005 in the words of Vitess (go/vt/vtgate/tabletgateway.go). */
export function noTablet(target: Target): VtError {
  return vtError("VT20005", describe(target));
}

function describe({ keyspace, shard, tabletType, tablet }: Target): string {
  const only = tablet === undefined ? "" : ` tablet:${printTabletAlias(tablet)}`;
  const type = tabletType.toUpperCase();
  return `'keyspace:"${keyspace}" shard:"${shard}" tablet_type:${type}${only}'`;
}

/** What a connection depends on; types come through health. */
function sameAddress(a: TabletRecord, b: TabletRecord): boolean {
  return a.hostname === b.hostname && a.portMap.grpc === b.portMap.grpc &&
    a.keyspace === b.keyspace && a.shard === b.shard;
}

function shardsOf(peers: readonly TabletPeer[]): ReadonlyMap<string, readonly ShardTablets[]> {
  const keyspaces = new Map<string, Map<string, TabletPeer[]>>();
  for (const peer of peers) {
    if (peer.rpc === undefined) continue;
    const { keyspace, shard } = peer.health.target;
    const shards = keyspaces.get(keyspace) ?? new Map<string, TabletPeer[]>();
    keyspaces.set(keyspace, shards);
    shards.set(shard, [...shards.get(shard) ?? [], peer]);
  }
  return new Map([...keyspaces].map(([keyspace, shards]) => [
    keyspace,
    [...shards].map(([shard, members]) => shardTablets(shard, members)),
  ]));
}

function shardTablets(shard: string, members: readonly TabletPeer[]): ShardTablets {
  const ofType = (type: string) => members.filter((peer) => peer.health.target.tabletType === type);
  return {
    shard,
    primary: choosePrimary(ofType("primary")),
    replica: filterByLag(ofType("replica")),
    rdonly: filterByLag(ofType("rdonly")),
  };
}

function isSameShard(a: string, b: string): boolean {
  try {
    return sameShard(a, b);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function isSameTablet(a: TabletAlias, b: TabletAlias): boolean {
  return a.uid === b.uid && a.cell === b.cell;
}
