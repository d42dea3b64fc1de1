/**
 * A tablet at work: holds the serving state, runs the effects of its machine (tablet/serve) on
 * mysqld, the query service and the health stream, and looks now and then whether all is as it
 * shall be. Commands (commands.ts) and the topology's watch change what is desired.
 *
 * Changes of what is desired happen under the action lock, one at a time; mysqld's own coming and
 * going is told at once.
 */
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { TaskGroup } from "../../shared/host/task_group.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias, type TabletType } from "../../shared/model/tablet.ts";
import type { TabletHealth } from "../../shared/rpc/query_service.ts";
import { vtError } from "../../shared/error/errors.ts";
import { unreachable } from "../../shared/error/unreachable.ts";
import { hasId } from "../../topo/records.ts";
import type { HealthBroadcast } from "../health/health.ts";
import {
  type Command,
  decideDesired,
  type Desired,
  isSelf,
  NO_COMMAND,
  sameDesired,
  termOf,
  typeOf,
} from "../serve/desired.ts";
import { type LagState, nextLag, NO_LAG } from "../serve/lag.ts";
import {
  type Effect,
  type Event,
  initialState,
  isServing,
  type State,
  stateName,
  step,
  whyNotServing,
} from "../serve/state.ts";
import { ActionLock } from "./action_lock.ts";
import { converge, type Convergence, lookAt } from "./convergence.ts";
import type { TopologyView } from "./topology_view.ts";

/** The query service as the tablet switches it. */
export interface QueryControl {
  /** Statements are let in from now on, as far as `admit` allows. */
  open(): void;
  /** Ends what runs, transactions after their grace time; nothing new is let in. Repeatable. */
  close(options: { readonly signal: AbortSignal }): Promise<void>;
  /** Reads the schema again; gates hear of it through the health stream. */
  reloadSchema(options: { readonly signal: AbortSignal }): Promise<void>;
  readonly schemaVersion: number;
}

export interface TabletOptions {
  readonly view: TopologyView;
  readonly convergence: Convergence;
  readonly queries: QueryControl;
  readonly health: HealthBroadcast;
  /** Work that nobody waits for; ends with the tablet. */
  readonly tasks: TaskGroup;
  readonly clock: Clock;
  readonly log: Log;
  /** What this tablet is when it isn't the primary, unless ChangeType said otherwise. */
  readonly baseType: TabletType;
  readonly lagMaxSeconds: number;
  /** Our record is gone from the topology: somebody deleted the tablet. */
  readonly onDeleted: () => void;
  /** Told after each event whether this tablet is a primary that takes writes. */
  readonly onPrimary?: (primary: boolean) => void;
}

/** A step on mysqld that hangs longer than this is given up and tried again. */
const CONVERGE_TIMEOUT_MS = 30_000;
const LOOK_TIMEOUT_MS = 5_000;
/** Between repairs of a replica that goes astray again and again. */
const REPAIR_PAUSE_MS = 5_000;

export class Tablet {
  readonly options: TabletOptions;
  readonly lock = new ActionLock();
  readonly #stop = new AbortController();
  readonly #effects: Effect[] = [];
  #state: State;
  #running: Promise<void> | undefined;
  #command: Command = NO_COMMAND;
  #primaryAlias: string | undefined;
  #lag: LagState = { is: "unknown", cause: "" };
  #healthError: string | undefined;
  #repairedAtMs = -Infinity;
  #started = false;
  #mysqldUp = false;

  constructor(options: TabletOptions) {
    this.options = options;
    this.#state = initialState(this.#decide());
  }

  get state(): State {
    return this.#state;
  }

  get command(): Command {
    return this.#command;
  }

