/** All commands of this version, and how a name is found. */
import { vtError } from "../../shared/error/errors.ts";
import { nearest } from "../../shared/flags/nearest.ts";
import { ADD_CELL_INFO } from "./add_cell_info.ts";
import { ADD_CELLS_ALIAS } from "./add_cells_alias.ts";
import { APPLY_CLUSTER } from "./apply_cluster.ts";
import { APPLY_SCHEMA } from "./apply_schema.ts";
import { APPLY_VSCHEMA } from "./apply_vschema.ts";
import { CHANGE_TABLET_TYPE } from "./change_tablet_type.ts";
import { COPY_SCHEMA_SHARD } from "./copy_schema_shard.ts";
import { CREATE_KEYSPACE } from "./create_keyspace.ts";
import { CREATE_SHARD } from "./create_shard.ts";
import { DELETE_CELL_INFO } from "./delete_cell_info.ts";
import { DELETE_CELLS_ALIAS } from "./delete_cells_alias.ts";
import { DELETE_KEYSPACE } from "./delete_keyspace.ts";
import { DELETE_SHARDS } from "./delete_shards.ts";
import { DELETE_TABLETS } from "./delete_tablets.ts";
import { EXECUTE_FETCH_AS_DBA } from "./execute_fetch_as_dba.ts";
import { FIND_ALL_SHARDS_IN_KEYSPACE } from "./find_all_shards.ts";
import { GENERATE_SHARD_RANGES } from "./generate_shard_ranges.ts";
import { GET_CELL_INFO } from "./get_cell_info.ts";
import { GET_CELL_INFO_NAMES } from "./get_cell_info_names.ts";
import { GET_CELLS_ALIASES } from "./get_cells_aliases.ts";
import { GET_KEYSPACE } from "./get_keyspace.ts";
import { GET_KEYSPACES } from "./get_keyspaces.ts";
import { GET_SCHEMA } from "./get_schema.ts";
import { GET_SHARD } from "./get_shard.ts";
import { GET_SHARD_REPLICATION } from "./get_shard_replication.ts";
import { GET_TABLET } from "./get_tablet.ts";
import { GET_TABLETS } from "./get_tablets.ts";
import { GET_VSCHEMA } from "./get_vschema.ts";
import { INIT_SHARD_PRIMARY } from "./init_shard_primary.ts";
import { LIST_ALL_TABLETS, LIST_SHARD_TABLETS, LIST_TABLETS } from "./list_tablets.ts";
import { PING_TABLET } from "./ping_tablet.ts";
import { PLANNED_REPARENT_SHARD } from "./planned_reparent_shard.ts";
import { REBUILD_KEYSPACE_GRAPH } from "./rebuild_keyspace_graph.ts";
import { REBUILD_VSCHEMA_GRAPH } from "./rebuild_vschema_graph.ts";
import { REFRESH_STATE } from "./refresh_state.ts";
import { REFRESH_STATE_BY_SHARD } from "./refresh_state_by_shard.ts";
import { RELOAD_SCHEMA } from "./reload_schema.ts";
import { RELOAD_SCHEMA_KEYSPACE, RELOAD_SCHEMA_SHARD } from "./reload_schema_all.ts";
import { REPARENT_TABLET } from "./reparent_tablet.ts";
import { APPLY_ROUTING_RULES, GET_ROUTING_RULES } from "./routing_rules.ts";
import { SET_KEYSPACE_DURABILITY_POLICY } from "./set_keyspace_durability_policy.ts";
import { SET_READ_ONLY } from "./set_read_only.ts";
import { SET_READ_WRITE } from "./set_read_write.ts";
import { SET_SHARD_IS_PRIMARY_SERVING } from "./set_shard_is_primary_serving.ts";
import { SET_SHARD_TABLET_CONTROL } from "./set_shard_tablet_control.ts";
import { SET_WRITABLE } from "./set_writable.ts";
import { SHARD_REPLICATION_FIX } from "./shard_replication_fix.ts";
import { SHARD_REPLICATION_POSITIONS } from "./shard_replication_positions.ts";
import {
  GET_SRV_KEYSPACE,
  GET_SRV_KEYSPACE_NAMES,
  GET_SRV_KEYSPACES,
} from "./srv_keyspace_commands.ts";
import { GET_SRV_VSCHEMA, GET_SRV_VSCHEMAS } from "./srv_vschema_commands.ts";
import { START_REPLICATION } from "./start_replication.ts";
import { STOP_REPLICATION } from "./stop_replication.ts";
import { GET_TOPOLOGY_PATH } from "./topology_path.ts";
import { TABLET_EXTERNALLY_REPARENTED } from "./tablet_externally_reparented.ts";
import { UPDATE_CELL_INFO } from "./update_cell_info.ts";
import { UPDATE_CELLS_ALIAS } from "./update_cells_alias.ts";
import { VALIDATE, VALIDATE_KEYSPACE, VALIDATE_SHARD } from "./validate.ts";
import { VALIDATE_SCHEMA_KEYSPACE, VALIDATE_SCHEMA_SHARD } from "./validate_schema.ts";
import { VALIDATE_VERSION_KEYSPACE, VALIDATE_VERSION_SHARD } from "./validate_version.ts";
import { VDIFF } from "./vdiff.ts";
import { DROP_SOURCES, SWITCH_READS, SWITCH_WRITES } from "./legacy_switch.ts";
import { MIGRATE_SERVED_TYPES, SPLIT_CLONE } from "./legacy_split.ts";
import { MATERIALIZE } from "./materialize.ts";
import { MOVE_TABLES } from "./move_tables.ts";
import { RESHARD } from "./reshard.ts";
import { SPLIT_DIFF } from "./split_diff.ts";
import { VREPLICATION_EXEC } from "./vreplication_exec.ts";
import { VSTREAM } from "./vstream.ts";
import { GET_WORKFLOWS, WORKFLOW } from "./workflow_command.ts";
import type { Command } from "./command.ts";

