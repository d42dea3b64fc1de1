/** Runs one plan for one session: its transaction before, all or nothing within. */
import { vtError } from "../../shared/error/errors.ts";
import type { Bindings } from "../engine/bindings.ts";
import type { Placement } from "../engine/routing.ts";
import type { ShardCall, Shards } from "../engine/shards.ts";
import { runPlan } from "../engine/run.ts";
import type { Answer, ClientRows, ShardName, World } from "../engine/world.ts";
import type { Plan, Primitive } from "../plan/plan.ts";
import { unquoted } from "../session/set_actions.ts";
import type { Catalog } from "./catalog.ts";
import type { LiveSession } from "./live_session.ts";
import type { SessionShards } from "./session_shards.ts";
import type { Transactions } from "./transactions.ts";

/** Marks the start of a change on several shards inside a transaction. */
const CHANGE_SAVEPOINT = "__vt_change";

const SEVERAL_SHARDS: ReadonlySet<string> = new Set([
  "Scatter",
  "IN",
  "MultiEqual",
  "ByDestination",
]);

export interface PlanRun {
  readonly plan: Plan;
  readonly bindings: Bindings;
  /** Of COM_STMT_EXECUTE, as ExecuteRequest.parameters. */
  readonly parameters: Uint8Array | undefined;
  readonly catalog: Catalog;
}

export class PlanRunner {
  readonly #session: LiveSession;
  readonly #shards: SessionShards;
  readonly #transactions: Transactions;
  /** For GET_LOCK and its kin. */
  readonly #locking: Shards;

  constructor(session: LiveSession, shards: SessionShards, transactions: Transactions) {
    this.#session = session;
    this.#shards = shards;
    this.#transactions = transactions;
    this.#locking = {
      execute: (call, sink, options) => shards.executeLocking(call, sink, options),
      nextSequence: (...call) => shards.nextSequence(...call),
    };
  }

  /** `onCall` sees what goes to shards, for VEXPLAIN QUERIES. */
  async run(
    run: PlanRun,
    client: ClientRows,
    signal: AbortSignal,
    onCall?: (call: ShardCall) => void,
  ): Promise<Answer> {
    await this.#prepare(run.plan, signal);
    const world = this.#world(run, signal);
    const seen = onCall === undefined ? world : { ...world, shards: watched(world.shards, onCall) };
    return await runPlan(this.#limited(run.plan), seen, client);
  }

  /**
   * Each shard keeps to sql_select_limit by itself; their sum has to as well. A LIMIT of the
   * statement's own, which counts instead, is a primitive already.
   */
  #limited({ root }: Plan): Primitive {
    const limit = this.#session.state.settings.get("sql_select_limit");
    if (limit === undefined || root.op !== "Route") return root;
    if (!SEVERAL_SHARDS.has(root.routing.opcode)) return root;
    return {
      op: "Limit",
      input: root,
      count: { from: "text", sql: unquoted(limit) },
      offset: undefined,
    };
  }

  /** What has to be true before the statement runs. */
  async #prepare(plan: Plan, signal: AbortSignal): Promise<void> {
    const { target, transaction, autocommit } = this.#session.state;
    if (plan.needsPrimary && target.tabletType !== "primary") {
      throw vtError("VT09002", plan.statement.toUpperCase());
    }
    if (plan.statement === "ddl") {
      if (plan.reserves) throw vtError("VT12001", "temporary tables");
      // DDL commits what is open (manual, "Statements That Cause an Implicit Commit").
      await this.#transactions.commit({ signal });
      return;
    }
    if (plan.reserves) return;
    if (transaction.at === "failed") throw vtError("VT09032");
    if (!autocommit && transaction.at === "none" && plan.tablesUsed.length > 0) {
      this.#transactions.begin({ consistentSnapshot: false, access: undefined, implicit: true });
    }
  }

  #world(run: PlanRun, signal: AbortSignal): World {
    return {
      signal,
      bindings: run.bindings,
      shards: run.plan.reserves ? this.#locking : this.#shards,
      placement: placementOf(run.catalog, this.#session),
      deprecateEof: this.#session.deprecateEof,
      parameters: run.parameters,
      inTransaction: this.#session.state.transaction.at !== "none",
      atomically: (shards, change) => this.#atomically(shards, change, signal),
    };
  }

  /**
   * Outside a transaction a change on several shards gets one of its own. Inside, a savepoint on
   * each shard takes back what a failed change has done elsewhere, as a mysqld does.
   */
  async #atomically<Result>(
    shards: readonly ShardName[],
    change: () => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    if (this.#session.state.transactionMode === "single") throw this.#singleRefusal(shards);
    if (this.#session.state.transaction.at !== "none") {
      return await this.#withSavepoint(change, signal);
    }
    this.#transactions.begin({ consistentSnapshot: false, access: undefined, implicit: true });
    try {
      const result = await change();
      await this.#transactions.commit({ signal });
      return result;
    } catch (error) {
      await this.#transactions.rollback();
      throw error;
    }
  }

  async #withSavepoint<Result>(
    change: () => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    await this.#transactions.savepoint(CHANGE_SAVEPOINT, signal);
    try {
      const result = await change();
      await this.#transactions.releaseSavepoint(CHANGE_SAVEPOINT, signal);
      return result;
    } catch (error) {
      await this.#transactions.undoChange(CHANGE_SAVEPOINT, error, signal);
      throw error;
    }
  }

  #singleRefusal(shards: readonly ShardName[]) {
    return vtError(
      "VT24005",
      shards.map(({ keyspace, shard }) => `${keyspace}/${shard}`).join(" "),
    );
  }
}

function watched(shards: Shards, onCall: (call: ShardCall) => void): Shards {
  return {
    execute: (call, sink, options) => {
      onCall(call);
      return shards.execute(call, sink, options);
    },
    nextSequence: (...call) => shards.nextSequence(...call),
  };
}

/** The catalog as the session's target sees it. */
export function placementOf(catalog: Catalog, session: LiveSession): Placement {
  const { target } = session.state;
  return {
    shards: (keyspace) => catalog.shards(keyspace, target.tabletType),
    vindex: (keyspace, name) => catalog.vindex(keyspace, name),
    keyspaces: catalog.keyspaces,
    destination: target.destination,
  };
}