  /** A fault that does not keep it from serving, such as errant transactions. */
  set healthError(text: string | undefined) {
    if (text === this.#healthError) return;
    if (text !== undefined) this.options.log.warn("unhealthy", { cause: text });
    this.#healthError = text;
    this.announce();
  }

  get healthError(): string | undefined {
    return this.#healthError;
  }

  /** Feeds the machine; resolves when all effects so far have been done. */
  async dispatch(event: Event): Promise<void> {
    this.#apply(event);
    await this.#running;
  }

  /**
   * Changes what commands ask for, and makes it so. Throws when mysqld could not follow.
   * `semiSync` is the keyspace's policy as the caller read it, which may be newer than ours.
   */
  async order(change: Partial<Command>, semiSync?: boolean): Promise<void> {
    this.#noticePrimary();
    this.#command = { ...this.#command, ...change };
    if (semiSync !== undefined) this.options.view.told({ semiSync });
    await this.redecide();
    if (this.#state.at === "settled") return;
    throw vtError("VT20012", whyNotServing(this.#state) ?? stateName(this.#state));
  }

  /** Begins to act on what the view saw; before this, mysqld's coming up changes nothing. */
  async start(command: Partial<Command>): Promise<void> {
    const { primaryAlias } = this.options.view.seen.shard;
    this.#primaryAlias = primaryAlias && printTabletAlias(primaryAlias);
    this.#command = { ...this.#command, ...command };
    this.#started = true;
    await this.dispatch({ on: "desired", desired: this.#decide() });
    if (this.#mysqldUp) await this.dispatch({ on: "mysqld_up" });
  }

  /** mysqld came up or went down. */
  async mysqld(event: Extract<Event, { on: "mysqld_up" | "mysqld_down" }>): Promise<void> {
    this.#mysqldUp = event.on === "mysqld_up";
    if (this.#started) await this.dispatch(event);
  }

  /** Reads the topology again and acts on it. The old view stays when it can't be read. */
  async refresh(options: { readonly signal: AbortSignal }): Promise<void> {
    const { view, onDeleted } = this.options;
    try {
      await view.refresh(options);
    } catch (error) {
      if (hasId(error, "VT21001")) onDeleted();
      throw error;
    }
    await this.redecide();
  }

  async redecide(): Promise<void> {
    this.#noticePrimary();
    await this.dispatch({ on: "desired", desired: this.#decide() });
  }

  /** One look at everything that nobody tells us of. */
  async check(options: { readonly signal: AbortSignal }): Promise<void> {
    const state = this.#state;
    if (state.at === "converging") {
      await this.redecide();
    } else if (state.at === "settled") {
      const { role } = state.desired;
      if (role.is === "replica" || role.is === "spare") await this.#look(role, options);
    }
  }

  async shutdown(): Promise<void> {
    this.#stop.abort(new DOMException("The tablet shuts down", "AbortError"));
    await this.dispatch({ on: "shutdown" });
  }

  /** What the tablet's record must say. Undefined when it does. */
  wantedRecord(record: TabletRecord): TabletRecord | undefined {
    const { role } = this.#state.desired;
    const [type, term] = [typeOf(role), termOf(role)];
    if (record.type === type && record.primaryTermStartTime === term) return undefined;
    const { primaryTermStartTime: _, ...rest } = record;
    return { ...rest, type, ...(term === undefined ? {} : { primaryTermStartTime: term }) };
  }

  announce(): void {
    this.options.health.publish(this.#health());
  }

  #apply(event: Event): void {
    const before = this.#state;
    const [state, effects] = step(before, event);
    this.#state = state;
    this.#effects.push(...effects);
    if (
      stateName(before) !== stateName(state) ||
      typeOf(before.desired.role) !== typeOf(state.desired.role)
    ) {
      this.options.log.info("state", {
        state: stateName(state),
        type: typeOf(state.desired.role),
        cause: whyNotServing(state),
      });
    }
    this.options.onPrimary?.(state.at === "settled" && state.desired.role.is === "primary");
    this.#running ??= this.#runEffects().finally(() => this.#running = undefined);
  }

  async #runEffects(): Promise<void> {
    // Behind the caller, so that what it does next is in order with what is done here.
    await Promise.resolve();
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift()) {
      await this.#perform(effect);
    }
  }

  async #perform(effect: Effect): Promise<void> {
    const { queries, log } = this.options;
    switch (effect.do) {
      case "announce":
        return this.announce();
      case "open_queries":
        // What came after may have closed it again.
        if (isServing(this.#state)) queries.open();
        return;
      case "close_queries":
        try {
          const signal = AbortSignal.timeout(CONVERGE_TIMEOUT_MS);
          await queries.close({ signal });
        } catch (error) {
          log.error("the query service did not close", { error: String(error) });
        }
        return;
      case "converge":
        return await this.#converge(effect.desired);
      default:
        return unreachable(effect);
    }
  }

  async #converge(desired: Desired): Promise<void> {
    const { convergence, log } = this.options;
    // A newer wish is in the queue, or mysqld is gone.
    const { state } = this;
    if (state.at === "disconnected" || state.at === "stopping") return;
    if (!sameDesired(state.desired, desired)) return;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(CONVERGE_TIMEOUT_MS)]);
    try {
      await converge(convergence, desired, { signal });
      this.#lag = await this.#lagAfter(desired, signal);
      this.#apply({ on: "converged", desired, lag: this.#lag });
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const cause = error instanceof Error ? error.message : String(error);
      log.warn("mysqld could not be set up", { role: desired.role.is, error: cause });
      this.#apply({ on: "failed", cause });
    }
  }

  async #lagAfter(desired: Desired, signal: AbortSignal): Promise<LagState> {
    const { role } = desired;
    if (role.is === "primary" || role.is === "demoted") return NO_LAG;
    const { replication } = await lookAt(this.options.convergence, desired, role, { signal });
    return nextLag(this.#lag, replication, this.options.clock.monotonicMs());
  }

  async #look(
    role: Extract<Desired["role"], { readonly is: "replica" | "spare" }>,
    options: { readonly signal: AbortSignal },
  ): Promise<void> {
    const { convergence, clock } = this.options;
    const { desired } = this.#state;
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]);
    const { replication, astray } = await lookAt(convergence, desired, role, { signal });
    if (!sameDesired(this.#state.desired, desired)) return;
    const nowMs = clock.monotonicMs();
    this.#lag = nextLag(this.#lag, replication, nowMs);
    const repair = astray && nowMs - this.#repairedAtMs > REPAIR_PAUSE_MS;
    if (repair) this.#repairedAtMs = nowMs;
    await this.dispatch({ on: "replication", lag: this.#lag, astray: repair });
    this.#announceLag();
  }

  /** Gates choose by lag: they hear of each change of a second. */
  #announceLag(): void {
    const lag = this.#health().lagSeconds;
    if (lag !== this.options.health.current.lagSeconds) this.announce();
  }

  /** Orders that were given for the old order of things end with it. */
  #noticePrimary(): void {
    const { view, log } = this.options;
    const { primaryAlias } = view.seen.shard;
    const primary = primaryAlias && printTabletAlias(primaryAlias);
    if (primary === this.#primaryAlias) return;
    const lost = this.#primaryAlias === printTabletAlias(view.alias);
    if (lost && !isSelf(primaryAlias, view.alias)) {
      log.info(
        `Another tablet (${primary}) has won primary election. Stepping down to ${this.options.baseType}.`,
      );
    }
    this.#primaryAlias = primary;
    this.#command = { ...this.#command, demoted: false, follow: undefined };
  }

  #decide(): Desired {
    const { view, baseType, lagMaxSeconds } = this.options;
    const { seen, alias } = view;
    return decideDesired({
      self: alias,
      record: seen.record,
      shard: seen.shard,
      primary: seen.primary,
      semiSync: seen.semiSync,
      disabledTypes: seen.disabledTypes,
      command: this.#command,
      baseType,
      lagMaxSeconds,
    });
  }

  #health(): TabletHealth {
    const { view, queries } = this.options;
    const { role } = this.#state.desired;
    const { alias, keyspace, shard } = view.seen.record;
    const primary = role.is === "primary" || role.is === "demoted";
    return {
      alias,
      target: { keyspace, shard, tabletType: typeOf(role) },
      serving: isServing(this.#state),
      primaryTermStartTime: termOf(role),
      lagSeconds: primary
        ? 0
        : this.#lag.is === "known"
        ? Math.round(this.#lag.seconds)
        : undefined,
      error: whyNotServing(this.#state) ?? this.#healthError,
      schemaVersion: queries.schemaVersion,
    };
  }
}
