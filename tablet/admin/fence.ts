/**
 * Who may still act on this tablet. A keyspace's lock has a token that grows with each holder, and
 * calls that change something for a workflow carry it. Whoever takes over sends his own first; from
 * then on a lesser one is refused: a vtctld that was stopped, and doesn't know that its lock is lost,
 * or a call of it that was on its way, changes nothing any more.
 *
 * The greatest token is a row of `_vt`, so that it outlives this process and goes with the rows to
 * the shard's next primary.
 */
import { vtError } from "../../shared/error/errors.ts";
import { type CallOptions, queryRow, type StatementRunner } from "../mysqld/dba.ts";
import { quote } from "../mysqld/statement.ts";

const NAME = "workflow_fence";

interface Running {
  readonly token: number;
  readonly over: Promise<void>;
}

export class Fence {
  readonly #sql: StatementRunner;
  readonly #database: string;
  readonly #running = new Set<Running>();
  /** The greatest that was raised here, or seen in the row; undefined: the row is to be read. */
  #token: number | undefined;
  /** Of the last call that the row was read for, on this primary. */
  #checked: number | undefined;
  #primary = false;
  /** Grows with each change of the role. */
  #term = 0;

  constructor(sql: StatementRunner, database: string) {
    this.#sql = sql;
    this.#database = database;
  }

  /** While another tablet is the primary, what is known here grows old: the row is read again. */
  setPrimary(primary: boolean): void {
    if (primary === this.#primary) return;
    this.#primary = primary;
    this.#checked = undefined;
    this.#term++;
  }

  /** Does what a call asks for. VT22009 for a token of the past; one without any is always let in. */
  async run<T>(
    token: number | undefined,
    work: () => Promise<T>,
    options: CallOptions,
  ): Promise<T> {
    if (token === undefined) return await work();
    await this.#demand(token, options);
    const over = Promise.withResolvers<void>();
    const running = { token, over: over.promise };
    this.#running.add(running);
    try {
      return await work();
    } finally {
      this.#running.delete(running);
      over.resolve();
    }
  }

  /** See VReplicationAdmin.Fence. VT22009 when a later token is known. */
  async raise(token: number, options: CallOptions): Promise<void> {
    // At once: what comes while the row is written is refused already.
    this.#notice(token);
    await this.#sql.query(
      "INSERT INTO _vt.shard_metadata (name, db_name, value) " +
        `VALUES (${quote(NAME)}, ${quote(this.#database)}, '${token}') ` +
        `ON DUPLICATE KEY UPDATE value = GREATEST(CAST(value AS UNSIGNED), ${token})`,
      options,
    );
    this.#checked = undefined;
    await this.#demand(token, options);
    const older = [...this.#running].filter((running) => running.token < token);
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(options.signal.reason);
    options.signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([Promise.all(older.map(({ over }) => over)), aborted.promise]);
    } finally {
      options.signal.removeEventListener("abort", onAbort);
    }
  }

  /** VT22009 when a later token is known, here or in the row. */
  async #demand(token: number, options: CallOptions): Promise<void> {
    if (token !== this.#checked) {
      const term = this.#term;
      this.#notice(await this.#read(options));
      if (this.#primary && term === this.#term) this.#checked = token;
    }
    if (token < (this.#token ?? 0)) throw vtError("VT22009", "the call");
  }

  #notice(token: number): void {
    this.#token = Math.max(this.#token ?? 0, token);
  }

  async #read(options: CallOptions): Promise<number> {
    const row = await queryRow(
      this.#sql,
      `SELECT value FROM _vt.shard_metadata WHERE name = ${quote(NAME)} ` +
        `AND db_name = ${quote(this.#database)}`,
      options,
    );
    return Number(row?.["value"] ?? 0);
  }
}
