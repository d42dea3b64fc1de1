/**
 * A table as it was at one moment: a connection with an open snapshot, and ways to read spans of
 * the table in it. Both sides of a comparison read through this, with the same texts of values.
 */
import type { Row } from "../../shared/binlog/change.ts";
import type { RowDigest } from "../../shared/rpc/vdiff.ts";
import type { ColumnDefinition } from "../../shared/mysql/column_definition.ts";
import { MYSQL_TYPE_FLOAT } from "../../shared/mysql/column_types.ts";
import { ERR_HEADER, mysqlErrorOf } from "../../shared/mysql/err_packet.ts";
import { FRAME_HEADER_BYTES } from "../../shared/mysql/frame.ts";
import { decodeOkPacket } from "../../shared/mysql/ok_packet.ts";
import type { MysqldConnection } from "../mysqld/connection.ts";
import { quote, quoteName } from "../mysqld/statement.ts";
import { connectForStream, type StreamLogin } from "../stream/dump.ts";
import { openSnapshots } from "../stream/snapshot.ts";
import { readTableColumns, type TableColumns } from "../stream/table_columns.ts";
import { Turns } from "../vreplication/turns.ts";
import {
  type Key,
  type KeyColumn,
  keyExpression,
  keyOf,
  orderBy,
  type Span,
  whereSpan,
} from "./key_order.ts";
import { DigestBuilder, partOf } from "./row_digest.ts";
import { scanRows } from "../mysqld/row_scanner.ts";

/** Where a table is. */
export interface TablePlace {
  readonly login: StreamLogin;
  /** The keyspace's, as mysqld calls it: vt_KEYSPACE unless the tablet is told another. */
  readonly database: string;
  readonly table: string;
}

interface Call {
  readonly signal: AbortSignal;
}

/** Which rows of the table count, and what of them is compared. */
export interface RowView {
  keeps(row: Row): boolean;
  project(row: Row): Row;
}

export const ALL_ROWS: RowView = { keeps: () => true, project: (row) => row };

export interface ReadOptions {
  /** Of the server's table, in the order in which the view wants them. */
  readonly columns: readonly string[];
  readonly view: RowView;
  readonly key: readonly KeyColumn[];
  readonly span: Span;
  /** Texts in UTF-8 instead of their own charset. */
  readonly utf8: boolean;
  /** Of a table without a key: rows whose hash falls there. */
  readonly part: { readonly index: number; readonly of: number } | undefined;
}

export interface FoundRow {
  /** Empty without a key. */
  readonly key: Key;
  readonly row: Row;
}

const UTF8 = new TextEncoder();

/** Names are read as UTF-8. */
const SETTINGS = "SET SESSION character_set_client = utf8mb4, wait_timeout = 28800";

/** A session and what it is set to; its commands come one behind the other. */
interface SnapshotSession {
  readonly connection: MysqldConnection;
  readonly turns: Turns;
  utf8: boolean;
}

export class TableSnapshot implements Disposable {
  /** Of the snapshot, with its flavor. */
  readonly position: string;
  readonly columns: TableColumns;
  readonly #session: SnapshotSession;
  readonly #place: TablePlace;

  private constructor(
    session: SnapshotSession,
    place: TablePlace,
    position: string,
    columns: TableColumns,
  ) {
    this.#session = session;
    this.#place = place;
    this.position = position;
    this.columns = columns;
  }

