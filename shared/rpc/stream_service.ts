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

export interface RowStreamRequest {
  readonly target: StreamTarget;
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
  /** Ends when all rows were given. */
  streamRows(request: RowStreamRequest, sink: RowStreamSink, options: Options): Promise<void>;
}
