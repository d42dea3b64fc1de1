/**
 * What differs between MariaDB and MySQL, as statements and readers of rows. One module per
 * server (flavor_mariadb.ts, flavor_mysql.ts); they hold no connection and run nothing.
 *
 * Positions are texts in the server's own form: "0-100-38" on MariaDB, "uuid:1-5" on MySQL.
 */
import { mariadbFlavor } from "./flavor_mariadb.ts";
import { mysqlFlavor } from "./flavor_mysql.ts";
import type { ServerVersion } from "./version.ts";

export interface Flavor {
  readonly version: ServerVersion;
  readonly setup: ServerSetup;
  readonly positions: Positions;
  readonly replication: ReplicationStatements;
  readonly modes: ModeStatements;
}

/** A row of text columns by name; null is NULL. */
export type Row = Readonly<Record<string, string | null>>;

/** A program and its arguments. */
export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
}

export interface ServerSetup {
  /** Fills an absent or empty data directory. `server` comes from locate.ts. */
  initialise(server: ServerFiles, dataDir: string, user: string | undefined): ServerCommand;
  /** Lines of [mysqld] that only this server knows. */
  readonly configLines: readonly string[];
  /** Entries of a fresh data directory that must not be shared between servers. */
  readonly perServerFiles: readonly string[];
  /** A statement of an init SQL file in this server's words; undefined when it has no such thing. */
  translateInit(statement: string): string | undefined;
}

/** Where a server's program and its files lie. */
export interface ServerFiles {
  readonly binary: string;
  /** Given where the server was moved from where it was built for. */
  readonly basedir: string | undefined;
}

export interface Positions {
  /** One row, column `position`: everything this server has applied. */
  readonly readSql: string;
  /** One row, column `history`: what `isErrant` wants to know of a primary. */
  readonly historySql: string;
  /** True when a server at `outer` has everything of `inner`. SyntaxError on malformed texts. */
  contains(outer: string, inner: string): boolean;
  /** True when a replica at `position` has transactions that the primary with `history` lacks. */
  isErrant(position: string, history: string): boolean;
  /** One row, column `reached`: "1" when the position was reached in time. */
  waitSql(position: string, timeoutMs: number): string;
}

/** Where a replica replicates from. */
export interface ReplicationSource {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** SHOW REPLICA STATUS, as far as it matters. */
export interface ReplicaStatus {
  readonly ioRunning: boolean;
  /** Connected, not only trying to. */
  readonly ioConnected: boolean;
  readonly sqlRunning: boolean;
  readonly lagSeconds: number | undefined;
  readonly sourceHost: string;
  readonly sourcePort: number;
  readonly lastError: string;
}

export interface ReplicationStatements {
  /** Points a stopped replica at a source, with GTID auto-position. */
  setSource(source: ReplicationSource): readonly string[];
  readonly start: readonly string[];
  readonly stop: readonly string[];
  /** Restarts the thread that receives, so that a change of semi-sync takes effect. */
  readonly restartReceiver: readonly string[];
  /** Forgets the source. */
  readonly reset: readonly string[];
  readonly statusSql: string;
  parseStatus(row: Row): ReplicaStatus;
}

export type SemiSyncSide = "source" | "replica";

export interface ModeStatements {
  readonly readOnlySql: string;
  /** From a row of `readOnlySql`. */
  isReadOnly(row: Row): boolean;
  setReadOnly(readOnly: boolean): readonly string[];
  /** Lets administrators write to a read-only server, and nobody else. */
  readonly liftForAdmin: readonly string[];
  /** What SET SESSION sql_log_bin asks for. */
  readonly unloggedPrivilege: string;
  setSemiSync(side: SemiSyncSide, enabled: boolean): readonly string[];
  /** One row, columns `source_enabled`, `replica_enabled` ("1" or "0") and `acks` (connected semi-sync replicas). */
  readonly semiSyncSql: string;
}

export function flavorOf(version: ServerVersion): Flavor {
  return version.flavor === "mariadb" ? mariadbFlavor(version) : mysqlFlavor(version);
}
