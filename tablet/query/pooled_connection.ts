/**
 * A connection to mysqld as the pools keep it: it looks like its profile says, and remembers the
 * statements that it has prepared.
 */
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { encodeErrPacket } from "../../shared/mysql/err_packet.ts";
import { encodeFrames } from "../../shared/mysql/frame.ts";
import { byteKey } from "../../shared/rpc/byte_key.ts";
import type { ConnectionProfile, PacketSink } from "../../shared/rpc/query_service.ts";
import type { MysqldConnection, PreparedStatement } from "../mysqld/connection.ts";
import type { Collations } from "./collations.ts";
import { checkTerminal } from "./terminal.ts";

/** mysqld's max_prepared_stmt_count is 16382 for all connections: 264 of ours with 60 each stay below. */
const STATEMENTS_MAX = 60;

/**
 * A reader may pause for this long between two reads; mysqld's own net_write_timeout of 60 s would
 * cut it off in the midst of a result.
 */
const WRITE_TIMEOUT_SECONDS = 3600;

const UTF8 = new TextEncoder();

export class PooledConnection {
  readonly #raw: MysqldConnection;
  readonly #collations: Collations;
  /** Ends commands when the pool closes for good. */
  readonly #options: { readonly signal: AbortSignal };
  readonly #statements = new Map<string, PreparedStatement>();
  #profile: ConnectionProfile;
  /** Monotonic milliseconds; the pool's to set. */
  idleSinceMs = 0;
  /** A KILL was sent: one that arrives late could hit the next statement. */
  tainted = false;
  /** Of its pool, when it was opened. */
  generation = 0;

  private constructor(
    raw: MysqldConnection,
    collations: Collations,
    profile: ConnectionProfile,
    options: { readonly signal: AbortSignal },
  ) {
    this.#raw = raw;
    this.#collations = collations;
    this.#profile = profile;
    this.#options = options;
  }

  /** Takes over a new connection and gives it its profile. */
  static async adopt(
    raw: MysqldConnection,
    collations: Collations,
    profile: ConnectionProfile,
    options: { readonly signal: AbortSignal },
  ): Promise<PooledConnection> {
    const connection = new PooledConnection(raw, collations, profile, options);
    try {
      await collations.load(raw, options);
      await connection.#set(profile);
    } catch (error) {
      raw.close();
      throw error;
    }
    return connection;
  }

  get profile(): ConnectionProfile {
    return this.#profile;
  }

  get threadId(): number {
    return this.#raw.threadId;
  }

  get closed(): boolean {
    return this.#raw.closed;
  }

  /** Runs a statement in text protocol; see MysqldConnection.query. */
  query(sql: Uint8Array, sink: PacketSink): Promise<Uint8Array> {
    return this.#raw.query(sql, sink, this.#options);
  }

  /** Runs a statement that has no rows of interest. Throws mysqld's refusal as MysqlError. */
  async run(sql: string): Promise<void> {
    checkTerminal(await this.#raw.query(UTF8.encode(sql), () => {}, this.#options));
  }

  /** The rows of a small query; see MysqldConnection.fetchRows. */
  async rows(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    return (await this.#raw.fetchRows(sql, this.#options)).rows;
  }

  /**
   * Runs a statement in binary protocol; it is prepared when it wasn't yet. A refusal to prepare
   * it comes as an ERR packet, like one to run it.
   */
  async execute(sql: Uint8Array, parameters: Uint8Array, sink: PacketSink): Promise<Uint8Array> {
    const key = byteKey(sql);
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      try {
        statement = await this.#prepare(key, sql);
      } catch (error) {
        if (!(error instanceof MysqlError)) throw error;
        return encodeFrames(encodeErrPacket(error), 1);
      }
    } else if (this.#statements.size === STATEMENTS_MAX) {
      // Only a full cache needs to know which statement was used last.
      this.#statements.delete(key);
      this.#statements.set(key, statement);
    }
    return await this.#raw.execute(statement.statementId, parameters, sink, this.#options);
  }

  /** Throws mysqld's refusal as MysqlError. */
  async prepare(sql: Uint8Array): Promise<PreparedStatement> {
    const key = byteKey(sql);
    return this.#statements.get(key) ?? await this.#prepare(key, sql);
  }

  async #prepare(key: string, sql: Uint8Array): Promise<PreparedStatement> {
    const [oldest] = this.#statements;
    if (oldest !== undefined && this.#statements.size >= STATEMENTS_MAX) {
      this.#statements.delete(oldest[0]);
      await this.#raw.closeStatement(oldest[1].statementId, this.#options);
    }
    const statement = await this.#raw.prepare(sql, this.#options);
    this.#statements.set(key, statement);
    return statement;
  }

  /** Makes the session new and gives it a profile of the same capabilities. */
  async reset(profile: ConnectionProfile): Promise<void> {
    this.#statements.clear();
    await this.#raw.resetConnection(this.#options);
    await this.#set(profile);
    this.#profile = profile;
  }

  /** A reset takes the character set and every variable back to the server's. */
  async #set(profile: ConnectionProfile): Promise<void> {
    const { charset, name } = this.#collations.get(profile.collation);
    const settings = profile.settings === "" ? "" : `, ${profile.settings}`;
    await this.run(
      `set names '${charset}' collate '${name}', ` +
        `net_write_timeout=${WRITE_TIMEOUT_SECONDS}${settings}`,
    );
  }

  close(): void {
    this.#raw.close();
  }
}
