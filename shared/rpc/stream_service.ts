/**
 * What a tablet streams to whoever connects to its RPC port: changes of its keyspace's database
 * out of the binlog, and snapshots of tables. Bytes are stream_messages.ts's; tablet/stream
 * answers, shared/host/stream_client.ts calls.
 */
import type { Row, StreamSink, TableFields } from "../binlog/change.ts";
import type { FilterRule } from "./vreplication.ts";

/** Whose rows are asked for: a tablet of another shard refuses (VT20003). */
export interface StreamTarget {
  readonly keyspace: string;
  readonly shard: string;
}

/** A key of a table, by the columns that it is read in the order of. */
export interface TableKey {
  readonly columns: readonly string[];
  readonly values: Row;
}

/** A table that a reader has not whole yet. */
export interface CopyingTable {
  readonly table: string;
  /** The last row that it has; undefined: it has none. */
  readonly upTo: TableKey | undefined;
}

export interface ChangeStreamRequest {
  readonly target: StreamTarget;
  /** With its flavor; everything after it is streamed. "" starts at the binlog's end. */
  readonly position: string;
  readonly rules: readonly FilterRule[];
  /** The stream ends exactly behind it; undefined: never. */
  readonly until?: string;
  /** Changes of these come only as far as they concern rows that the reader has. */
  readonly copying?: readonly CopyingTable[];
}

/** Asks for views of the shard as it is at one position, to read tables from side by side. */
export interface SnapshotRequest {
  readonly target: StreamTarget;
  /** A rule for each table that shall be read; as many tables as SNAPSHOT_TABLES_MAX. */
  readonly rules: readonly FilterRule[];
  /** How many tables shall be read at a time: 1 ... SNAPSHOT_READERS_MAX. */
  readonly readers: number;
}

/** MySQL holds all of them still for the moment in which a snapshot begins. */
export const SNAPSHOT_TABLES_MAX = 200;
/** Each is a connection of the source's server. */
export const SNAPSHOT_READERS_MAX = 16;

/** There until its stream ends. */
export interface OpenSnapshot {
  readonly id: string;
  /** All rows that are read from it are as they were there. */
  readonly position: string;
}

export interface RowStreamRequest {
  readonly target: StreamTarget;
  /** `id` of an OpenSnapshot that has a reader to spare. Default: one of its own. */
  readonly snapshot?: string;
  /** The rule of one table: what it selects is streamed, in the order of the primary key. */
  readonly rule: FilterRule;
  /** Rows after this key, in the primary key's order; undefined starts with the first. */
  readonly lastPk: Row | undefined;
}

/** Comes before the rows. */
export interface RowStreamStart {
  readonly fields: TableFields;
  /** All rows of the stream are as they were there. */
  readonly position: string;
  /** Of the key that the rows are in the order of; empty: there is none to go on behind. */
  readonly keyColumns: readonly string[];
}

/** A promise holds the stream back. */
export interface RowStreamSink {
  start(start: RowStreamStart): void | Promise<void>;
  /**
   * `packets`: so many row packets of the text protocol with headers, one behind the other; the
   * sink's to keep. `lastPk`: key of the last row that was read, also when the filter took it out;
   * undefined without a key.
   */
  rows(packets: Uint8Array, count: number, lastPk: Row | undefined): void | Promise<void>;
}

interface Options {
  readonly signal: AbortSignal;
}

export interface StreamService {
  /** Ends behind `until`, otherwise with the signal or an error. */
  streamChanges(request: ChangeStreamRequest, sink: StreamSink, options: Options): Promise<void>;
  /** Opens a snapshot, tells of it once, and holds it until the signal or an error. */
  holdSnapshot(
    request: SnapshotRequest,
    opened: (snapshot: OpenSnapshot) => void,
    options: Options,
  ): Promise<void>;
  /** Reads one table; ends when all rows were given. */
  streamRows(request: RowStreamRequest, sink: RowStreamSink, options: Options): Promise<void>;
}
