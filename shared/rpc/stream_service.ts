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

export interface ChangeStreamRequest {
  readonly target: StreamTarget;
  /** With its flavor; everything after it is streamed. "" starts at the binlog's end. */
  readonly position: string;
  readonly rules: readonly FilterRule[];
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
}

/** A promise holds the stream back. */
export interface RowStreamSink {
  start(start: RowStreamStart): void | Promise<void>;
  /**
   * `lastPk`: key of the last row that was read, also when the filter took it out. Undefined for a
   * table without a primary key: its stream can't be resumed.
   */
  rows(rows: readonly Row[], lastPk: Row | undefined): void | Promise<void>;
}

interface Options {
  readonly signal: AbortSignal;
}

export interface StreamService {
  /** Ends with the signal or an error; never by itself. */
  streamChanges(request: ChangeStreamRequest, sink: StreamSink, options: Options): Promise<void>;
  /** Ends when all rows were given. */
  streamRows(request: RowStreamRequest, sink: RowStreamSink, options: Options): Promise<void>;
}
