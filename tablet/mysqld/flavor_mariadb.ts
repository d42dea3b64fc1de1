/** MariaDB 10.6 and later (flavor.ts says what the parts are for). */
import {
  containsMariadbGtidSet,
  type MariadbGtid,
  parseMariadbGtidSet,
} from "../../shared/mysql/gtid_mariadb.ts";
import type {
  Flavor,
  ModeStatements,
  Positions,
  ReplicaStatus,
  ReplicationSource,
  ReplicationStatements,
  Row,
  ServerFiles,
  ServerSetup,
} from "./flavor.ts";
import { installProgram } from "./locate.ts";
import { isYes, lagOf, quote, SEMI_SYNC_TIMEOUT_MS } from "./statement.ts";
import type { ServerVersion } from "./version.ts";

export function mariadbFlavor(version: ServerVersion): Flavor {
  return { version, setup: SETUP, positions: POSITIONS, replication: REPLICATION, modes: MODES };
}

const SETUP: ServerSetup = {
  initialise(server: ServerFiles, dataDir: string, user: string | undefined) {
    return {
      program: installProgram(server),
      args: [
        "--no-defaults",
        ...(server.basedir === undefined ? [] : [`--basedir=${server.basedir}`]),
        `--datadir=${dataDir}`,
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-log-bin",
        "--innodb-log-file-size=32M",
        ...(user === undefined ? [] : [`--user=${user}`]),
      ],
    };
  },
  configLines: [
    // One domain: a shard has one writer at a time, and sequences go on over a reparent. Then
    // the server itself refuses a former primary whose transactions the new one lacks.
    "gtid_domain_id = 0",
    "gtid_strict_mode = ON",
    "innodb_log_file_size = 32M",
    "aria_pagecache_buffer_size = 8M",
    "read_only = ON",
    "log_slave_updates = ON",
    // Alone, the thread that applies syncs each transaction to disk, and falls behind a primary
    // that commits its clients' in groups. These commit in groups too, in the primary's order:
    // measured 2,500 to 3,100 instead of 500 single-row transactions a second.
    "slave_parallel_threads = 4",
    "skip_slave_start",
    "slave_net_timeout = 10",
    "master_retry_count = 0",
    "binlog_format = ROW",
    `rpl_semi_sync_master_timeout = ${SEMI_SYNC_TIMEOUT_MS}`,
    "rpl_semi_sync_master_wait_point = AFTER_SYNC",
  ],
  perServerFiles: [],
  translateInit(statement: string) {
    // MariaDB has one read_only; who bypasses it is a privilege.
    return /\bsuper_read_only\b/i.test(statement) ? undefined : statement;
  },
};

const POSITIONS: Positions = {
  readSql: "SELECT @@global.gtid_current_pos AS position",
  // The last transaction of each server, also of those that wrote before a reparent; what came
  // by replication before the binlog began is in the other one.
  historySql: "SELECT CONCAT_WS(',', NULLIF(@@global.gtid_binlog_state, ''), " +
    "NULLIF(@@global.gtid_slave_pos, '')) AS history",
  contains(outer, inner) {
    return containsMariadbGtidSet(parseMariadbGtidSet(outer), parseMariadbGtidSet(inner));
  },
  isErrant(position, history) {
    const known = parseHistory(history);
    return [...parseMariadbGtidSet(position).values()].some((gtid) => {
      const last = known.get(`${gtid.domain}-${gtid.server}`);
      return last === undefined || last < gtid.sequence;
    });
  },
  waitSql(position, timeoutMs) {
    const seconds = (timeoutMs / 1000).toFixed(3);
    return `SELECT MASTER_GTID_WAIT(${quote(position)}, ${seconds}) = 0 AS reached`;
  },
};

/** gtid_binlog_state has several servers per domain, so it is no position. */
function parseHistory(text: string): ReadonlyMap<string, bigint> {
  const last = new Map<string, bigint>();
  for (const part of text.split(",")) {
    if (part === "") continue;
    for (const gtid of parseMariadbGtidSet(part).values()) keepLater(last, gtid);
  }
  return last;
}

function keepLater(last: Map<string, bigint>, gtid: MariadbGtid): void {
  const key = `${gtid.domain}-${gtid.server}`;
  const before = last.get(key);
  if (before === undefined || before < gtid.sequence) last.set(key, gtid.sequence);
}

const REPLICATION: ReplicationStatements = {
  setSource(source: ReplicationSource) {
    return [
      // A former primary goes on after its own last transaction.
      "SET GLOBAL gtid_slave_pos = @@global.gtid_current_pos",
      `CHANGE MASTER TO MASTER_HOST = ${quote(source.host)}, MASTER_PORT = ${source.port}, ` +
      `MASTER_USER = ${quote(source.user)}, MASTER_PASSWORD = ${quote(source.password)}, ` +
      "MASTER_CONNECT_RETRY = 1, MASTER_HEARTBEAT_PERIOD = 2, MASTER_USE_GTID = slave_pos",
    ];
  },
  start: ["START SLAVE"],
  stop: ["STOP SLAVE"],
  restartReceiver: ["STOP SLAVE IO_THREAD", "START SLAVE IO_THREAD"],
  reset: ["RESET SLAVE ALL"],
  statusSql: "SHOW SLAVE STATUS",
  parseStatus(row: Row): ReplicaStatus {
    return {
      ioRunning: row["Slave_IO_Running"] !== "No",
      ioConnected: isYes(row["Slave_IO_Running"]),
      sqlRunning: isYes(row["Slave_SQL_Running"]),
      lagSeconds: lagOf(row["Seconds_Behind_Master"]),
      sourceHost: row["Master_Host"] ?? "",
      sourcePort: Number(row["Master_Port"]),
      lastError: row["Last_SQL_Error"] || row["Last_IO_Error"] || "",
    };
  },
};

const MODES: ModeStatements = {
  readOnlySql: "SELECT @@global.read_only AS read_only",
  isReadOnly: (row: Row) => row["read_only"] !== "0",
  setReadOnly: (readOnly) => [`SET GLOBAL read_only = ${readOnly ? "ON" : "OFF"}`],
  // Administrators write anyway (READ ONLY ADMIN).
  liftForAdmin: [],
  unloggedPrivilege: "BINLOG ADMIN",
  setSemiSync(side, enabled) {
    const name = side === "source" ? "rpl_semi_sync_master" : "rpl_semi_sync_slave";
    return [`SET GLOBAL ${name}_enabled = ${enabled ? "ON" : "OFF"}`];
  },
  semiSyncSql: "SELECT @@global.rpl_semi_sync_master_enabled AS source_enabled, " +
    "@@global.rpl_semi_sync_slave_enabled AS replica_enabled, " +
    "(SELECT variable_value FROM information_schema.global_status " +
    "WHERE variable_name = 'RPL_SEMI_SYNC_MASTER_CLIENTS') AS acks",
};
