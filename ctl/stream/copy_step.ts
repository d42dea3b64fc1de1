/** Steps of copying a table of a shard, as a reader takes them. */
import type { Row, TableFields } from "../../shared/binlog/change.ts";
import type { TableKey } from "../../shared/rpc/stream_service.ts";

export type CopyStep =
  /** A snapshot was opened at the shard's position. */
  | { readonly kind: "start"; readonly fields: TableFields }
  | {
    readonly kind: "rows";
    readonly fields: TableFields;
    readonly rows: readonly Row[];
    /** Of the last row that was read; undefined for a table that comes whole or not at all. */
    readonly upTo: TableKey | undefined;
  }
  | { readonly kind: "done" }
  /** There was no table to copy. */
  | { readonly kind: "nothing" };
