/** A cluster as its file describes it, decoded: what should run, not how. */
import type { DurabilityPolicy } from "../../shared/model/records.ts";
import type { TabletType } from "../../shared/model/tablet.ts";

export interface ClusterSpec {
  /** Names the roots in the topology: /vitess/NAME/global. */
  readonly name: string;
  readonly cells: readonly CellSpec[];
  readonly keyspaces: readonly KeyspaceSpec[];
  /** SQL that runs through vtgate once all is up for the first time; a path. May run again, as above. */
  readonly initialData: string | undefined;
  /** Keys of the file that a real operator reads and that mean nothing on one machine. */
  readonly ignored: readonly string[];
}

export interface CellSpec {
  readonly name: string;
  /** Number of vtgates. */
  readonly gates: number;
  /** Content of users.json; undefined lets nobody in but "user" without a password on loopback. */
  readonly usersJson: string | undefined;
}

export interface KeyspaceSpec {
  readonly name: string;
  readonly durabilityPolicy: DurabilityPolicy;
  /** mysqld's database; undefined means vt_NAME. */
  readonly databaseName: string | undefined;
  /** Program of its mysqlds; undefined means the one that the whole cluster runs on. */
  readonly mysqld: string | undefined;
  /** "Immediate" turns down what the file no longer has; "RequireIdle" only what serves nothing. */
  readonly turndownPolicy: "Immediate" | "RequireIdle";
  readonly shards: readonly ShardSpec[];
  /**
   * Paths; applied when the keyspace is new. A start that is cut off while it does so does it again:
   * CREATE TABLE IF NOT EXISTS bears that.
   */
  readonly initialSchema: string | undefined;
  readonly initialVSchema: string | undefined;
}

export interface ShardSpec {
  readonly name: string;
  readonly tablets: readonly TabletSpec[];
  /** SQL that runs once on each new mysqld. */
  readonly initDbSql: string | undefined;
}

export interface TabletSpec {
  readonly cell: string;
  readonly uid: number;
  readonly type: Extract<TabletType, "replica" | "rdonly">;
  /** The mysqld that it guards when somebody else runs that; undefined: one of its own. */
  readonly external: ExternalDatastore | undefined;
  /** Whether it may be the first primary of its shard. */
  readonly electable: boolean;
}

export interface ExternalDatastore {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly password: string;
}
