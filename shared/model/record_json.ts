/**
 * The records' JSON in etcd: proto3's JSON of Vitess's messages (proto/topodata.proto,
 * proto/vttime.proto) with their own field names, enums by name, bytes in base64, times as
 * seconds and nanoseconds. Fields at their default are left out, except those that people look for.
 */
import { parseShardName } from "../key/range.ts";
import { type Codec, jsonCodec, type JsonReader } from "./json_reader.ts";
import type {
  CellInfo,
  CellsAlias,
  DurabilityPolicy,
  Json,
  JsonObject,
  KeyspaceRecord,
  RoutingRules,
  ShardReplication,
  SourceShard,
  SrvKeyspace,
  SrvVSchema,
  TabletControl,
} from "./records.ts";
import type { ShardRecord } from "./records.ts";
import { parseTabletType, TABLET_TYPES, type TabletAlias, type TabletType } from "./tablet.ts";
import { timeFromJson, timeToJson } from "./time_json.ts";

export const CELL_INFO: Codec<CellInfo> = jsonCodec(
  (cell) => ({ server_address: cell.serverAddress, root: cell.root }),
  (json) => ({ serverAddress: json.get("server_address").text(), root: json.get("root").text() }),
);

export const CELLS_ALIAS: Codec<CellsAlias> = jsonCodec(
  (alias) => ({ cells: [...alias.cells] }),
  (json) => ({ cells: json.get("cells").texts() }),
);

export const KEYSPACE: Codec<KeyspaceRecord> = jsonCodec(
  (keyspace) => ({
    keyspace_type: keyspace.keyspaceType.toUpperCase(),
    durability_policy: keyspace.durabilityPolicy,
    sidecar_db_name: keyspace.sidecarDbName,
  }),
  (json) => ({
    keyspaceType: json.get("keyspace_type").enumeration(["normal", "snapshot"]),
    durabilityPolicy: json.get("durability_policy").parsed(parseDurabilityPolicy),
    sidecarDbName: json.get("sidecar_db_name").text() || "_vt",
  }),
);

export const SHARD: Codec<ShardRecord> = jsonCodec(
  (shard) => ({
    ...optional("primary_alias", shard.primaryAlias, aliasToJson),
    ...optional("primary_term_start_time", shard.primaryTermStartTime, timeToJson),
    ...(shard.sourceShards.length > 0 && { source_shards: shard.sourceShards.map(sourceToJson) }),
    ...(shard.tabletControls.length > 0 &&
      { tablet_controls: shard.tabletControls.map(controlToJson) }),
    is_primary_serving: shard.isPrimaryServing,
  }),
  (json) => ({
    ...field("primaryAlias", json.get("primary_alias").optional(aliasFromJson)),
    ...field("primaryTermStartTime", json.get("primary_term_start_time").optional(timeFromJson)),
    sourceShards: json.get("source_shards").list(sourceFromJson),
    tabletControls: json.get("tablet_controls").list(controlFromJson),
    isPrimaryServing: json.get("is_primary_serving").toggle(),
  }),
);

export const SHARD_REPLICATION: Codec<ShardReplication> = jsonCodec(
  (replication) => ({
    nodes: replication.nodes.map((node) => ({ tablet_alias: aliasToJson(node) })),
  }),
  (json) => ({ nodes: json.get("nodes").list((node) => aliasFromJson(node.get("tablet_alias"))) }),
);

export const SRV_KEYSPACE: Codec<SrvKeyspace> = jsonCodec(
  (keyspace) => ({
    partitions: keyspace.partitions.map((partition) => ({
      served_type: partition.servedType.toUpperCase(),
      shard_references: partition.shardReferences.map((name) => ({
        name,
        ...keyRangeToJson(name),
      })),
      ...(partition.shardTabletControls.length > 0 && {
        shard_tablet_controls: partition.shardTabletControls.map((control) => ({
          name: control.name,
          ...keyRangeToJson(control.name),
          query_service_disabled: control.queryServiceDisabled,
        })),
      }),
    })),
  }),
  (json) => ({
    partitions: json.get("partitions").list((partition) => ({
      servedType: tabletTypeFromJson(partition.get("served_type")),
      shardReferences: partition.get("shard_references").list((shard) => shard.get("name").text()),
      shardTabletControls: partition.get("shard_tablet_controls").list((control) => ({
        name: control.get("name").text(),
        queryServiceDisabled: control.get("query_service_disabled").toggle(),
      })),
    })),
  }),
);

