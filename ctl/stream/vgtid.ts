/**
 * A position in the change stream of keyspaces: how far each shard was read, and which of its
 * tables were not given whole yet.
 */
import type { CopyingTable } from "../../shared/rpc/stream_service.ts";

export interface ShardGtid {
  readonly keyspace: string;
  readonly shard: string;
  /** With its flavor, "MariaDB/0-1-2"; everything after it is to come. */
  readonly gtid: string;
  /** In the order in which they come; absent when the copy phase is over, or was not asked for. */
  readonly copying?: readonly CopyingTable[];
}

export type VGtid = readonly ShardGtid[];

/** What people write for "from now on". */
export const CURRENT = "current";
/** What they write for "all rows first". */
export const FROM_COPY = "";

/** As a caller writes a position: a shard of "" is all shards, a gtid CURRENT or FROM_COPY. */
export type WishedGtid = ShardGtid;
