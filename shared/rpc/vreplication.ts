/**
 * What vtctld asks of a tablet about VReplication: streams that bring rows from other shards into
 * this one. Calls of the admin RPC like those of tablet_admin.ts, answered by the primary of the
 * shard that the rows go to, unless said otherwise.
 *
 * Positions have their flavor in front: "MariaDB/0-100-38", "MySQL56/uuid:1-5".
 */
import type { QueryRows } from "./tablet_admin.ts";

/** What a stream does with a change of schema that it meets. */
export type OnDdl = "IGNORE" | "STOP" | "EXEC" | "EXEC_IGNORE";

/** `match`: a table, or a /pattern/. `filter`: "", "-80", "exclude" or "select ... from t ...". */
export interface FilterRule {
  readonly match: string;
  readonly filter: string;
}

/** Where a stream's rows come from; column `source` of _vt.vreplication holds it as JSON. */
export interface BinlogSource {
  readonly keyspace: string;
  readonly shard: string;
  readonly filter: { readonly rules: readonly FilterRule[] };
  readonly onDdl: OnDdl;
  /** Ends as Stopped, "Stopped after copy.", when the rows that were there are copied. */
  readonly stopAfterCopy: boolean;
}

export type StreamState = "Init" | "Copying" | "Running" | "Stopped" | "Error" | "Unknown";

/** Numbers of the column workflow_type. */
export const WORKFLOW_TYPES = {
  materialize: 0,
  move_tables: 1,
  create_lookup_index: 2,
  migrate: 3,
  reshard: 4,
  online_ddl: 5,
} as const;
export type WorkflowType = keyof typeof WORKFLOW_TYPES;

export interface NewStream {
  readonly workflow: string;
  readonly workflowType: WorkflowType;
  readonly source: BinlogSource;
  /** Where to begin; "" copies the rows that are there first. */
  readonly position: string;
  /** "Init" starts at once. */
  readonly state: "Init" | "Stopped";
  /** Cells to read from, comma separated; "" for any. */
  readonly cells: string;
  /** Types of tablets to read from, in order of preference: "replica,rdonly,primary". */
  readonly tabletTypes: string;
  /** Secondary keys of tables with many rows are dropped first, and built when the rows are there. */
  readonly deferSecondaryKeys: boolean;
  /** JSON, for vtctld's own notes; column `options`. */
  readonly options: string;
}

/** How the message of a stream begins while it builds keys of tables whose rows are copied. */
export const BUILDING_KEYS = "Building secondary keys of";

export interface StreamStatus {
  readonly id: number;
  readonly workflow: string;
  readonly workflowType: WorkflowType;
  readonly source: BinlogSource;
  readonly position: string;
  /** "" for none. */
  readonly stopPosition: string;
  readonly state: StreamState;
  /** Of an error: cause and remedy. "FROZEN": its writes were switched; it never starts again. */
  readonly message: string;
  readonly dbName: string;
  readonly cells: string;
  readonly tabletTypes: string;
  readonly tags: string;
  readonly deferSecondaryKeys: boolean;
  readonly options: string;
  /** Seconds since 1970; 0 for never. */
  readonly timeUpdated: number;
  readonly transactionTimestamp: number;
  readonly timeHeartbeat: number;
  readonly timeThrottled: number;
  readonly componentThrottled: string;
  /** Why it waited then. */
  readonly reasonThrottled: string;
  readonly rowsCopied: number;
  /**
   * Tables that are not copied yet, or lack secondary keys still, and the last primary key of what is
   * there ("" for nothing).
   */
  readonly copyState: readonly { readonly table: string; readonly lastPk: string }[];
}

/** What may be said of a stream, and how it stands when it was. */
export interface VReplicationAdmin {
  /** A statement on _vt.vreplication and its like; SELECTs go through as they are. */
  VReplicationExec: {
    readonly request: { readonly sql: string };
    readonly response: QueryRows;
  };
  /**
   * Writes the row, and starts the stream when it shall. A stream of the same workflow from the
   * same keyspace and shard that is there already is left as it is, and its id given.
   */
  CreateStream: {
    readonly request: NewStream;
    readonly response: { readonly id: number };
  };
  /** Of one workflow; "" for all of this shard's database. */
  ReadStreams: {
    readonly request: { readonly workflow: string };
    readonly response: { readonly streams: readonly StreamStatus[] };
  };
  /**
   * Changes what is given, and answers when it is so: a stream set to Stopped applies nothing any
   * more. "Running" starts a stopped one where it stands, also in the midst of copying.
   */
  UpdateStream: {
    readonly request: {
      readonly id: number;
      readonly state?: "Running" | "Stopped";
      readonly message?: string;
      readonly stopPosition?: string;
      /** Of a stopped stream. */
      readonly position?: string;
      readonly cells?: string;
      readonly tabletTypes?: string;
      readonly onDdl?: OnDdl;
    };
    readonly response: { readonly state: StreamState; readonly position: string };
  };
  /** Stops and removes a workflow's streams with their copy states and logs. None is no error. */
  DeleteStreams: {
    readonly request: { readonly workflow: string };
    readonly response: { readonly deleted: number };
  };
  /** Until the stream has committed everything of `position`. VT20014 when it hasn't in time. */
  WaitForStream: {
    readonly request: {
      readonly id: number;
      readonly position: string;
      readonly timeoutMs: number;
    };
    readonly response: { readonly position: string };
  };
  /**
   * On the primary that the rows come from: waits until every transaction that has written to one
   * of these tables has ended (LOCK TABLES ... READ on a session of its own, and undone), then
   * answers the server's position. Ends those that still run after `graceMs`. No tables: all
   * transactions of clients.
   */
  DrainTables: {
    readonly request: {
      readonly tables: readonly string[];
      readonly graceMs: number;
      readonly timeoutMs: number;
    };
    readonly response: { readonly position: string };
  };
  /**
   * From now on calls that carry a lesser token are refused with VT22009, also after a restart of
   * the tablet and on another primary of the shard. Answers when those under way have ended.
   */
  Fence: {
    readonly request: { readonly token: number };
    readonly response: Record<never, never>;
  };
  /**
   * On a primary that writes are switched away from, in one transaction: the journal, and in place
   * of `workflow`'s streams these, which bring the writes back. Nothing when the journal is there.
   */
  WriteJournal: {
    readonly request: {
      /** Decimal; of the column's type bigint. */
      readonly id: string;
      readonly value: string;
      /** "" for none. */
      readonly workflow: string;
      readonly streams: readonly NewStream[];
    };
    readonly response: Record<never, never>;
  };
  /** Forgets the values of sequences that the tablet has reserved: their tables were changed. */
  ResetSequences: {
    readonly request: { readonly tables: readonly string[] };
    readonly response: Record<never, never>;
  };
}

export type VReplicationMethod = keyof VReplicationAdmin;