export const ROUTING_RULES: Codec<RoutingRules> = jsonCodec(
  routingRulesToJson,
  routingRulesFromJson,
);

export const VSCHEMA: Codec<JsonObject> = jsonCodec((vschema) => vschema, (json) => json.object());

export const SRV_VSCHEMA: Codec<SrvVSchema> = jsonCodec(
  (srv) => ({ keyspaces: srv.keyspaces, routing_rules: routingRulesToJson(srv.routingRules) }),
  (json) => ({
    keyspaces: json.get("keyspaces").map((keyspace) => keyspace.object()),
    routingRules: routingRulesFromJson(json.get("routing_rules")),
  }),
);

/** Vitess's names of the policies that exist here; "" is what a keyspace without one has. */
export function parseDurabilityPolicy(text: string): DurabilityPolicy {
  if (text === "" || text === "none") return "none";
  if (text === "semi_sync" || text === "cross_cell") return text;
  throw new SyntaxError(`want none, semi_sync or cross_cell: got "${text}"`);
}

export function routingRulesToJson(rules: RoutingRules): JsonObject {
  return {
    rules: rules.rules.map((rule) => ({
      from_table: rule.fromTable,
      to_tables: [...rule.toTables],
    })),
  };
}

export function routingRulesFromJson(json: JsonReader): RoutingRules {
  return {
    rules: json.get("rules").list((rule) => ({
      fromTable: rule.get("from_table").text(),
      toTables: rule.get("to_tables").texts(),
    })),
  };
}

export function aliasToJson(alias: TabletAlias): JsonObject {
  return { cell: alias.cell, uid: alias.uid };
}

export function aliasFromJson(json: JsonReader): TabletAlias {
  return { cell: json.get("cell").text(), uid: json.get("uid").integer() };
}

export function tabletTypeFromJson(json: JsonReader): TabletType {
  return json.enumeration(TABLET_TYPES, parseTabletType);
}

/** `key_range` as proto3 JSON has it; a shard of the whole range has none. */
export function keyRangeToJson(shard: string): { readonly key_range?: JsonObject } {
  const range = rangeOf(shard);
  if (range === undefined || (range.start.length === 0 && range.end === undefined)) return {};
  return {
    key_range: {
      ...(range.start.length > 0 && { start: range.start.toBase64() }),
      ...(range.end !== undefined && { end: range.end.toBase64() }),
    },
  };
}

/** A field that is left out when its value is undefined. */
export function field<Name extends string, T>(
  name: Name,
  value: T | undefined,
): { readonly [N in Name]?: T } {
  // One computed key has a literal type only to us.
  return (value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: T };
}

export function optional<T>(
  name: string,
  value: T | undefined,
  toJson: (value: T) => Json,
): JsonObject {
  return value === undefined ? {} : { [name]: toJson(value) };
}

function rangeOf(shard: string): ReturnType<typeof parseShardName> | undefined {
  try {
    return parseShardName(shard);
  } catch {
    // Shards of custom sharding have any name and no range.
    return undefined;
  }
}

function sourceToJson(source: SourceShard): JsonObject {
  const { uid, keyspace, shard, tables } = source;
  return {
    uid,
    keyspace,
    shard,
    ...keyRangeToJson(shard),
    ...(tables.length > 0 && { tables: [...tables] }),
  };
}

function sourceFromJson(json: JsonReader): SourceShard {
  return {
    uid: json.get("uid").integer(),
    keyspace: json.get("keyspace").text(),
    shard: json.get("shard").text(),
    tables: json.get("tables").texts(),
  };
}

function controlToJson(control: TabletControl): JsonObject {
  return {
    tablet_type: control.tabletType.toUpperCase(),
    ...(control.cells.length > 0 && { cells: [...control.cells] }),
    ...(control.deniedTables.length > 0 && { denied_tables: [...control.deniedTables] }),
    ...(control.frozen && { frozen: true }),
  };
}

function controlFromJson(json: JsonReader): TabletControl {
  return {
    tabletType: tabletTypeFromJson(json.get("tablet_type")),
    cells: json.get("cells").texts(),
    deniedTables: json.get("denied_tables").texts(),
    frozen: json.get("frozen").toggle(),
  };
}
