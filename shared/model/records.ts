/**
 * The records of the topology, as the programs hold them. Their JSON in etcd has Vitess's names
 * (proto/topodata.proto, snake_case); `topo/` decodes and checks them at the edge.
 */
import type { TabletAlias, TabletType } from "./tablet.ts";

/** Times are RFC 3339 texts in UTC; absent means never. */
export type Timestamp = string;

export interface CellInfo {
  readonly serverAddress: string;
  /** Root of this cell's keys, e.g. /vitess/example/local/zone1. */
  readonly root: string;
}

export interface CellsAlias {
  readonly cells: readonly string[];
}

/** "none": no semi-sync. "semi_sync": a primary waits for one replica. */
export type DurabilityPolicy = "none" | "semi_sync" | "cross_cell";

export interface KeyspaceRecord {
  readonly keyspaceType: "normal" | "snapshot";
  readonly durabilityPolicy: DurabilityPolicy;
  readonly sidecarDbName: string;
}

export interface TabletControl {
  readonly tabletType: TabletType;
  readonly cells: readonly string[];
  readonly deniedTables: readonly string[];
  readonly frozen: boolean;
}

export interface SourceShard {
  readonly uid: number;
  readonly keyspace: string;
  readonly shard: string;
  readonly tables: readonly string[];
}

export interface ShardRecord {
  readonly primaryAlias?: TabletAlias;
  readonly primaryTermStartTime?: Timestamp;
  /** The shard's name fixes its key range. */
  readonly sourceShards: readonly SourceShard[];
  readonly tabletControls: readonly TabletControl[];
  readonly isPrimaryServing: boolean;
}

export interface TabletRecord {
  readonly alias: TabletAlias;
  readonly hostname: string;
  /** `grpc` is the port of the multiplexed RPC, `vt` of HTTP, as Vitess names them. */
  readonly portMap: { readonly vt: number; readonly grpc: number };
  readonly keyspace: string;
  readonly shard: string;
  readonly type: TabletType;
  /** mysqld's database, when it is not vt_KEYSPACE. */
  readonly dbNameOverride: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly mysqlHostname: string;
  readonly mysqlPort: number;
  readonly primaryTermStartTime?: Timestamp;
  readonly tabletStartTime?: Timestamp;
  readonly tabletShutdownTime?: Timestamp;
}

export interface ShardReplication {
  readonly nodes: readonly TabletAlias[];
}

export interface SrvKeyspace {
  readonly partitions: readonly {
    readonly servedType: TabletType;
    readonly shardReferences: readonly string[];
    readonly shardTabletControls: readonly {
      readonly name: string;
      readonly queryServiceDisabled: boolean;
    }[];
  }[];
}

export interface RoutingRule {
  /** "t", "ks.t", "t@replica", "ks.t@rdonly". */
  readonly fromTable: string;
  readonly toTables: readonly string[];
}

export interface RoutingRules {
  readonly rules: readonly RoutingRule[];
}

/** Any value that JSON holds. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: Json;
}

/** All that a gate plans with, one per cell. shared/vschema/ reads the VSchemas in it. */
export interface SrvVSchema {
  /** The VSchema of each keyspace, as it was applied. */
  readonly keyspaces: Readonly<Record<string, JsonObject>>;
  readonly routingRules: RoutingRules;
}

/** mysqld's database of a tablet. */
export function databaseName(tablet: TabletRecord): string {
  return tablet.dbNameOverride === "" ? `vt_${tablet.keyspace}` : tablet.dbNameOverride;
}

/**
 * A switch of writes that is under way, by the workflow that rows come in by (its reverse, when it
 * is taken back). Written before writes stop, removed when they go on: whoever finds one whose lock
 * is free brings it to an end.
 */
export interface SwitchRecord {
  readonly keyspace: string;
  readonly workflow: string;
  /** How people call what they do. */
  readonly command: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly timeoutMs: number;
  readonly reverse: boolean;
  /** The streams of the way back are made, but not started. */
  readonly reverseStopped: boolean;
  readonly initSequences: boolean;
}

/** What became of a workflow whose streams are gone: who ends it again is told so. */
export interface EndedRecord {
  readonly action: "complete" | "cancel";
  /** RFC 3339. */
  readonly endedAt: string;
}
