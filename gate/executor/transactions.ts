/**
 * The end of transactions, and savepoints. Of more than one shard a commit is best effort, in the
 * order in which the shards joined (go/vt/vtgate/tx_conn.go): a shard that fails leaves those
 * before it committed, and the client gets the error and a warning that says so.
 */
import { MysqlError } from "../../shared/error/mysql_error.ts";
import type { Options, QueryService } from "../../shared/rpc/query_service.ts";
import type { ShardConnection } from "../session/state.ts";
import type { LiveSession } from "./live_session.ts";

/** Vitess's own error number for a commit that is not atomic. */
const ER_NON_ATOMIC_COMMIT = 301;

export class Transactions {
  readonly #session: LiveSession;
  readonly #tablets: QueryService;

  constructor(session: LiveSession, tablets: QueryService) {
    this.#session = session;
    this.#tablets = tablets;
  }

  /** Shards that take part now. */
  get shards(): readonly ShardConnection[] {
    const { transaction } = this.#session.state;
    return transaction.at === "none" ? [] : transaction.shards;
  }

  /** Commits what is open. Whatever happens, no transaction is open afterwards. */
  async commit(options: Options): Promise<void> {
    const shards = this.shards;
    if (this.#session.state.transaction.at === "failed") {
      await this.rollback();
      return;
    }
    this.#session.apply({ on: "transaction_ended" });
    for (const [done, shard] of shards.entries()) {
      try {
        await this.#tablets.commit(shard.target, shard.transactionId, options);
      } catch (error) {
        await this.#rollbackAll(shards.slice(done + 1));
        if (done > 0) this.#warnNonAtomic(shards.slice(0, done));
        throw error;
      }
    }
  }

  /** Rolls back everywhere. A shard that can't be reached has lost its part already. */
  async rollback(): Promise<void> {
    const shards = this.shards;
    if (this.#session.state.transaction.at === "none") return;
    this.#session.apply({ on: "transaction_ended" });
    await this.#rollbackAll(shards);
  }

  /** Not bound to the client: one that is gone must leave no transaction behind. */
  async #rollbackAll(shards: readonly ShardConnection[]): Promise<void> {
    const { signal } = new AbortController();
    await Promise.allSettled(
      shards.map(({ target, transactionId }) =>
        this.#tablets.rollback(target, transactionId, { signal })
      ),
    );
  }

  #warnNonAtomic(committed: readonly ShardConnection[]): void {
    const names = committed.map(({ target }) => target.shard).join(", ");
    const message =
      `multi-db commit failed after committing to ${committed.length} shards: ${names}`;
    this.#session.outcome.warnings = [{ level: "Warning", code: ER_NON_ATOMIC_COMMIT, message }];
  }
}

/** True for an error after which a mysqld has no transaction any more. */
export function rolledBackByServer(error: unknown): boolean {
  return error instanceof MysqlError && error.errno === 1213;
}
