/** What a change stream of keyspaces yields. Types are named as Vitess names them. */
import type { RowChange, TableFields } from "../../shared/binlog/change.ts";
import type { VGtid } from "./vgtid.ts";

export interface Place {
  readonly keyspace: string;
  readonly shard: string;
}

/**
 * BEGIN ROW... COMMIT VGTID is a transaction; transactions of several shards are never mixed. Rows
 * that end in ROLLBACK instead never happened or come again: the shard's source died in the midst
 * of them. Whoever keeps the last VGTID and goes on from there gets each row exactly once.
 *
 * Rows that are copied come the same way, as inserts: each transaction with some of them.
 */
export type VEvent =
  | { readonly type: "BEGIN"; readonly place: Place; readonly timestampSec: number }
  | {
    readonly type: "ROW";
    readonly place: Place;
    readonly change: RowChange;
    readonly fields: TableFields;
  }
  | { readonly type: "COMMIT"; readonly place: Place }
  | { readonly type: "ROLLBACK"; readonly place: Place }
  /** Before a table's first row, after each change of its columns and after a change of source. */
  | { readonly type: "FIELD"; readonly place: Place; readonly fields: TableFields }
  | {
    readonly type: "DDL";
    readonly place: Place;
    readonly timestampSec: number;
    readonly sql: string;
  }
  /** All rows of a table were copied. */
  | { readonly type: "LASTPK"; readonly place: Place; readonly table: string }
  /** All rows of all tables of a shard were copied; without a place, of all shards. */
  | { readonly type: "COPY_COMPLETED"; readonly place: Place | undefined }
  /** The stream has left these shards for those of the VGTID that follows. */
  | { readonly type: "JOURNAL"; readonly id: string; readonly left: readonly Place[] }
  | { readonly type: "VGTID"; readonly vgtid: VGtid }
  /** All is well, and there was nothing for a while. */
  | { readonly type: "HEARTBEAT"; readonly timeSec: number };

/** "customer/-80". */
export function printPlace({ keyspace, shard }: Place): string {
  return `${keyspace}/${shard}`;
}
