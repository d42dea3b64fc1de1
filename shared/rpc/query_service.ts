/**
 * What a gate asks of a tablet, as plain types. The bytes are shared/rpc/frame.ts's and
 * shared/rpc/messages.ts's; gate/tablets calls it, tablet/query answers it.
 */
import type { TabletAlias, Target } from "../model/tablet.ts";

/** How the mysqld connection that runs a statement must look. Pools are keyed by it. */
export interface ConnectionProfile {
  /** The bits of CLIENT_DEPRECATE_EOF and CLIENT_FOUND_ROWS that the client negotiated, so that
   * mysqld's packets fit it unchanged. */
  readonly capabilities: number;
  /** Collation id of character_set_client/connection/results. */
  readonly collation: number;
  /** "" or the assignments of one SET statement, e.g. "sql_mode='',time_zone='+00:00'", in a fixed order. */
  readonly settings: string;
}

export interface Limits {
  /** 0 means the tablet's own. */
  readonly timeoutMs: number;
  /** 0 means none. */
  readonly rowsMax: number;
  /** 0 means none. */
  readonly bytesMax: number;
}

export interface ExecuteRequest {
  readonly target: Target;
  /** The client's user, for logs and limits. */
  readonly user: string;
  readonly profile: ConnectionProfile;
  /** A transaction or reserved connection of this tablet; 0 means any pooled connection. */
  readonly transactionId: number;
  /** With transactionId 0: open a transaction with this statement first ("begin", "start transaction read only"). "" opens none. */
  readonly begin: string;
  /** With transactionId 0: keep the connection for this session (temporary tables, GET_LOCK). */
  readonly reserve: boolean;
  readonly sql: Uint8Array;
  /**
   * Undefined: text protocol. Otherwise the statement is prepared (once per connection) and these
   * bytes, the part of COM_STMT_EXECUTE from the NULL bitmap on with new_params_bound = 1, are its
   * parameters; the result is in binary protocol.
   */
  readonly parameters: Uint8Array | undefined;
  /** Tables that the statement names, for denied tables. */
  readonly tables: readonly string[];
  readonly limits: Limits;
}

/**
 * Takes whole MySQL packets with their headers, as mysqld sent them (sequence ids from 1), except
 * the last one. The bytes are valid only during the call. A promise holds the stream back.
 */
export type PacketSink = (packets: Uint8Array) => void | Promise<void>;

export interface ExecuteResult {
  /** The transaction or reserved connection that now exists (0: none). */
  readonly transactionId: number;
  /** Where it lives: a gate must come back to this tablet. */
  readonly tablet: TabletAlias;
  /** The last packet with its header: OK, EOF or ERR. An ERR of mysqld is a result, not an exception. */
  readonly terminal: Uint8Array;
  /** What SHOW WARNINGS says right behind a statement that has some; [] without. */
  readonly warnings: readonly ServerWarning[];
}

/** A row of SHOW WARNINGS. */
export interface ServerWarning {
  readonly level: "Note" | "Warning" | "Error";
  readonly code: number;
  readonly message: string;
}

export interface PrepareResult {
  /** Column-definition packets with headers, each; empty for a statement without a result. */
  readonly columns: readonly Uint8Array[];
  readonly parameters: readonly Uint8Array[];
}

export interface TabletHealth {
  readonly alias: TabletAlias;
  readonly target: Target;
  readonly serving: boolean;
  /** RFC 3339; the latest wins when two tablets say primary. */
  readonly primaryTermStartTime: string | undefined;
  /** Undefined: unknown (replication is not running). */
  readonly lagSeconds: number | undefined;
  /** Why it isn't serving. */
  readonly error: string | undefined;
  /** Grows whenever the schema may have changed. */
  readonly schemaVersion: number;
}

export interface ColumnSchema {
  readonly name: string;
  /** As in information_schema: "bigint(20)", "varchar(64)". */
  readonly columnType: string;
  readonly dataType: string;
  readonly collation: string | undefined;
  readonly nullable: boolean;
  readonly autoIncrement: boolean;
  readonly generated: boolean;
  readonly invisible: boolean;
}

export interface TableSchema {
  readonly name: string;
  readonly type: "BASE TABLE" | "VIEW";
  readonly columns: readonly ColumnSchema[];
  readonly primaryKey: readonly string[];
  /** Table comment; "vitess_sequence" marks a sequence. */
  readonly comment: string;
}

export interface Options {
  readonly signal: AbortSignal;
}

export interface QueryService {
  execute(request: ExecuteRequest, sink: PacketSink, options: Options): Promise<ExecuteResult>;
  /** Prepares on some connection and answers the metadata; the tablet may forget it again. */
  prepare(request: ExecuteRequest, options: Options): Promise<PrepareResult>;
  commit(target: Target, transactionId: number, options: Options): Promise<void>;
  rollback(target: Target, transactionId: number, options: Options): Promise<void>;
  /** Gives a reserved connection back; an open transaction on it is rolled back. */
  release(target: Target, transactionId: number, options: Options): Promise<void>;
  /** The first of `count` consecutive values of a sequence table. */
  nextSequence(target: Target, table: string, count: number, options: Options): Promise<bigint>;
  schema(target: Target, options: Options): Promise<readonly TableSchema[]>;
  /** The current state at once, then each change and a heartbeat; ends with the signal or the connection. */
  streamHealth(onHealth: (health: TabletHealth) => void, options: Options): Promise<void>;
}
