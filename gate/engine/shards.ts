/** What a running plan needs of the world around it. The executor provides these. */
import type { KeyRange } from "../../shared/key/range.ts";
import type { Options, PacketSink } from "../../shared/rpc/query_service.ts";

export interface ShardCall {
  readonly keyspace: string;
  readonly shard: string;
  /** The statement's bytes. */
  readonly sql: Uint8Array;
  /** As in ExecuteRequest: undefined for text protocol. */
  readonly parameters: Uint8Array | undefined;
  /** Tables that the statement names, for denied tables. */
  readonly tables: readonly string[];
}

/** Runs statements on shards, inside whatever transaction the session has. */
export interface Shards {
  /**
   * The terminal packet, with its header: OK or EOF. An ERR of mysqld is thrown as a MysqlError
   * with the server's own text.
   */
  execute(call: ShardCall, sink: PacketSink, options: Options): Promise<Uint8Array>;
  /** The first of `count` consecutive values of a sequence table. */
  nextSequence(
    keyspace: string,
    table: string,
    count: number,
    options: Options,
  ): Promise<bigint>;
}

export interface ShardRange {
  readonly name: string;
  readonly range: KeyRange;
}
