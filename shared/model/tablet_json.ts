import { type Codec, jsonCodec } from "./json_reader.ts";
import {
  aliasFromJson,
  aliasToJson,
  field,
  keyRangeToJson,
  optional,
  tabletTypeFromJson,
} from "./record_json.ts";
import { timeFromJson, timeToJson } from "./time_json.ts";
import type { TabletRecord } from "./records.ts";

export const TABLET: Codec<TabletRecord> = jsonCodec(
  (tablet) => ({
    alias: aliasToJson(tablet.alias),
    hostname: tablet.hostname,
    port_map: { grpc: tablet.portMap.grpc, vt: tablet.portMap.vt },
    keyspace: tablet.keyspace,
    shard: tablet.shard,
    ...keyRangeToJson(tablet.shard),
    type: tablet.type.toUpperCase(),
    ...(tablet.dbNameOverride !== "" && { db_name_override: tablet.dbNameOverride }),
    ...(Object.keys(tablet.tags).length > 0 && { tags: tablet.tags }),
    mysql_hostname: tablet.mysqlHostname,
    mysql_port: tablet.mysqlPort,
    ...optional("primary_term_start_time", tablet.primaryTermStartTime, timeToJson),
    ...optional("tablet_start_time", tablet.tabletStartTime, timeToJson),
    ...optional("tablet_shutdown_time", tablet.tabletShutdownTime, timeToJson),
  }),
  (json) => ({
    alias: aliasFromJson(json.get("alias")),
    hostname: json.get("hostname").text(),
    portMap: {
      grpc: json.get("port_map").get("grpc").integer(),
      vt: json.get("port_map").get("vt").integer(),
    },
    keyspace: json.get("keyspace").text(),
    shard: json.get("shard").text(),
    type: tabletTypeFromJson(json.get("type")),
    dbNameOverride: json.get("db_name_override").text(),
    tags: json.get("tags").map((tag) => tag.text()),
    mysqlHostname: json.get("mysql_hostname").text(),
    mysqlPort: json.get("mysql_port").integer(),
    ...field("primaryTermStartTime", json.get("primary_term_start_time").optional(timeFromJson)),
    ...field("tabletStartTime", json.get("tablet_start_time").optional(timeFromJson)),
    ...field("tabletShutdownTime", json.get("tablet_shutdown_time").optional(timeFromJson)),
  }),
);