  /**
   * VT05004 when there is no such table. `before` are statements of the session that the snapshot's
   * transaction would not allow.
   */
  static async open(
    place: TablePlace,
    call: Call,
    before: readonly string[] = [],
  ): Promise<TableSnapshot> {
    const { login, database, table } = place;
    const connection = await connectForStream(login, call);
    try {
      await connection.fetchRows(SETTINGS, call);
      for (const sql of before) await connection.fetchRows(sql, call);
      const tables = { database, tables: [table] };
      const position = await openSnapshots([connection], login, tables, call);
      const columns = await readTableColumns(connection, database, table, call);
      const session = { connection, turns: new Turns(), utf8: false };
      return new TableSnapshot(session, place, position, columns);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Quoted, with its database. */
  get table(): string {
    return `${quoteName(this.#place.database)}.${quoteName(this.#place.table)}`;
  }

  /** A table of the same columns, in the same session; it ends with this one. */
  beside(table: string): TableSnapshot {
    const place = { ...this.#place, table };
    return new TableSnapshot(this.#session, place, this.position, this.columns);
  }

  /** Runs a statement without rows in the snapshot's session. MysqlError when it is refused. */
  async run(sql: string | Uint8Array, call: Call): Promise<number> {
    const { connection, turns } = this.#session;
    const bytes = typeof sql === "string" ? UTF8.encode(sql) : sql;
    return await turns.run(async () => {
      const terminal = await connection.query(bytes, () => {}, call);
      const payload = terminal.subarray(FRAME_HEADER_BYTES);
      if (payload[0] === ERR_HEADER) throw mysqlErrorOf(payload);
      return Number(decodeOkPacket(payload, connection.capabilities).affectedRows);
    });
  }

  /** Runs any query in the snapshot's session; see `scanRows`. */
  async scan(
    sql: string,
    onRow: (row: Row) => void,
    call: Call,
    pause?: () => Promise<void> | undefined,
  ): Promise<readonly ColumnDefinition[]> {
    const { connection, turns } = this.#session;
    return await turns.run(() => scanRows(connection, sql, onRow, call, pause));
  }

  /** Rows of the table, as the server estimates them. */
  async estimateRows(call: Call): Promise<number> {
    const { database, table } = this.#place;
    const { rows } = await this.#session.connection.fetchRows(
      "SELECT table_rows FROM information_schema.tables WHERE " +
        `table_schema = ${quote(database)} AND table_name = ${quote(table)}`,
      call,
    );
    return Number(rows[0]?.[0] ?? 0);
  }

  async digest(options: ReadOptions, call: Call): Promise<RowDigest> {
    const { view, part } = options;
    const builder = new DigestBuilder();
    await this.#scan({ ...options, tail: "", withKey: false }, (row) => {
      if (!view.keeps(row)) return;
      const seen = view.project(row);
      if (part === undefined || partOf(seen, part.of) === part.index) builder.add(seen);
    }, call);
    return builder.digest;
  }

  /**
   * Digest of the first rows of a span, `rowsMax` at most, and the key of the last one; undefined
   * when the span has no more than these. All rows count: this is the target's side.
   */
  async digestFirst(
    options: ReadOptions,
    rowsMax: number,
    call: Call,
  ): Promise<{
    readonly digest: RowDigest;
    readonly last: Key | undefined;
    readonly bytes: number;
  }> {
    const builder = new DigestBuilder();
    let count = 0;
    let bytes = 0;
    let last: Key | undefined;
    const tail = `${orderBy(options.key)} LIMIT ${rowsMax}`;
    await this.#scan({ ...options, tail, withKey: true }, (row, key) => {
      bytes += bytesOf(row);
      builder.add(options.view.project(row));
      if (++count === rowsMax) last = keyOf(key);
    }, call);
    return { digest: builder.digest, last, bytes };
  }

  /** Rows of a span in the key's order; `next` is where a limit ended it. */
  async rows(
    options: ReadOptions,
    limits: { readonly rowsMax: number; readonly bytesMax: number },
    call: Call,
  ): Promise<{ readonly rows: readonly FoundRow[]; readonly next: Key | undefined }> {
    const { view, part, key } = options;
    const rows: FoundRow[] = [];
    let read = 0;
    let bytes = 0;
    let next: Key | undefined;
    const tail = key.length === 0 ? "" : `${orderBy(key)} LIMIT ${limits.rowsMax}`;
    await this.#scan({ ...options, tail, withKey: true }, (row, values) => {
      // What is beyond the limit of bytes is read again from `next` on.
      if (next !== undefined) return;
      read++;
      if (view.keeps(row)) {
        const seen = view.project(row);
        if (part === undefined || partOf(seen, part.of) === part.index) {
          bytes += bytesOf(seen);
          rows.push({
            key: keyOf(values),
            row: seen.map((value) => value === null ? null : value.slice()),
          });
        }
      }
      const full = key.length > 0 && (read === limits.rowsMax || bytes >= limits.bytesMax);
      if (full) next = keyOf(values);
    }, call);
    return { rows, next };
  }

  async #scan(
    options: ReadOptions & { readonly tail: string; readonly withKey: boolean },
    onRow: (row: Row, key: Row) => void,
    call: Call,
  ): Promise<void> {
    if (this.#session.utf8 !== options.utf8) {
      const results = options.utf8 ? "utf8mb4" : "NULL";
      await this.run(`SET SESSION character_set_results = ${results}`, call);
      this.#session.utf8 = options.utf8;
    }
    const { columns, key, span, tail, withKey } = options;
    const list = [
      ...columns.map((name) => this.#columnExpression(name)),
      ...(withKey ? key.map(keyExpression) : []),
    ];
    const width = columns.length;
    await this.scan(
      `SELECT ${list.join(", ")} FROM ${this.table}${whereSpan(key, span)}${tail}`,
      withKey ? (row) => onRow(row.slice(0, width), row.slice(width)) : (row) => onRow(row, row),
      call,
    );
  }

  /** A FLOAT's text has six digits: two of them may look alike and differ. */
  #columnExpression(name: string): string {
    const { fields } = this.columns.fields;
    const isFloat = fields.some((field) => field.name === name && field.type === MYSQL_TYPE_FLOAT);
    return isFloat ? `${quoteName(name)} + 0e0` : quoteName(name);
  }

  [Symbol.dispose](): void {
    this.#session.connection.close();
  }
}

function bytesOf(row: Row): number {
  let bytes = 0;
  for (const value of row) bytes += value?.length ?? 0;
  return bytes;
}