/** In the order in which help lists them within their group. */
export const COMMANDS: readonly Command[] = [
  ADD_CELLS_ALIAS,
  ADD_CELL_INFO,
  APPLY_CLUSTER,
  APPLY_ROUTING_RULES,
  APPLY_SCHEMA,
  APPLY_VSCHEMA,
  CHANGE_TABLET_TYPE,
  COPY_SCHEMA_SHARD,
  CREATE_KEYSPACE,
  CREATE_SHARD,
  DELETE_CELLS_ALIAS,
  DELETE_CELL_INFO,
  DELETE_KEYSPACE,
  DELETE_SHARDS,
  DELETE_TABLETS,
  DROP_SOURCES,
  EXECUTE_FETCH_AS_DBA,
  FIND_ALL_SHARDS_IN_KEYSPACE,
  GENERATE_SHARD_RANGES,
  GET_CELLS_ALIASES,
  GET_CELL_INFO,
  GET_CELL_INFO_NAMES,
  GET_KEYSPACE,
  GET_KEYSPACES,
  GET_ROUTING_RULES,
  GET_SCHEMA,
  GET_SHARD,
  GET_SHARD_REPLICATION,
  GET_SRV_KEYSPACE,
  GET_SRV_KEYSPACES,
  GET_SRV_KEYSPACE_NAMES,
  GET_SRV_VSCHEMA,
  GET_SRV_VSCHEMAS,
  GET_TABLET,
  GET_TABLETS,
  GET_TOPOLOGY_PATH,
  GET_VSCHEMA,
  GET_WORKFLOWS,
  INIT_SHARD_PRIMARY,
  LIST_ALL_TABLETS,
  LIST_SHARD_TABLETS,
  LIST_TABLETS,
  MATERIALIZE,
  MIGRATE_SERVED_TYPES,
  MOVE_TABLES,
  PING_TABLET,
  PLANNED_REPARENT_SHARD,
  REBUILD_KEYSPACE_GRAPH,
  REBUILD_VSCHEMA_GRAPH,
  REFRESH_STATE,
  REFRESH_STATE_BY_SHARD,
  RELOAD_SCHEMA,
  RELOAD_SCHEMA_KEYSPACE,
  RELOAD_SCHEMA_SHARD,
  REPARENT_TABLET,
  RESHARD,
  SET_KEYSPACE_DURABILITY_POLICY,
  SET_READ_ONLY,
  SET_READ_WRITE,
  SET_SHARD_IS_PRIMARY_SERVING,
  SET_SHARD_TABLET_CONTROL,
  SET_WRITABLE,
  SHARD_REPLICATION_FIX,
  SHARD_REPLICATION_POSITIONS,
  SPLIT_CLONE,
  SPLIT_DIFF,
  START_REPLICATION,
  STOP_REPLICATION,
  SWITCH_READS,
  SWITCH_WRITES,
  TABLET_EXTERNALLY_REPARENTED,
  UPDATE_CELLS_ALIAS,
  UPDATE_CELL_INFO,
  VALIDATE,
  VALIDATE_KEYSPACE,
  VALIDATE_SCHEMA_KEYSPACE,
  VALIDATE_SCHEMA_SHARD,
  VALIDATE_SHARD,
  VALIDATE_VERSION_KEYSPACE,
  VALIDATE_VERSION_SHARD,
  VDIFF,
  VREPLICATION_EXEC,
  VSTREAM,
  WORKFLOW,
];

