/**
 * What `SET name = value` means for each system variable.
 *
 * The lists start from go/vt/sysvars/sysvars.go. Where Vitess checks a value and then drops it
 * although it changes results (div_precision_increment, lc_time_names, max_sort_length ...), the
 * value goes to the connection here. Names in no list go to the connection as well: a mysqld
 * knows best which variables it has.
 */
export type VariableClass =
  /** The gate itself acts on it. */
  | "gate"
  /** Part of the pooled connection's settings. */
  | "setting"
  /** Accepted and read back; a connection's life and its binary log are the tablet's business. */
  | "remembered"
  | "read_only"
  | "unsupported";

export const GATE_VARIABLES = [
  "autocommit",
  "client_found_rows",
  "ddl_strategy",
  "enable_system_settings",
  "migration_context",
  "query_timeout",
  "read_after_write_gtid",
  "read_after_write_timeout",
  "session_track_gtids",
  "session_uuid",
  "skip_query_plan_cache",
  "transaction_mode",
  "transaction_timeout",
  "workload",
] as const;
export type GateVariable = (typeof GATE_VARIABLES)[number];

const READ_ONLY = [
  "character_set_system",
  "collation_system",
  "hostname",
  "insert_id",
  "last_insert_id",
  "license",
  "lower_case_table_names",
  "port",
  "server_uuid",
  "socket",
  "system_time_zone",
  "version",
  "version_comment",
  "version_compile_machine",
  "version_compile_os",
];

const REMEMBERED = [
  "big_tables",
  "binlog_format",
  "bulk_insert_buffer_size",
  "debug",
  "default_storage_engine",
  "default_tmp_storage_engine",
  "innodb_strict_mode",
  "innodb_support_xa",
  "innodb_table_locks",
  "innodb_tmpdir",
  "interactive_timeout",
  "join_buffer_size",
  "keep_files_on_create",
  "lc_messages",
  "long_query_time",
  "low_priority_updates",
  "max_allowed_packet",
  "max_delayed_threads",
  "max_insert_delayed_threads",
  "max_user_connections",
  "multi_range_count",
  "net_buffer_length",
  "net_read_timeout",
  "net_retry_count",
  "net_write_timeout",
  "new",
  "query_cache_type",
  "query_cache_wlock_invalidate",
  "query_prealloc_size",
  "session_track_schema",
  "session_track_state_change",
  "session_track_system_variables",
  "session_track_transaction_info",
  "sql_buffer_result",
  "sql_log_bin",
  "transaction_alloc_block_size",
  "version_tokens_session",
  "wait_timeout",
];

const UNSUPPORTED = [
  "audit_log_read_buffer_size",
  "auto_increment_increment",
  "auto_increment_offset",
  "binlog_direct_non_transactional_updates",
  "binlog_row_image",
  "binlog_rows_query_log_events",
  "gtid_next",
  "identity",
  "innodb_ft_enable_stopword",
  "innodb_ft_user_stopword_table",
  "max_points_in_geometry",
  "max_sp_recursion_depth",
  "old_alter_table",
  "password",
  "pseudo_slave_mode",
  "pseudo_thread_id",
  "rand_seed1",
  "rand_seed2",
  "rbr_exec_mode",
  "server_id",
  "skip_replication",
  "sql_log_off",
  "timestamp",
  "transaction_write_set_extraction",
];

const UNSUPPORTED_PREFIXES = ["myisam_", "ndb_", "ndbinfo_", "thread_pool_", "wsrep_", "gtid_"];

const CLASSES: ReadonlyMap<string, VariableClass> = new Map<string, VariableClass>([
  ...GATE_VARIABLES.map((name) => [name, "gate"] as const),
  ...READ_ONLY.map((name) => [name, "read_only"] as const),
  ...REMEMBERED.map((name) => [name, "remembered"] as const),
  ...UNSUPPORTED.map((name) => [name, "unsupported"] as const),
]);

/** The class of a variable; `name` in lower case. */
export function classOf(name: string): VariableClass {
  const known = CLASSES.get(name);
  if (known !== undefined) return known;
  return UNSUPPORTED_PREFIXES.some((prefix) => name.startsWith(prefix)) ? "unsupported" : "setting";
}

export function isGateVariable(name: string): name is GateVariable {
  return CLASSES.get(name) === "gate";
}

/** Names that mean the same variable: MariaDB's and MySQL 5.7's beside MySQL 8's. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["tx_isolation", "transaction_isolation"],
  ["tx_read_only", "transaction_read_only"],
  ["storage_engine", "default_storage_engine"],
]);

export function canonicalName(name: string): string {
  const lower = name.toLowerCase();
  return ALIASES.get(lower) ?? lower;
}

/** Variables that the servers spell differently: [MySQL 8 and later, MariaDB]. */
const SPELLINGS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["transaction_isolation", ["transaction_isolation", "tx_isolation"]],
  ["transaction_read_only", ["transaction_read_only", "tx_read_only"]],
]);

/**
 * "name=value" for one SET statement. Where the servers' names differ, each reads its own
 * version comment: MariaDB ignores /*!80000, MySQL ignores /*M!.
 */
export function printAssignment(name: string, sql: string): string {
  const names = SPELLINGS.get(name);
  if (names === undefined) return `${name}=${sql}`;
  return `/*!80000 ${names[0]}=${sql}*//*M!100100 ${names[1]}=${sql}*/`;
}

/** The text that reads a variable on either server, or undefined when `@@name` does. */
export function printRead(name: string): string | undefined {
  const names = SPELLINGS.get(name);
  if (names === undefined) return undefined;
  return `/*!80000 @@${names[0]}*//*M!100100 @@${names[1]}*/`;
}

/** MySQL 8 has it, MariaDB has not, and dump tools set it: nothing there caches statistics. */
export const MYSQL_ONLY: ReadonlySet<string> = new Set([
  "information_schema_stats_expiry",
  "show_create_table_skip_secondary_engine",
]);
