/** MySQL 8.0, 8.4 and 9.x (flavor.ts says what the parts are for). */
import {
  containsMysqlGtidSet,
  parseMysqlGtidSet,
  subtractMysqlGtidSet,
} from "../../shared/mysql/gtid_mysql.ts";
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
import { relocationArgs } from "./locate.ts";
import { isYes, lagOf, quote, SEMI_SYNC_TIMEOUT_MS } from "./statement.ts";
import { isAtLeast, type ServerVersion } from "./version.ts";

export function mysqlFlavor(version: ServerVersion): Flavor {
  return {
    version,
    setup: setup(version),
    positions: POSITIONS,
    replication: isAtLeast(version, 8, 0, 23) ? replication(NEW_WORDS) : replication(OLD_WORDS),
    modes: modes(semiSyncNames(version)),
  };
}

function setup(version: ServerVersion): ServerSetup {
  return {
    initialise(server: ServerFiles, dataDir: string, user: string | undefined) {
      return {
        program: server.binary,
        args: [
          "--no-defaults",
          ...relocationArgs(server),
          "--initialize-insecure",
          "--disable-log-bin",
          `--datadir=${dataDir}`,
          ...redoLines(version).map((line) => `--${line.replaceAll(" ", "")}`),
          ...(user === undefined ? [] : [`--user=${user}`]),
        ],
      };
    },
    configLines: configLines(version),
    // The server's uuid and keys; it makes new ones.
    perServerFiles: [
      "auto.cnf",
      "ca-key.pem",
      "ca.pem",
      "client-cert.pem",
      "client-key.pem",
      "private_key.pem",
      "public_key.pem",
      "server-cert.pem",
      "server-key.pem",
    ],
    translateInit(statement: string) {
      if (!isAtLeast(version, 8, 4, 0)) return statement;
      // Words that 8.4 took out of the grammar.
      return statement.replace(/^RESET MASTER$/i, "RESET BINARY LOGS AND GTIDS")
        .replace(/^RESET SLAVE( ALL)?$/i, "RESET REPLICA$1");
    },
  };
}

function configLines(version: ServerVersion): readonly string[] {
  const { source, replica, pluginFiles } = semiSyncNames(version);
  const replicaWords = isAtLeast(version, 8, 0, 26);
  return [
    "gtid_mode = ON",
    "enforce_gtid_consistency = ON",
    ...redoLines(version),
    "read_only = ON",
    "super_read_only = ON",
    // 33060 would be bound on every address otherwise.
    "mysqlx = OFF",
    // Else what information_schema says of a table's rows and bytes may be of the day before.
    "loose_information_schema_stats_expiry = 0",
    ...(replicaWords
      ? ["log_replica_updates = ON", "skip_replica_start = ON", "replica_net_timeout = 10"]
      : ["log_slave_updates = ON", "skip_slave_start = ON", "slave_net_timeout = 10"]),
    ...(isAtLeast(version, 8, 4, 0) ? [] : ["binlog_format = ROW"]),
    `plugin_load_add = ${source}=${pluginFiles[0]}`,
    `plugin_load_add = ${replica}=${pluginFiles[1]}`,
    `loose_${source}_timeout = ${SEMI_SYNC_TIMEOUT_MS}`,
    `loose_${source}_wait_point = AFTER_SYNC`,
  ];
}

/** A small redo log. 8.0.30 replaced the size of its files by a capacity. */
function redoLines(version: ServerVersion): readonly string[] {
  return isAtLeast(version, 8, 0, 30)
    ? ["innodb_redo_log_capacity = 33554432"]
    : ["innodb_log_file_size = 16777216"];
}

const POSITIONS: Positions = {
  readSql: "SELECT @@global.gtid_executed AS position",
  historySql: "SELECT @@global.gtid_executed AS history",
  contains(outer, inner) {
    return containsMysqlGtidSet(parseMysqlGtidSet(outer), parseMysqlGtidSet(inner));
  },
  isErrant(position, history) {
    return subtractMysqlGtidSet(parseMysqlGtidSet(position), parseMysqlGtidSet(history)).size > 0;
  },
  waitSql(position, timeoutMs) {
    const seconds = (timeoutMs / 1000).toFixed(3);
    return `SELECT WAIT_FOR_EXECUTED_GTID_SET(${quote(position)}, ${seconds}) = 0 AS reached`;
  },
};

