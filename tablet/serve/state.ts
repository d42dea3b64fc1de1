/**
 * Whether and what a tablet serves: desired (what the topology and commands ask) against actual
 * (what mysqld is), one union, changed only by `step`. What must happen comes out as effects;
 * tablet/control runs them and reports back as events.
 *
 *                 mysqld_up                    converged
 *     disconnected ────────▶ converging ────────────────────▶ settled
 *        ▲   ▲                 ▲    │ failed: try again later     │
 *        │   └── mysqld_down ──┼────┘                             │
 *        │                     └── desired changed ───────────────┤
 *        └──────────────────────── mysqld_down ───────────────────┘
 *     any ── shutdown ──▶ stopping (no way back)
 *
 * A settled tablet serves unless there is a reason not to (`whyNotServing`). Every other state
 * serves nothing.
 */
import { unreachable } from "../../shared/error/unreachable.ts";
import { type Desired, sameDesired, sameRole, sameServer } from "./desired.ts";
import type { LagState } from "./lag.ts";

export type State =
  | { readonly at: "disconnected"; readonly desired: Desired; readonly cause: string }
  | { readonly at: "converging"; readonly desired: Desired; readonly cause: string }
  | { readonly at: "settled"; readonly desired: Desired; readonly lag: LagState }
  | { readonly at: "stopping"; readonly desired: Desired };

export type Event =
  /** The topology or a command wants something, perhaps the same as before. */
  | { readonly on: "desired"; readonly desired: Desired }
  | { readonly on: "mysqld_up" }
  | { readonly on: "mysqld_down"; readonly cause: string }
  /** mysqld is as `desired` says, which is what was asked when the work began. */
  | { readonly on: "converged"; readonly desired: Desired; readonly lag: LagState }
  | { readonly on: "failed"; readonly cause: string }
  /** A look at replication: how it stands, and whether it still is what was set up. */
  | { readonly on: "replication"; readonly lag: LagState; readonly astray: boolean }
  | { readonly on: "shutdown" };

export type Effect =
  /** Take no new statements; end those that run. */
  | { readonly do: "close_queries" }
  | { readonly do: "open_queries" }
  /** Make mysqld what `desired` says, then report "converged" or "failed". */
  | { readonly do: "converge"; readonly desired: Desired }
  /** Tell the gates. */
  | { readonly do: "announce" };

export type Step = readonly [State, readonly Effect[]];

export function initialState(desired: Desired): State {
  return { at: "disconnected", desired, cause: "mysqld has not been started yet" };
}

export function step(state: State, event: Event): Step {
  if (state.at === "stopping") return [state, []];
  switch (event.on) {
    case "shutdown":
      return [{ at: "stopping", desired: state.desired }, [
        { do: "announce" },
        { do: "close_queries" },
      ]];
    case "mysqld_down":
      return [{ at: "disconnected", desired: state.desired, cause: event.cause }, [
        { do: "close_queries" },
        { do: "announce" },
      ]];
    case "mysqld_up":
      return converge(state, state.desired);
    case "desired":
      return onDesired(state, event.desired);
    case "converged":
      return onConverged(state, event.desired, event.lag);
    case "failed":
      if (state.at !== "converging") return [state, []];
      return [{ ...state, cause: event.cause }, [{ do: "announce" }]];
    case "replication":
      return onReplication(state, event.lag, event.astray);
    default:
      return unreachable(event);
  }
}

function converge(state: State, desired: Desired): Step {
  const closing: readonly Effect[] = state.at === "settled" ? [{ do: "close_queries" }] : [];
  return [{ at: "converging", desired, cause: "" }, [
    ...closing,
    { do: "announce" },
    { do: "converge", desired },
  ]];
}

function onDesired(state: State, desired: Desired): Step {
  switch (state.at) {
    case "disconnected":
      // mysqld_up will make it so.
      return [{ ...state, desired }, []];
    case "converging":
      return [{ ...state, desired }, [{ do: "converge", desired }]];
    case "settled":
      if (sameDesired(state.desired, desired)) return [state, []];
      if (!sameRole(state.desired, desired)) return converge(state, desired);
      // Denied tables, a source's new address: statements may go on meanwhile.
      return settle(
        state,
        { at: "settled", desired, lag: state.lag },
        sameServer(state.desired, desired) ? [] : [{ do: "converge", desired }],
        { isNews: true },
      );
    case "stopping":
      return [state, []];
    default:
      return unreachable(state);
  }
}

function onConverged(state: State, desired: Desired, lag: LagState): Step {
  // What was reached is no longer what is wanted: the newer work is under way.
  if (state.at === "disconnected" || !sameDesired(state.desired, desired)) return [state, []];
  return settle(state, { at: "settled", desired, lag }, []);
}

function onReplication(state: State, lag: LagState, astray: boolean): Step {
  if (state.at !== "settled") return [state, []];
  const repair: readonly Effect[] = astray ? [{ do: "converge", desired: state.desired }] : [];
  return settle(state, { ...state, lag }, repair);
}

/** Opens or closes the query service where serving changes. */
function settle(
  before: State,
  after: State,
  more: readonly Effect[],
  known: { readonly isNews: boolean } = { isNews: false },
): Step {
  const [was, is] = [isServing(before), isServing(after)];
  const change: readonly Effect[] = was === is
    ? []
    : [{ do: is ? "open_queries" : "close_queries" }];
  const isNews = known.isNews || before.at !== after.at ||
    whyNotServing(before) !== whyNotServing(after);
  return [after, [...change, ...(isNews ? [{ do: "announce" } as const] : []), ...more]];
}

export function isServing(state: State): boolean {
  return whyNotServing(state) === undefined;
}

/**
 * Undefined when it serves. The texts are Vitess's where it has one
 * (go/vt/vttablet/tabletmanager/tm_state.go, tabletserver/state_manager.go).
 */
export function whyNotServing(state: State): string | undefined {
  switch (state.at) {
    case "disconnected":
      return `Not connected to mysql: ${state.cause}`;
    case "stopping":
      return "the tablet is shutting down";
    case "converging":
      return state.cause === ""
        ? "mysqld is being set up"
        : `mysqld can't be set up: ${state.cause}`;
    case "settled":
      return whyRefused(state.desired, state.lag);
    default:
      return unreachable(state);
  }
}

function whyRefused(desired: Desired, lag: LagState): string | undefined {
  if (desired.queryServiceDisabled) return "TabletControl.DisableQueryService set";
  switch (desired.role.is) {
    case "primary":
      return undefined;
    case "demoted":
      return "the primary was demoted";
    case "spare":
      return `not a serving tablet type(${desired.role.type.toUpperCase()})`;
    case "replica":
      if (lag.is === "unknown") return `replication is not running${lag.cause && `: ${lag.cause}`}`;
      if (lag.seconds <= desired.lagMaxSeconds) return undefined;
      return `replication lag of ${Math.round(lag.seconds)} s is above ${desired.lagMaxSeconds} s`;
    default:
      return unreachable(desired.role);
  }
}

/** Vitess's names of the states, as they stand in errors and on pages. */
export function stateName(
  state: State,
): "SERVING" | "NOT_SERVING" | "SHUTTING_DOWN" | "NOT_CONNECTED" {
  if (state.at === "stopping") return "SHUTTING_DOWN";
  if (state.at === "disconnected") return "NOT_CONNECTED";
  return isServing(state) ? "SERVING" : "NOT_SERVING";
}
