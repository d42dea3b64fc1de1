/**
 * The end of transactions, and savepoints. Of more than one shard a commit is best effort, in the
 * order in which the shards joined (go/vt/vtgate/tx_conn.go): a shard that fails leaves those
 * before it committed, and the client gets the error and a warning that says so.
 */
import { vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import type { Options, QueryService } from "../../shared/rpc/query_service.ts";
import type { ShardConnection } from "../session/state.ts";
import { quoteName } from "../../shared/sql/print.ts";
import { bytesOf } from "../engine/template.ts";
import { beginText } from "../session/settings.ts";
import type { LiveSession } from "./live_session.ts";
import type { SessionShards } from "./session_shards.ts";

/** Vitess's own error number for a commit that is not atomic. */
const ER_NON_ATOMIC_COMMIT = 301;

export class Transactions {
  readonly #session: LiveSession;
  readonly #tablets: QueryService;
  readonly #shards: SessionShards;

  constructor(session: LiveSession, tablets: QueryService, shards: SessionShards) {
    this.#session = session;
    this.#tablets = tablets;
    this.#shards = shards;
  }

  /** Opens a transaction here; each shard opens its part with its first statement. */
  begin(how: {
    readonly consistentSnapshot: boolean;
    readonly access: "read only" | "read write" | undefined;
    readonly implicit: boolean;
  }): void {
    const access = how.access ?? this.#session.state.nextTransaction.access;
    const begin = beginText(how.consistentSnapshot, access);
    this.#session.apply({ on: "begin", begin, implicit: how.implicit });
  }

  /** Sets a savepoint on the shards that take part; one that joins later gets it first. */
  async savepoint(name: string, signal: AbortSignal): Promise<void> {
    await this.#onShards(`savepoint ${quoteName(name)}`, signal);
    this.#session.apply({ on: "savepoint", name });
  }

  async releaseSavepoint(name: string, signal: AbortSignal): Promise<void> {
    // The state refuses an unknown name before any shard hears of it.
    this.#session.apply({ on: "savepoint_released", name });
    await this.#onShards(`release savepoint ${quoteName(name)}`, signal);
  }

  async rollbackTo(name: string, signal: AbortSignal): Promise<void> {
    this.#session.apply({ on: "rolled_back_to", name });
    await this.#onShards(`rollback to ${quoteName(name)}`, signal);
  }

  /**
   * Takes back a change that failed on some shard. When that can't be done the transaction is
   * rolled back as a whole.
   */
  async undoChange(name: string, cause: unknown, signal: AbortSignal): Promise<void> {
    if (this.#session.state.transaction.at !== "open") return;
    try {
      await this.rollbackTo(name, signal);
      await this.releaseSavepoint(name, signal);
    } catch (error) {
      const text = cause instanceof Error ? cause.message : String(cause);
      this.#session.apply({ on: "transaction_failed", cause: text, deadlock: false });
      throw vtErrorFrom(error, "VT15001", text);
    }
  }

  async #onShards(sql: string, signal: AbortSignal): Promise<void> {
    const bytes = bytesOf(sql);
    for (const { target } of this.shards) {
      const { keyspace, shard } = target;
      const call = { keyspace, shard, sql: bytes, parameters: undefined, tables: [] };
      await this.#shards.execute(call, () => {}, { signal });
    }
  }

  /** Shards that take part now. */
  get shards(): readonly ShardConnection[] {
    const { transaction } = this.#session.state;
    return transaction.at === "none" ? [] : transaction.shards;
  }

  /**
   * Commits what is open. Whatever happens, no transaction is open afterwards. VT15001 for one that
   * has lost a part: its rows are gone, and nobody may take them for committed.
   */
  async commit(options: Options): Promise<void> {
    const { transaction } = this.#session.state;
    if (transaction.at === "failed") {
      await this.rollback();
      if (transaction.deadlock) return;
      throw vtError("VT15001", transaction.cause);
    }
    if (transaction.at === "none") return;
    const { shards, changed } = transaction;
    this.#session.apply({ on: "transaction_ended" });
    for (const [done, shard] of shards.entries()) {
      try {
        await this.#commitShard(shard, changed, options);
      } catch (error) {
        await this.#rollbackAll(shards.slice(done + 1), changed);
        if (done > 0) this.#warnNonAtomic(shards.slice(0, done));
        throw error;
      }
    }
  }

  /** Rolls back everywhere. A shard that can't be reached has lost its part already. */
  async rollback(): Promise<void> {
    const { transaction } = this.#session.state;
    if (transaction.at === "none") return;
    this.#session.apply({ on: "transaction_ended" });
    await this.#rollbackAll(transaction.shards, transaction.changed);
  }

  /** A connection that SET has changed is reset, which commit alone doesn't do. */
  async #commitShard(shard: ShardConnection, changed: boolean, options: Options): Promise<void> {
    const { target, transactionId } = shard;
    if (!changed) return await this.#tablets.commit(target, transactionId, options);
    await this.#shards.executeOn(shard, "commit", options);
    await this.#tablets.release(target, transactionId, options);
  }

  /** SET within the transaction, on each of its connections. */
  async changeConnections(assignments: string, options: Options): Promise<void> {
    if (assignments === "" || this.shards.length === 0) return;
    this.#session.apply({ on: "connections_changed" });
    for (const shard of this.shards) {
      await this.#shards.executeOn(shard, `set ${assignments}`, options);
    }
  }

  /** Not bound to the client: one that is gone must leave no transaction behind. */
  async #rollbackAll(shards: readonly ShardConnection[], changed: boolean): Promise<void> {
    const options = { signal: new AbortController().signal };
    await Promise.allSettled(
      shards.map(({ target, transactionId }) =>
        changed
          ? this.#tablets.release(target, transactionId, options)
          : this.#tablets.rollback(target, transactionId, options)
      ),
    );
  }

  /**
   * Lets the tablet know that the session's GET_LOCKs are still wanted. One that is lost is found
   * so by the session's next statement about locks.
   */
  async keepLocks(options: Options): Promise<void> {
    const { lockConnection } = this.#session.state;
    if (lockConnection === undefined) return;
    await Promise.allSettled([this.#shards.executeOn(lockConnection, "do 0", options)]);
  }

  /** Gives up the session's GET_LOCKs. */
  async releaseLocks(): Promise<void> {
    const { lockConnection } = this.#session.state;
    if (lockConnection === undefined) return;
    this.#session.apply({ on: "lock_connection", connection: undefined });
    const { target, transactionId } = lockConnection;
    const { signal } = new AbortController();
    await Promise.allSettled([this.#tablets.release(target, transactionId, { signal })]);
  }

  #warnNonAtomic(committed: readonly ShardConnection[]): void {
    const names = committed.map(({ target }) => target.shard).join(", ");
    const message =
      `multi-db commit failed after committing to ${committed.length} shards: ${names}`;
    this.#session.outcome.warnings = [{ level: "Warning", code: ER_NON_ATOMIC_COMMIT, message }];
  }
}
