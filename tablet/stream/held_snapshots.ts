/**
 * Snapshots that this tablet holds for others while they copy tables from them, several at a time
 * by as many connections, which all see one position. Each lives as long as the call that asked
 * for it.
 */
import { ER_SPECIFIC_ACCESS_DENIED_ERROR } from "../../shared/error/errno.ts";
import { vtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import type { OpenSnapshot } from "../../shared/rpc/stream_service.ts";
import type { MysqldConnection } from "../mysqld/connection.ts";
import { printMysqldAddress } from "../mysqld/login.ts";
import type { DefinitionReader } from "../schema/definition_rows.ts";
import { connectForStream, type StreamLogin } from "./dump.ts";
import { openSnapshots, type SnapshotTables } from "./snapshot.ts";
import { flavorOfConnection } from "./source_setup.ts";
import { runWatched, STALL_MS } from "./stall_watch.ts";
import { definitionRead, sourceDefinitions } from "./table_columns.ts";
import { refuseUnloggedChanges } from "./unlogged_changes.ts";

interface Call {
  readonly signal: AbortSignal;
}

/** Each keeps connections open, and mysqld from purging old row versions. */
export const SNAPSHOTS_MAX = 64;

/**
 * What a reader has locked is let go by rolling back to it: else a change of a table's schema
 * would wait until the last table is read, and all statements on that table behind it.
 */
const MARK = "vt_read";

/**
 * MariaDB keeps what a transaction has locked since a savepoint where it might have something for
 * the binlog (trans_rollback_to_savepoint() in sql/transaction.cc). A reader never has, and says so
 * where its user has BINLOG ADMIN; hosters give that to nobody, and there a change of schema waits.
 */
const UNLOGGED = "SET SESSION sql_log_bin = 0";

/** What readers know of the snapshot. */
export interface HeldSnapshot {
  readonly position: string;
  readonly definitions: DefinitionReader;
}

interface Held extends HeldSnapshot {
  /** Readers that nobody uses. */
  readonly idle: MysqldConnection[];
}

export class HeldSnapshots {
  readonly #login: StreamLogin;
  readonly #stallMs: number;
  readonly #held = new Map<string, Held>();
  /** Those too that are being opened. */
  #count = 0;

  /** The user reads all tables. */
  constructor(login: StreamLogin, stallMs = STALL_MS) {
    this.#login = login;
    this.#stallMs = stallMs;
  }

  /**
   * Holds a snapshot for so many readers until the signal aborts; throws its reason. VT20008,
   * VT12001 for a table whose changes can't be followed, VT26006 when mysqld hangs.
   */
  async hold(
    tables: SnapshotTables,
    readers: number,
    opened: (snapshot: OpenSnapshot) => void,
    { signal }: Call,
  ): Promise<never> {
    if (this.#count >= SNAPSHOTS_MAX) throw vtError("VT20008", "snapshot", SNAPSHOTS_MAX);
    this.#count++;
    const id = crypto.randomUUID();
    const connections: MysqldConnection[] = [];
    try {
      const definitions = sourceDefinitions(tables.database);
      const position = await this.#watched({ signal }, async (call) => {
        for (let i = 0; i < readers; i++) {
          connections.push(await connectForStream(this.#login, call));
        }
        return await this.#open(connections, tables, definitions, call);
      });
      this.#held.set(id, { position, definitions, idle: [...connections] });
      opened({ id, position });
      return await untilAborted(signal);
    } finally {
      this.#held.delete(id);
      // One that is in use ends its read with an error.
      for (const connection of connections) connection.close();
      this.#count--;
    }
  }

  async #open(
    connections: readonly MysqldConnection[],
    tables: SnapshotTables,
    definitions: DefinitionReader,
    call: Call,
  ): Promise<string> {
    const [first] = connections;
    const wants = (table: string) => tables.tables.includes(table);
    // Before all rows are copied, not behind them.
    if (first !== undefined) await refuseUnloggedChanges(first, tables.database, wants, call);
    if (first !== undefined && flavorOfConnection(first) === "mariadb") {
      for (const connection of connections) await leaveBinlog(connection, call);
    }
    const position = await openSnapshots(connections, this.#login, tables, call);
    for (const connection of connections) await connection.fetchRows(`SAVEPOINT ${MARK}`, call);
    // Behind the snapshot: it can't be read by columns that the tables had before.
    if (first !== undefined) await definitions.expect(tables.tables, definitionRead(first, call));
    return position;
  }

  #watched<T>(call: Call, work: (call: Call) => Promise<T>): Promise<T> {
    return runWatched(printMysqldAddress(this.#login.address), this.#stallMs, call, work);
  }

  /**
   * Runs `read`, which has its own watch, with a reader of the snapshot. VT26009 when it is gone or
   * has none to spare.
   */
  async use<T>(
    id: string,
    read: (connection: MysqldConnection, snapshot: HeldSnapshot) => Promise<T>,
    call: Call,
  ): Promise<T> {
    const held = this.#held.get(id);
    const connection = held?.idle.pop();
    if (held === undefined || connection === undefined) throw vtError("VT26009", id);
    const result = await read(connection, held);
    await this.#watched(
      call,
      (watched) => connection.fetchRows(`ROLLBACK TO SAVEPOINT ${MARK}`, watched),
    );
    // One whose read has failed is of no use to others.
    held.idle.push(connection);
    return result;
  }
}

async function leaveBinlog(connection: MysqldConnection, call: Call): Promise<void> {
  try {
    await connection.fetchRows(UNLOGGED, call);
  } catch (error) {
    const isRefused = error instanceof MysqlError &&
      error.errno === ER_SPECIFIC_ACCESS_DENIED_ERROR;
    if (!isRefused) throw error;
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
