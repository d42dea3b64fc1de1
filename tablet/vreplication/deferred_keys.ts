/**
 * Secondary keys that a table goes without while its rows are copied, since building a key of rows
 * that are there is many times as fast as keeping it while they come.
 *
 *     noted in _vt.post_copy_action ─▶ dropped ─▶ rows ─▶ built ─▶ no longer noted
 *
 * The invariant: a key that a table lacks is noted for some stream, under its name, from before it
 * was dropped until it is there again; and the stream's row of _vt.copy_state stays until then, so
 * that it does not pass for copied. Where several streams write one table (shards that are merged),
 * the last one to copy it builds its keys: each hands on what it has noted.
 */
import {
  ER_CHECKREAD,
  ER_DUP_KEYNAME,
  ER_LOCK_DEADLOCK,
  ER_LOCK_WAIT_TIMEOUT,
} from "../../shared/error/errno.ts";
import { vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import type { Log } from "../../shared/io/log.ts";
import { quote, quoteName } from "../mysqld/statement.ts";
import { classify } from "./classify.ts";
import {
  lackingKeys,
  parseSecondaryKey,
  readSecondaryKeys,
  type SecondaryKey,
} from "./secondary_keys.ts";
import type { WriteSession } from "./session.ts";

export interface DeferredKeysOptions {
  readonly streamId: number;
  /** The keyspace's, as mysqld calls it. */
  readonly database: string;
  readonly log: Log;
}

interface Call {
  readonly signal: AbortSignal;
}

/**
 * Names and comments are texts; mysqld itself refuses to drop a key that a foreign key needs; and
 * whoever reads the table is not waited for long.
 */
const DROP_SETTINGS =
  "SET NAMES utf8mb4, SESSION foreign_key_checks = 1, SESSION lock_wait_timeout = 1";
const BUILD_SETTINGS = "SET NAMES utf8mb4";

/** Others may build the same key, drop it once more, or settle theirs, at the same moment. */
const TRIES_MAX = 10;
const CONFLICTS: ReadonlySet<number> = new Set([ER_LOCK_DEADLOCK, ER_CHECKREAD]);

export class DeferredKeys {
  readonly #options: DeferredKeysOptions;

  constructor(options: DeferredKeysOptions) {
    this.#options = options;
  }

  /**
   * Drops the keys that mysqld lets go, before the first rows come; a key that it keeps (a foreign
   * key or AUTO_INCREMENT needs it, somebody reads the table, the user may not) is kept up row by row.
   * The session must have no transaction.
   */
  async defer(session: WriteSession, table: string, call: Call): Promise<void> {
    await session.run(DROP_SETTINGS, call);
    const keys = await readSecondaryKeys(session, table, call);
    if (keys.length > 0) {
      await session.run(this.#noting(this.#options.streamId, table, keys), call);
      await this.#drop(session, table, keys, call);
    }
    await session.prepare(call);
  }

  async #drop(
    session: WriteSession,
    table: string,
    keys: readonly SecondaryKey[],
    call: Call,
  ): Promise<void> {
    const why = await refusal(session, dropping(table, keys), call);
    if (why === undefined) return;
    // One that stays must not keep the others; a table that is in use keeps all.
    const alone = why.errno === ER_LOCK_WAIT_TIMEOUT || keys.length === 1 ? [] : keys;
    const reasons = alone.length === 0 ? [why.message] : [];
    for (const key of alone) {
      const error = await refusal(session, dropping(table, [key]), call);
      if (error !== undefined) reasons.push(error.message);
    }
    if (reasons.length === 0) return;
    this.#options.log.info("secondary keys are kept while rows come", {
      table,
      why: reasons.join("; "),
    });
  }

  /** The stream has to see to a table's keys; other streams can't tell it so before its commit. */
  async isNoted(session: WriteSession, table: string, call: Call): Promise<boolean> {
    const sql = `SELECT 1 FROM _vt.post_copy_action ${this.#where(table)} FOR UPDATE`;
    return (await session.rows(sql, call)).length > 0;
  }

  /**
   * Builds what the table lacks, and notes that it is copied; or leaves both to another stream that
   * copies it still. ER_NO_SUCH_TABLE; VT27014 when a key can't be built.
   */
  async restore(session: WriteSession, table: string, call: Call): Promise<void> {
    await session.run(BUILD_SETTINGS, call);
    for (let builds = 0; builds < TRIES_MAX; builds++) {
      const missing = await this.#settle(session, table, call);
      if (missing.length === 0) return;
      await this.#build(session, table, missing, call);
    }
    throw vtError("VT27014", table, `they are not there after ${TRIES_MAX} tries to build them`);
  }

  async #build(
    session: WriteSession,
    table: string,
    keys: readonly SecondaryKey[],
    call: Call,
  ): Promise<void> {
    const adding = keys.map(({ definition }) => `ADD ${definition}`).join(", ");
    // With LOCK = NONE other streams' rows would have to fit into a buffer meanwhile.
    const sql = `ALTER TABLE ${quoteName(table)} ${adding}, LOCK = SHARED`;
    const error = await refusal(session, sql, call);
    // Another stream has built it: what is left is looked at again.
    if (error === undefined || error.errno === ER_DUP_KEYNAME) return;
    throw classify(error).is === "stop"
      ? vtErrorFrom(error, "VT27014", table, error.message)
      : error;
  }

  /** What is to be built first; none: it is the end, or they were handed on. */
  async #settle(
    session: WriteSession,
    table: string,
    call: Call,
  ): Promise<readonly SecondaryKey[]> {
    for (let tries = 1;; tries++) {
      try {
        return await this.#settleOnce(session, table, call);
      } catch (error) {
        // mysqld has rolled it back.
        const isConflict = error instanceof MysqlError && CONFLICTS.has(error.errno);
        if (!isConflict || tries === TRIES_MAX) throw error;
      }
    }
  }

  async #settleOnce(
    session: WriteSession,
    table: string,
    call: Call,
  ): Promise<readonly SecondaryKey[]> {
    // Before the transaction: what it reads is locked, or as new as its locks.
    const streams = await this.#streams(session, call);
    await session.run("BEGIN", call);
    const noted = await this.#lockNoted(session, table, streams, call);
    const other = noted.keys.length === 0 ? undefined : noted.others[0];
    const missing = noted.keys.length === 0 || other !== undefined
      ? []
      : lackingKeys(noted.keys, await readSecondaryKeys(session, table, call));
    if (other !== undefined) await session.run(this.#noting(other, table, noted.keys), call);
    if (missing.length === 0) {
      await session.run(`DELETE FROM _vt.post_copy_action ${this.#where(table)}`, call);
      await session.run(`DELETE FROM _vt.copy_state ${this.#where(table)}`, call);
    }
    await session.run("COMMIT", call);
    return missing;
  }

  /** Ids of those that write to this database. */
  async #streams(session: WriteSession, call: Call): Promise<readonly string[]> {
    const { streamId, database } = this.#options;
    const streams = await session.rows(
      `SELECT id FROM _vt.vreplication WHERE db_name = ${quote(database)}`,
      call,
    );
    return [...new Set([String(streamId), ...streams.map(([id]) => id ?? "")])];
  }

  /**
   * The keys that are noted for this stream, and the other streams that have to copy the table:
   * none of those ends before this transaction does.
   */
  async #lockNoted(
    session: WriteSession,
    table: string,
    streams: readonly string[],
    call: Call,
  ): Promise<{ readonly keys: readonly SecondaryKey[]; readonly others: readonly number[] }> {
    const copying = await session.rows(
      "SELECT vrepl_id FROM _vt.copy_state FORCE INDEX (vrepl_id) " +
        `WHERE vrepl_id IN (${streams.join(", ")}) AND table_name = ${quote(table)} ` +
        "ORDER BY vrepl_id FOR UPDATE",
      call,
    );
    const noted = await session.rows(
      `SELECT action FROM _vt.post_copy_action ${this.#where(table)} FOR UPDATE`,
      call,
    );
    return {
      keys: noted.flatMap(([action]) => parseAction(action ?? "")),
      others: copying.map(([id]) => Number(id)).filter((id) => id !== this.#options.streamId),
    };
  }

  /** The table is gone, and its keys with it. */
  async forget(session: WriteSession, table: string, call: Call): Promise<void> {
    await session.run("ROLLBACK", call);
    await session.run(`DELETE FROM _vt.post_copy_action ${this.#where(table)}`, call);
  }

  #noting(streamId: number, table: string, keys: readonly SecondaryKey[]): string {
    const action = quote(JSON.stringify(keys.map(({ definition }) => definition)));
    return "INSERT INTO _vt.post_copy_action (vrepl_id, table_name, action, db_name) " +
      `VALUES (${streamId}, ${quote(table)}, ${action}, ${quote(this.#options.database)}) ` +
      `ON DUPLICATE KEY UPDATE action = JSON_MERGE_PRESERVE(action, ${action})`;
  }

  #where(table: string): string {
    return `WHERE vrepl_id = ${this.#options.streamId} AND table_name = ${quote(table)}`;
  }
}

/** Why mysqld refuses a statement; undefined when it doesn't. */
async function refusal(
  session: WriteSession,
  sql: string,
  call: Call,
): Promise<MysqlError | undefined> {
  try {
    await session.run(sql, call);
    return undefined;
  } catch (error) {
    if (error instanceof MysqlError) return error;
    throw error;
  }
}

function dropping(table: string, keys: readonly SecondaryKey[]): string {
  return `ALTER TABLE ${quoteName(table)} ` +
    keys.map(({ name }) => `DROP KEY ${quoteName(name)}`).join(", ");
}

/** VT27007 for what somebody else wrote there. */
function parseAction(action: string): readonly SecondaryKey[] {
  try {
    const definitions: unknown = JSON.parse(action);
    if (!Array.isArray(definitions)) throw new SyntaxError("it is no list");
    return definitions.map((definition: unknown) => {
      const key = typeof definition === "string" ? parseSecondaryKey(definition) : undefined;
      if (key === undefined) throw new SyntaxError(`no key: ${JSON.stringify(definition)}`);
      return key;
    });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw vtError("VT27007", `column action of _vt.post_copy_action: ${cause}`);
  }
}
