/** WRITE, UPDATE and DELETE_ROWS_EVENT of both versions, and MariaDB's compressed ones. */
import { inflateSync } from "node:zlib";
import { vtError } from "../error/errors.ts";
import { ByteReader } from "../mysql/byte_reader.ts";
import type { RowValue } from "../mysql/text_row.ts";
import type { Row, RowChange, TableFields } from "./change.ts";
import { type ColumnReader, columnReader } from "./column_reader.ts";
import {
  DELETE_ROWS_EVENT,
  DELETE_ROWS_EVENT_V1,
  MARIADB_DELETE_ROWS_COMPRESSED_EVENT,
  MARIADB_DELETE_ROWS_COMPRESSED_EVENT_V1,
  MARIADB_UPDATE_ROWS_COMPRESSED_EVENT,
  MARIADB_UPDATE_ROWS_COMPRESSED_EVENT_V1,
  MARIADB_WRITE_ROWS_COMPRESSED_EVENT,
  MARIADB_WRITE_ROWS_COMPRESSED_EVENT_V1,
  UPDATE_ROWS_EVENT,
  UPDATE_ROWS_EVENT_V1,
  WRITE_ROWS_EVENT,
  WRITE_ROWS_EVENT_V1,
} from "./event_types.ts";
import { RowCursor, type TextSlab } from "./row_cursor.ts";
import { tableFields } from "./table_fields.ts";
import { readTableId, type TableMap, withTextTypes } from "./table_map.ts";
import type { TextTypes } from "./text_types.ts";

export interface RowsForm {
  readonly kind: RowChange["kind"];
  /** Version 2 has extra data behind the flags. */
  readonly extra: boolean;
  readonly compressed: boolean;
}

function form(kind: RowChange["kind"], extra: boolean, compressed: boolean): RowsForm {
  return { kind, extra, compressed };
}

/** The event types that hold rows. */
export const ROWS_FORMS: ReadonlyMap<number, RowsForm> = new Map([
  [WRITE_ROWS_EVENT_V1, form("insert", false, false)],
  [UPDATE_ROWS_EVENT_V1, form("update", false, false)],
  [DELETE_ROWS_EVENT_V1, form("delete", false, false)],
  [WRITE_ROWS_EVENT, form("insert", true, false)],
  [UPDATE_ROWS_EVENT, form("update", true, false)],
  [DELETE_ROWS_EVENT, form("delete", true, false)],
  [MARIADB_WRITE_ROWS_COMPRESSED_EVENT_V1, form("insert", false, true)],
  [MARIADB_UPDATE_ROWS_COMPRESSED_EVENT_V1, form("update", false, true)],
  [MARIADB_DELETE_ROWS_COMPRESSED_EVENT_V1, form("delete", false, true)],
  [MARIADB_WRITE_ROWS_COMPRESSED_EVENT, form("insert", true, true)],
  [MARIADB_UPDATE_ROWS_COMPRESSED_EVENT, form("update", true, true)],
  [MARIADB_DELETE_ROWS_COMPRESSED_EVENT, form("delete", true, true)],
]);

/** What it takes to read the rows of one table. */
export interface RowsTable {
  readonly fields: TableFields;
  readonly readers: readonly ColumnReader[];
}

export function rowsTable(read: TableMap, types: TextTypes): RowsTable {
  const map = withTextTypes(read, types);
  const readers = map.columns.flatMap((layout, i) => {
    const metadata = map.metadata.columns[i];
    return metadata === undefined ? [] : [columnReader(layout, metadata)];
  });
  return { fields: tableFields(map), readers };
}

/** The table whose rows these are. */
export function rowsTableId(body: Uint8Array): number {
  return readTableId(new ByteReader(body));
}

/**
 * The rows of an event, in order. Values are views into `body` or into the slab. VT26003 when the
 * event lacks columns: then binlog_row_image is not FULL.
 */
export function decodeRows(
  body: Uint8Array,
  { kind, extra, compressed }: RowsForm,
  table: RowsTable,
  slab: TextSlab,
): RowChange[] {
  const reader = new ByteReader(body);
  readTableId(reader);
  reader.skip(2);
  if (extra) reader.skip(reader.u16() - 2);
  const count = reader.lenencInt();
  if (count !== table.readers.length) {
    throw vtError("VT26001", `rows of ${count} columns for a table of ${table.readers.length}`);
  }
  const bitmapBytes = (count + 7) >> 3;
  demandFull(reader.bytes(bitmapBytes), count);
  if (kind === "update") demandFull(reader.bytes(bitmapBytes), count);
  const rows = reader.rest();
  return readChanges(new RowCursor(compressed ? inflateRows(rows) : rows), kind, table, slab);
}

function readChanges(
  cursor: RowCursor,
  kind: RowChange["kind"],
  { fields, readers }: RowsTable,
  slab: TextSlab,
): RowChange[] {
  const changes: RowChange[] = [];
  const { table } = fields;
  while (cursor.offset < cursor.end) {
    const row = readRow(cursor, readers, slab);
    if (kind === "insert") changes.push({ kind, table, after: row });
    else if (kind === "delete") changes.push({ kind, table, before: row });
    else changes.push({ kind, table, before: row, after: readRow(cursor, readers, slab) });
  }
  return changes;
}

function readRow(cursor: RowCursor, readers: readonly ColumnReader[], slab: TextSlab): Row {
  const nulls = cursor.take((readers.length + 7) >> 3);
  const { bytes } = cursor;
  const row: RowValue[] = [];
  let i = 0;
  for (const read of readers) {
    const isNull = ((bytes[nulls + (i >> 3)] ?? 0) & (1 << (i & 7))) !== 0;
    row.push(isNull ? null : read(cursor, slab));
    i++;
  }
  return row;
}

function demandFull(bitmap: Uint8Array, count: number): void {
  for (let i = 0; i < count; i++) {
    if (((bitmap[i >> 3] ?? 0) & (1 << (i & 7))) === 0) {
      throw vtError("VT26003", "binlog_row_image", "MINIMAL or NOBLOB", "FULL");
    }
  }
}

const ZLIB = 0;

/**
 * MariaDB's log_bin_compress (sql/log_event.cc, binlog_buf_uncompress): a byte with the algorithm
 * and the length of the length, the length big-endian, then a zlib stream.
 */
export function inflateRows(bytes: Uint8Array): Uint8Array {
  const head = bytes[0];
  if (head === undefined) throw vtError("VT26001", "a compressed event is empty");
  const algorithm = (head & 0x70) >> 4;
  if (algorithm !== ZLIB) throw vtError("VT26002", `binlog compression algorithm ${algorithm}`);
  try {
    const plain = inflateSync(bytes.subarray(1 + (head & 7)));
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
  } catch {
    // zlib says no more than that the stream is invalid.
    throw vtError("VT26001", "a compressed event can't be decompressed");
  }
}