/** Commands of Vitess that this version doesn't have: asking for one is no typing mistake. */
const ABSENT: ReadonlySet<string> = new Set(
  `
  ApplyKeyspaceRoutingRules ApplyShardRoutingRules Backup BackupShard ChangeTabletTags
  CheckThrottler CreateLookupVindex DeleteSrvVSchema DistributedTransaction 
  EmergencyReparentShard ExecuteFetchAsApp ExecuteHook ExecuteMultiFetchAsDBA
  ExternalizeVindex GetBackups GetFullStatus GetKeyspaceRoutingRules GetMirrorRules
  GetPermissions GetShardRoutingRules GetTabletVersion GetThrottlerStatus 
  LegacyVtctlCommand LookupVindex Migrate MigrateServedFrom 
  Mount OnlineDDL RemoveBackup RemoveKeyspaceCell RemoveShardCell 
  RestoreFromBackup RunHealthCheck SetVtorcEmergencyReparent
  ShardReplicationAdd ShardReplicationRemove SleepTablet SourceShardAdd SourceShardDelete
  UpdateThrottlerConfig ValidatePermissionsKeyspace ValidatePermissionsShard
  WriteTopologyPath
  `.toLowerCase().trim().split(/\s+/),
);

const BY_NAME: ReadonlyMap<string, Command> = new Map(
  COMMANDS.flatMap((command) =>
    [command.name, ...command.legacyNames].map((name) => [name.toLowerCase(), command] as const)
  ),
);

/** By any of its names, in any case. VT12001 for those of Vitess alone, VT22001 for unknown ones. */
export function findCommand(name: string): Command {
  const lower = name.toLowerCase();
  const command = BY_NAME.get(lower);
  if (command !== undefined) return command;
  if (ABSENT.has(lower)) {
    throw vtError("VT12001", `${name}: this version of vtctld does not have it`);
  }
  const near = nearest(lower, [...BY_NAME.keys()]);
  const hint = near === undefined ? "" : `; did you mean ${spelling(near)}?`;
  throw vtError("VT22001", `unknown command "${name}"${hint}; vtctl --help lists all`);
}

/** The name as its owner writes it. */
function spelling(lower: string): string {
  const command = BY_NAME.get(lower);
  const names = command === undefined ? [] : [command.name, ...command.legacyNames];
  return names.find((name) => name.toLowerCase() === lower) ?? lower;
}
