/**
 * Records as vtctldclient prints them: protojson of Vitess's messages (proto/topodata.proto,
 * proto/vschema.proto) with the proto's own field names and every field, set or not. What etcd
 * holds is terser (shared/model/record_json.ts); scripts that read `jq .shard.tablet_controls`
 * expect this form.
 */
import { parseShardName } from "../../shared/key/range.ts";
import type {
  CellInfo,
  JsonObject,
  KeyspaceRecord,
  RoutingRules,
  ShardRecord,
  SrvKeyspace,
  TabletRecord,
  Timestamp,
} from "../../shared/model/records.ts";
import type { TabletAlias, TabletType } from "../../shared/model/tablet.ts";
import { timeToJson } from "../../shared/model/time_json.ts";

export function protoCellInfo(cell: CellInfo): JsonObject {
  return { server_address: cell.serverAddress, root: cell.root };
}

export function protoAlias(alias: TabletAlias): JsonObject {
  return { cell: alias.cell, uid: alias.uid };
}

export function protoType(type: TabletType): string {
  return type.toUpperCase();
}

function protoTime(time: Timestamp | undefined): JsonObject | null {
  return time === undefined ? null : timeToJson(time);
}

/** Bytes are base64; the whole range is no range. */
export function protoKeyRange(shard: string): JsonObject | null {
  // Shards of custom sharding have a word for a name and no range.
  if (!shard.includes("-")) return null;
  const { start, end } = parseShardName(shard);
  if (start.length === 0 && end === undefined) return null;
  return { start: start.toBase64(), end: end?.toBase64() ?? "" };
}

export function protoKeyspace(keyspace: KeyspaceRecord): JsonObject {
  return {
    keyspace_type: keyspace.keyspaceType.toUpperCase(),
    base_keyspace: "",
    snapshot_time: null,
    durability_policy: keyspace.durabilityPolicy,
    throttler_config: null,
    sidecar_db_name: keyspace.sidecarDbName,
  };
}

export function protoShard(keyspace: string, name: string, shard: ShardRecord): JsonObject {
  return {
    keyspace,
    name,
    shard: {
      primary_alias: shard.primaryAlias === undefined ? null : protoAlias(shard.primaryAlias),
      primary_term_start_time: protoTime(shard.primaryTermStartTime),
      key_range: protoKeyRange(name),
      source_shards: shard.sourceShards.map((source) => ({
        uid: source.uid,
        keyspace: source.keyspace,
        shard: source.shard,
        key_range: protoKeyRange(source.shard),
        tables: [...source.tables],
      })),
      tablet_controls: shard.tabletControls.map((control) => ({
        tablet_type: protoType(control.tabletType),
        cells: [...control.cells],
        denied_tables: [...control.deniedTables],
        frozen: control.frozen,
      })),
      is_primary_serving: shard.isPrimaryServing,
    },
  };
}

export function protoTablet(tablet: TabletRecord): JsonObject {
  return {
    alias: protoAlias(tablet.alias),
    hostname: tablet.hostname,
    port_map: { grpc: tablet.portMap.grpc, vt: tablet.portMap.vt },
    keyspace: tablet.keyspace,
    shard: tablet.shard,
    key_range: protoKeyRange(tablet.shard),
    type: protoType(tablet.type),
    db_name_override: tablet.dbNameOverride,
    tags: { ...tablet.tags },
    mysql_hostname: tablet.mysqlHostname,
    mysql_port: tablet.mysqlPort,
    primary_term_start_time: protoTime(tablet.primaryTermStartTime),
    tablet_start_time: protoTime(tablet.tabletStartTime),
    tablet_shutdown_time: protoTime(tablet.tabletShutdownTime),
  };
}

export function protoSrvKeyspace(keyspace: SrvKeyspace): JsonObject {
  return {
    partitions: keyspace.partitions.map((partition) => ({
      served_type: protoType(partition.servedType),
      shard_references: partition.shardReferences.map((name) => ({
        name,
        key_range: protoKeyRange(name),
      })),
      shard_tablet_controls: partition.shardTabletControls.map((control) => ({
        name: control.name,
        key_range: protoKeyRange(control.name),
        query_service_disabled: control.queryServiceDisabled,
      })),
    })),
  };
}

/** `camel`: as the old vtctlclient wrote it. */
export function protoRoutingRules(rules: RoutingRules, camel: boolean): JsonObject {
  return {
    rules: rules.rules.map(({ fromTable, toTables }) =>
      camel
        ? { fromTable, toTables: [...toTables] }
        : { from_table: fromTable, to_tables: [...toTables] }
    ),
  };
}
