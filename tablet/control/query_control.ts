/** The tablet's query service as its control sees it, and the other way round. */
import type { Log } from "../../shared/io/log.ts";
import type { Target } from "../../shared/model/tablet.ts";
import type { TabletHealth } from "../../shared/rpc/query_service.ts";
import type { HealthBroadcast } from "../health/health.ts";
import type { QueryEngine, Serving } from "../query/service.ts";
import { admit, checkTables, type Place } from "../serve/admission.ts";
import type { State } from "../serve/state.ts";
import type { QueryControl } from "./tablet.ts";

/** What the query service asks before each statement. */
export class TabletServing implements Serving {
  readonly #place: Place;
  readonly #health: HealthBroadcast;
  readonly #state: () => State;

  constructor(place: Place, health: HealthBroadcast, state: () => State) {
    this.#place = place;
    this.#health = health;
    this.#state = state;
  }

  admit(target: Target, tables: readonly string[]): void {
    admit(this.#state(), this.#place, target, tables);
  }

  checkTables(tables: readonly string[]): void {
    checkTables(this.#state(), tables);
  }

  watchHealth(
    onHealth: (health: TabletHealth) => void,
    options: { readonly signal: AbortSignal },
  ): Promise<void> {
    return this.#health.stream(onHealth, options);
  }
}

/** All clients of a shard wait while its writes are switched away: one must not hold them up. */
const SWITCH_GRACE_MS = 500;

/** `graceMs`: how long transactions may take to end (Vitess: --shutdown-grace-period 3s). */
export function queryControl(
  engine: QueryEngine,
  state: () => State,
  graceMs: number,
  log: Log,
): QueryControl {
  return {
    // Admission alone opens it; the schema may have changed while another tablet was primary.
    open: () =>
      void engine.schema.reload().catch((error) =>
        // The tracker looks again by itself.
        log.warn("the schema could not be read", { error: String(error) })
      ),
    close: async () => {
      const { at, desired } = state();
      if (at === "disconnected") engine.mysqldGone();
      const isSwitched = at === "settled" && desired.queryServiceDisabled;
      await engine.close(
        at === "stopping" ? "the tablet is shutting down" : "the tablet stopped serving",
        at === "disconnected" ? 0 : isSwitched ? Math.min(graceMs, SWITCH_GRACE_MS) : graceMs,
      );
    },
    reloadSchema: () => engine.schema.reload(),
    get schemaVersion() {
      return engine.schema.version;
    },
  };
}
