/**
 * What vtctld asks of a tablet: POST /rpc/NAME on the tablet's HTTP port, JSON in, JSON out.
 * An error answers with its HTTP status and {"id", "message", "errno", "sqlState"}.
 * Positions are GTID sets in the server's own text ("0-100-38" on MariaDB, "uuid:1-5" on MySQL).
 */
import type { TabletAlias, TabletType } from "../model/tablet.ts";
import type { ColumnSchema } from "./query_service.ts";
import type { VDiffAdmin } from "./vdiff.ts";
import type { VReplicationAdmin } from "./vreplication.ts";

export interface ReplicationStatus {
  /** Everything this server has applied and logged. */
  readonly position: string;
  readonly ioRunning: boolean;
  readonly sqlRunning: boolean;
  readonly lagSeconds: number | undefined;
  readonly sourceHost: string;
  readonly sourcePort: number;
  readonly lastError: string;
}

export interface QueryRows {
  readonly columns: readonly string[];
  /** Texts as mysqld printed them; null is NULL. Bytes that are not UTF-8 come as "0x...". */
  readonly rows: readonly (readonly (string | null)[])[];
  readonly affectedRows: number;
  readonly lastInsertId: string;
}

/** Request and response of each call. A name here is a path under /rpc/. */
export interface TabletAdmin extends VReplicationAdmin, VDiffAdmin {
  Ping: {
    readonly request: Record<never, never>;
    readonly response: { readonly alias: TabletAlias };
  };
  /** Reads its records of the topology again and acts on them. */
  RefreshState: { readonly request: Record<never, never>; readonly response: Record<never, never> };
  ReplicationStatus: {
    readonly request: Record<never, never>;
    readonly response: ReplicationStatus;
  };
  PrimaryPosition: {
    readonly request: Record<never, never>;
    readonly response: { readonly position: string };
  };
  WaitForPosition: {
    readonly request: { readonly position: string; readonly timeoutMs: number };
    readonly response: { readonly position: string };
  };
  /** First primary of a shard: wipes replication settings, becomes read-write, writes the reparent journal. */
  InitPrimary: {
    readonly request: { readonly semiSync: boolean };
    readonly response: { readonly position: string };
  };
  /** Somebody made its unmanaged mysqld the primary: claims the shard. Idempotent. */
  TabletExternallyReparented: {
    readonly request: Record<never, never>;
    readonly response: { readonly position: string };
  };
  /** Stops accepting writes, ends what runs, goes read-only. Idempotent. */
  DemotePrimary: {
    readonly request: Record<never, never>;
    readonly response: { readonly position: string };
  };
  /** A demoted primary takes writes again: the planned reparent was given up. */
  UndoDemotePrimary: {
    readonly request: { readonly semiSync: boolean };
    readonly response: Record<never, never>;
  };
  /** Waits for `position` ("" waits for none), stops replication, becomes read-write. */
  PromoteReplica: {
    readonly request: {
      readonly position: string;
      readonly semiSync: boolean;
      readonly timeoutMs: number;
    };
    readonly response: { readonly position: string };
  };
  /** Replicates from this host from now on; also what a former primary becomes. */
  SetReplicationSource: {
    readonly request: {
      readonly parent: TabletAlias;
      readonly host: string;
      readonly port: number;
      readonly semiSync: boolean;
      readonly start: boolean;
    };
    readonly response: Record<never, never>;
  };
  StopReplication: {
    readonly request: Record<never, never>;
    readonly response: { readonly position: string };
  };
  StartReplication: {
    readonly request: Record<never, never>;
    readonly response: Record<never, never>;
  };
  ChangeType: {
    readonly request: { readonly type: TabletType };
    readonly response: Record<never, never>;
  };
  SetReadOnly: {
    readonly request: { readonly readOnly: boolean };
    readonly response: Record<never, never>;
  };
  ExecuteFetchAsDba: {
    readonly request: {
      readonly sql: string;
      readonly rowsMax: number;
      readonly disableBinlogs: boolean;
    };
    readonly response: QueryRows;
  };
  /**
   * Checks statements against a scratch copy of the schema without changing anything. `copied`: they
   * are definitions of tables of another server, whose defaults may be dates that this one's sql_mode
   * refuses, or tables that are dropped; in any order, whatever their foreign keys.
   */
  PreflightSchema: {
    readonly request: { readonly statements: readonly string[]; readonly copied: boolean };
    readonly response: { readonly results: readonly { readonly error: string | undefined }[] };
  };
  ApplySchema: {
    readonly request: { readonly statements: readonly string[]; readonly copied: boolean };
    readonly response: Record<never, never>;
  };
  GetSchema: {
    readonly request: {
      readonly tables: readonly string[];
      readonly excludeTables: readonly string[];
      readonly includeViews: boolean;
    };
    readonly response: SchemaDefinition;
  };
  ReloadSchema: { readonly request: Record<never, never>; readonly response: Record<never, never> };
}

export interface SchemaDefinition {
  readonly databaseSchema: string;
  readonly tableDefinitions: readonly TableDefinition[];
}

export interface TableDefinition {
  readonly name: string;
  /** SHOW CREATE's text. */
  readonly schema: string;
  readonly columns: readonly ColumnSchema[];
  readonly primaryKeyColumns: readonly string[];
  /**
   * The primary key among them, a list of parts each: a column, "column(10)" for its beginning, or
   * an expression in parentheses.
   */
  readonly uniqueKeys: readonly (readonly string[])[];
  readonly type: "BASE TABLE" | "VIEW";
  readonly dataLength: string;
  readonly rowCount: string;
}

export type TabletAdminMethod = keyof TabletAdmin;

/** Header of a call that needs a lock: its token (see VReplicationAdmin.Fence). */
export const FENCE_HEADER = "x-vitess-fence";
