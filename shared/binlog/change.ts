/**
 * What a change stream yields. Rows are text-protocol values: the bytes that mysqld would print
 * for a session with `time_zone = '+00:00'` and no result character set, so each text is in its
 * column's own charset. The one exception is FLOAT: mysqld prints six digits and loses bits, here
 * stand as many as the number needs (at most nine).
 *
 * The order that a sink may rely on: a table's `fields` come before its first row and again after
 * each change of them, also in the midst of a transaction; a transaction comes whole, or in chunks
 * of which only the last has `complete: true`; `abandoned` voids the chunks since the last
 * complete one, which come again.
 */
import type { RowValue } from "../mysql/text_row.ts";

/** A row's values in the order of the table's fields; null is NULL. */
export type Row = readonly RowValue[];

export interface Field {
  readonly name: string;
  /** MYSQL_TYPE_... as a client sees it (shared/mysql/column_types.ts); ENUM and SET as such. */
  readonly type: number;
  /** "bigint unsigned", "varchar(64)", "enum('a','b')": no attributes, no charset. */
  readonly columnType: string;
  /** Collation id; 63 for what is no text. */
  readonly collation: number;
  readonly unsigned: boolean;
  readonly nullable: boolean;
  readonly invisible: boolean;
}

export interface TableFields {
  readonly table: string;
  readonly fields: readonly Field[];
  /** Places of the primary key's columns, in key order; empty without one. */
  readonly primaryKey: readonly number[];
}

export type RowChange =
  | { readonly kind: "insert"; readonly table: string; readonly after: Row }
  | {
    readonly kind: "update";
    readonly table: string;
    readonly before: Row;
    readonly after: Row;
  }
  | { readonly kind: "delete"; readonly table: string; readonly before: Row };

/** A position is the server's GTID text behind its flavor: "MariaDB/0-1-2", "MySQL56/uuid:1-5". */
export type StreamItem =
  | { readonly kind: "fields"; readonly fields: TableFields }
  | {
    readonly kind: "transaction";
    /** After the transaction when complete; otherwise before it. */
    readonly position: string;
    readonly complete: boolean;
    /** When its last statement ran, on the server where it ran first. */
    readonly timestampSec: number;
    /** Empty for a transaction that only moves the position. */
    readonly changes: readonly RowChange[];
  }
  | { readonly kind: "abandoned" }
  | {
    readonly kind: "ddl";
    /** After the statement; before it when rows of its transaction follow (CREATE ... SELECT). */
    readonly position: string;
    readonly timestampSec: number;
    readonly sql: string;
    /** Tables of the stream's database that it defines; from and to in turn for RENAME TABLE. */
    readonly tables: readonly string[];
  }
  | {
    /** A row was inserted into _vt.resharding_journal; comes before its transaction's item. */
    readonly kind: "journal";
    readonly id: string;
    readonly value: string;
  }
  | {
    /** The source is alive and has nothing new. */
    readonly kind: "heartbeat";
    readonly position: string;
  };

/** Gets items in order, several at a time. Nothing is read while its promise is pending. */
export type StreamSink = (items: readonly StreamItem[]) => void | Promise<void>;
