/** A session that writes a stream's rows: nothing is converted, checked twice or cut short in it. */
import { decodeOkPacket } from "../../shared/mysql/ok_packet.ts";
import { CLIENT_DEPRECATE_EOF, CLIENT_FOUND_ROWS } from "../../shared/mysql/capabilities.ts";
import { ERR_HEADER, mysqlErrorOf } from "../../shared/mysql/err_packet.ts";
import { FRAME_HEADER_BYTES } from "../../shared/mysql/frame.ts";
import { WARN_DATA_TRUNCATED } from "../../shared/error/errno.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { Row } from "../../shared/binlog/change.ts";
import type { ColumnDefinition } from "../../shared/mysql/column_definition.ts";
import { MysqldConnection } from "../mysqld/connection.ts";
import type { MysqldAddress } from "../mysqld/login.ts";
import { scanRows } from "../mysqld/row_scanner.ts";

export interface WriteLogin {
  readonly address: MysqldAddress;
  readonly user: string;
  readonly password: string;
  /** The keyspace's, as mysqld calls it: vt_KEYSPACE unless the tablet is told another. */
  readonly database: string;
}

interface Call {
  readonly signal: AbortSignal;
}

/** utf8mb4_general_ci: of the handshake only. */
const HANDSHAKE_COLLATION = 45;

/**
 * Binary texts pass as they are; zero is a value of AUTO_INCREMENT columns; invalid dates are the
 * source's business; rows that refer to others come in any order.
 */
const SETTINGS = "SET NAMES binary, SESSION time_zone = '+00:00', " +
  "SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', " +
  "SESSION sql_notes = 1, SESSION foreign_key_checks = 0, SESSION wait_timeout = 28800, " +
  "SESSION net_write_timeout = 600, SESSION lock_wait_timeout = DEFAULT";

const UTF8 = new TextEncoder();

export class WriteSession implements Disposable {
  readonly #connection: MysqldConnection;

  private constructor(connection: MysqldConnection) {
    this.#connection = connection;
  }

  /** VT20012 when mysqld is not there. */
  static async open(login: WriteLogin, call: Call): Promise<WriteSession> {
    const connection = await MysqldConnection.connect({
      ...login,
      // Matched rows count, so that a position that was saved is told from a stream that is gone.
      capabilities: CLIENT_DEPRECATE_EOF | CLIENT_FOUND_ROWS,
      collation: HANDSHAKE_COLLATION,
    }, call);
    const session = new WriteSession(connection);
    try {
      await session.prepare(call);
      return session;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Gives back the settings that rows are written with to a session that has changed them. */
  async prepare(call: Call): Promise<void> {
    await this.run(SETTINGS, call);
  }

  /** Runs a statement without a result; gives the rows that it matched. MysqlError when refused. */
  async run(sql: string | Uint8Array, call: Call): Promise<number> {
    return (await this.#ok(sql, call)).matched;
  }

  /**
   * The same for rows of which these columns, in small letters, must be kept as they are. VT27013
   * when the server notes that one was not, or more than it lists (max_error_count). Columns that it
   * generates are rounded as they were at the source.
   */
  async write(
    table: string,
    columns: readonly string[],
    sql: Uint8Array,
    call: Call,
  ): Promise<number> {
    const { matched, warnings } = await this.#ok(sql, call);
    if (warnings === 0) return matched;
    const notes = await this.rows("SHOW WARNINGS", call);
    for (const [, code, text] of notes) {
      const said = (text ?? "").toLowerCase();
      const isOurs = columns.some((column) => said.includes(`'${column}'`));
      if (Number(code) === WARN_DATA_TRUNCATED && isOurs) {
        throw vtError("VT27013", table, text ?? "");
      }
    }
    if (notes.length < warnings) {
      throw vtError("VT27013", table, `mysqld notes ${warnings} things and lists ${notes.length}`);
    }
    return matched;
  }

  async #ok(
    sql: string | Uint8Array,
    call: Call,
  ): Promise<{ readonly matched: number; readonly warnings: number }> {
    const bytes = typeof sql === "string" ? UTF8.encode(sql) : sql;
    const terminal = await this.#connection.query(bytes, () => {}, call);
    const payload = terminal.subarray(FRAME_HEADER_BYTES);
    if (payload[0] === ERR_HEADER) throw mysqlErrorOf(payload);
    const ok = decodeOkPacket(payload, this.#connection.capabilities);
    return { matched: Number(ok.affectedRows), warnings: ok.warnings };
  }

  /** The rows of a small result, in UTF-8. */
  async rows(sql: string, call: Call): Promise<readonly (readonly (string | null)[])[]> {
    return (await this.#connection.fetchRows(sql, call)).rows;
  }

  /** Each row as the server's own bytes; values are views. */
  async scan(
    sql: string,
    onRow: (row: Row) => void,
    call: Call,
  ): Promise<readonly ColumnDefinition[]> {
    return await scanRows(this.#connection, sql, onRow, call);
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}