/** "Replica" and "source" came with 8.0.22 and 8.0.23; 8.4 took the old words away. */
interface Words {
  readonly replica: "REPLICA" | "SLAVE";
  readonly source: "SOURCE" | "MASTER";
  readonly change: string;
  readonly column: { readonly replica: string; readonly source: string };
}

const NEW_WORDS: Words = {
  replica: "REPLICA",
  source: "SOURCE",
  change: "CHANGE REPLICATION SOURCE TO",
  column: { replica: "Replica", source: "Source" },
};

const OLD_WORDS: Words = {
  replica: "SLAVE",
  source: "MASTER",
  change: "CHANGE MASTER TO",
  column: { replica: "Slave", source: "Master" },
};

function replication(words: Words): ReplicationStatements {
  const { replica, source, change, column } = words;
  return {
    setSource(from: ReplicationSource) {
      return [
        `${change} ${source}_HOST = ${quote(from.host)}, ${source}_PORT = ${from.port}, ` +
        `${source}_USER = ${quote(from.user)}, ${source}_PASSWORD = ${quote(from.password)}, ` +
        // 8.4 gives up after ten tries unless told otherwise; 0 never does.
        `${source}_CONNECT_RETRY = 1, ${source}_RETRY_COUNT = 0, ` +
        `${source}_HEARTBEAT_PERIOD = 2, ${source}_AUTO_POSITION = 1, ` +
        // caching_sha2_password asks for the key when there is a password and no TLS.
        `GET_${source}_PUBLIC_KEY = 1`,
      ];
    },
    start: [`START ${replica}`],
    stop: [`STOP ${replica}`],
    restartReceiver: [`STOP ${replica} IO_THREAD`, `START ${replica} IO_THREAD`],
    reset: [`RESET ${replica} ALL`],
    statusSql: `SHOW ${replica} STATUS`,
    parseStatus(row: Row): ReplicaStatus {
      return {
        ioRunning: row[`${column.replica}_IO_Running`] !== "No",
        ioConnected: isYes(row[`${column.replica}_IO_Running`]),
        sqlRunning: isYes(row[`${column.replica}_SQL_Running`]),
        lagSeconds: lagOf(row[`Seconds_Behind_${column.source}`]),
        sourceHost: row[`${column.source}_Host`] ?? "",
        sourcePort: Number(row[`${column.source}_Port`]),
        lastError: row["Last_SQL_Error"] || row["Last_IO_Error"] || "",
      };
    },
  };
}

interface SemiSyncNames {
  readonly source: string;
  readonly replica: string;
  readonly pluginFiles: readonly [string, string];
  readonly clientsStatus: string;
}

/** The plugins were renamed in 8.0.26. */
function semiSyncNames(version: ServerVersion): SemiSyncNames {
  return isAtLeast(version, 8, 0, 26)
    ? {
      source: "rpl_semi_sync_source",
      replica: "rpl_semi_sync_replica",
      pluginFiles: ["semisync_source.so", "semisync_replica.so"],
      clientsStatus: "Rpl_semi_sync_source_clients",
    }
    : {
      source: "rpl_semi_sync_master",
      replica: "rpl_semi_sync_slave",
      pluginFiles: ["semisync_master.so", "semisync_slave.so"],
      clientsStatus: "Rpl_semi_sync_master_clients",
    };
}

function modes(names: SemiSyncNames): ModeStatements {
  return {
    readOnlySql: "SELECT @@global.read_only AS read_only",
    isReadOnly: (row: Row) => row["read_only"] !== "0",
    // super_read_only brings read_only with it, but does not take it away.
    setReadOnly: (readOnly) =>
      readOnly
        ? ["SET GLOBAL super_read_only = ON"]
        : ["SET GLOBAL super_read_only = OFF", "SET GLOBAL read_only = OFF"],
    liftForAdmin: ["SET GLOBAL super_read_only = OFF"],
    unloggedPrivilege: "SESSION_VARIABLES_ADMIN",
    setSemiSync(side, enabled) {
      return [`SET GLOBAL ${names[side]}_enabled = ${enabled ? "ON" : "OFF"}`];
    },
    semiSyncSql: `SELECT @@global.${names.source}_enabled AS source_enabled, ` +
      `@@global.${names.replica}_enabled AS replica_enabled, ` +
      "(SELECT variable_value FROM performance_schema.global_status " +
      `WHERE variable_name = '${names.clientsStatus}') AS acks`,
  };
}
