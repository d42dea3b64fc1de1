/** The text of a tablet's my.cnf: all of the server's configuration, since it reads no other. */
import type { Flavor, ServerFiles } from "./flavor.ts";
import { relocationLines } from "./locate.ts";
import { join } from "node:path";
import type { MysqldPaths } from "./paths.ts";

export interface MysqldOptions {
  /** Of the tablet; the server's id. 1 ... 2^32 - 1. */
  readonly uid: number;
  readonly port: number;
  readonly bindAddress: string;
  /** Lines that an operator adds under [mysqld]; they win over ours. */
  readonly extraLines: readonly string[];
  /** Megabytes. */
  readonly bufferPoolMb: number;
  readonly connectionsMax: number;
}

/** `systemUser` is the user to run as when started by root. */
export function printMyCnf(
  flavor: Flavor,
  server: ServerFiles,
  paths: MysqldPaths,
  options: MysqldOptions,
  systemUser: string | undefined,
): string {
  const lines = [
    "# Written by the tablet at each start; what you change here is lost.",
    "[mysqld]",
    ...relocationLines(server),
    ...(systemUser === undefined ? [] : [`user = ${systemUser}`]),
    ...pathLines(paths, options.uid),
    `port = ${options.port}`,
    `bind_address = ${options.bindAddress}`,
    `server_id = ${options.uid}`,
    "skip_name_resolve = ON",
    "character_set_server = utf8mb4",
    "max_allowed_packet = 1G",
    `max_connections = ${options.connectionsMax}`,
    ...MEMORY_LINES,
    `innodb_buffer_pool_size = ${options.bufferPoolMb}M`,
    ...DURABILITY_LINES,
    ...flavor.setup.configLines,
    ...options.extraLines,
  ];
  return `${lines.join("\n")}\n`;
}

function pathLines(paths: MysqldPaths, uid: number): readonly string[] {
  const name = `vt-${String(uid).padStart(10, "0")}`;
  return [
    `datadir = ${paths.dataDir}`,
    `socket = ${paths.socket}`,
    `pid_file = ${paths.pidFile}`,
    `log_error = ${paths.errorLog}`,
    `tmpdir = ${paths.tmpDir}`,
    `secure_file_priv = ${paths.filesDir}`,
    `log_bin = ${join(paths.binlogFolder, `${name}-bin`)}`,
    `relay_log = ${join(paths.relayLogFolder, `${name}-relay`)}`,
  ];
}

/** Many servers share one machine in a local cluster. */
const MEMORY_LINES = [
  "performance_schema = OFF",
  "key_buffer_size = 1M",
  "table_open_cache = 1000",
  "table_definition_cache = 800",
  "innodb_log_buffer_size = 8M",
] as const;

/** An acknowledged row survives the death of the server and of the machine. */
const DURABILITY_LINES = [
  "innodb_flush_log_at_trx_commit = 1",
  "sync_binlog = 1",
  "binlog_row_image = FULL",
  "binlog_row_metadata = FULL",
  "relay_log_recovery = ON",
  "max_binlog_size = 256M",
] as const;
