/**
 * Runs a workflow's phases as a machine: `begin` and `step` answer a state and the effects to run;
 * the shell runs them and feeds back what came of them. Effects of a phase run side by side, and
 * the next phase begins when all are done. Nothing here waits, asks or writes.
 *
 *     running phase 1 ─▶ phase 2 ─▶ ... ─▶ done
 *        │ failed before the point of no return
 *        ├─────────────▶ undoing ─▶ failed: all is as it was, or what is left is said
 *        │ failed in the phase that makes it
 *        ├─────────────▶ inspecting ── nothing was written ─▶ undoing
 *        │                   │ ├────── some was written ────▶ that phase again
 *        │                   └ can't tell ─▶ failed, undecided: run again, it finds out
 *        │ failed behind it
 *        └─────────────▶ failed: run again, it completes
 */
import { unreachable } from "../../shared/error/unreachable.ts";
import { type Effect, type Event, nameEffect, printEffect } from "./effect.ts";

/** Values that effects gave, by their text: positions. */
export type Results = ReadonlyMap<string, string>;

export interface Phase {
  readonly name: string;
  /** Lines of a dry run. */
  readonly plan: readonly string[];
  /** Decided when the phase begins. */
  readonly effects: (results: Results) => readonly Effect[];
  /**
   * When an effect fails: undo everything; or look whether the point of no return was reached; or
   * stop, since it lies behind.
   */
  readonly onFailure: "undo" | "inspect" | "stop";
  /** Of undoing: passed over when something could not be undone. */
  readonly onlyWhole?: boolean;
  /** Of "inspect": effects that give a value other than "" when it was reached. */
  readonly inspect?: readonly Effect[];
}

export interface Program {
  readonly phases: readonly Phase[];
  /** What "undo" does, in this order; each is tried whatever became of the one before. */
  readonly undo: readonly Phase[];
  /** How a person completes or ends what was left half-way. */
  readonly remedy: string;
}

/** How often a phase that may have passed the point of no return is begun again. */
const REPEATS_MAX = 3;

interface Run {
  readonly program: Program;
  readonly results: Results;
  /** Effects under way, by their text. */
  readonly open: ReadonlySet<string>;
  readonly error: string | undefined;
}

export type State =
  | (Run & { readonly at: "running"; readonly index: number; readonly repeats: number })
  | (Run & {
    readonly at: "inspecting";
    readonly index: number;
    readonly repeats: number;
    readonly blind: boolean;
    readonly cause: string;
  })
  | (Run & {
    readonly at: "undoing";
    readonly index: number;
    readonly cause: string;
    /** What could not be undone. */
    readonly troubles: readonly string[];
  })
  | { readonly at: "done"; readonly results: Results }
  | { readonly at: "failed"; readonly text: string };

export type Step = readonly [State, readonly Effect[]];

export function begin(program: Program): Step {
  return enter({
    at: "running",
    program,
    results: new Map(),
    open: new Set(),
    error: undefined,
    index: 0,
    repeats: 0,
  });
}

export function step(state: State, event: Event): Step {
  if (state.at === "done" || state.at === "failed") return [state, []];
  const text = printEffect(event.effect);
  const open = new Set(state.open);
  open.delete(text);
  const results = event.on === "done" && event.value !== undefined
    ? new Map([...state.results, [text, event.value]])
    : state.results;
  const error = event.on === "failed"
    ? state.error ?? `${nameEffect(event.effect)}: ${event.error}`
    : state.error;
  const next = { ...state, open, results, error };
  switch (next.at) {
    case "running":
      return open.size > 0 ? [next, []] : phaseEnded(next);
    case "inspecting": {
      const looked = { ...next, blind: next.blind || event.on === "failed" };
      return open.size > 0 ? [looked, []] : inspected(looked);
    }
    case "undoing": {
      const troubles = event.on === "failed"
        ? [...next.troubles, `${nameEffect(event.effect)}: ${event.error}`]
        : next.troubles;
      const undone = { ...next, troubles };
      return open.size > 0 ? [undone, []] : enterUndo({ ...undone, index: next.index + 1 });
    }
    default:
      return unreachable(next);
  }
}

type At<Name extends State["at"]> = Extract<State, { readonly at: Name }>;

function say(line: string): Effect {
  return { do: "say", line };
}

function keys(effects: readonly Effect[]): ReadonlySet<string> {
  return new Set(effects.filter((effect) => effect.do !== "say").map(printEffect));
}

/** Begins the phase at `index`, or the next one that has something to do. */
function enter(state: At<"running">): Step {
  const said: Effect[] = [];
  for (let index = state.index; index < state.program.phases.length; index++) {
    const phase = state.program.phases[index];
    if (phase === undefined) break;
    const effects = phase.effects(state.results);
    if (effects.length === 0) continue;
    if (phase.name !== "") said.push(say(phase.name));
    const open = keys(effects);
    if (open.size > 0) {
      return [{ ...state, index, open, error: undefined }, [...said, ...effects]];
    }
    said.push(...effects);
  }
  return [{ at: "done", results: state.results }, said];
}

function phaseEnded(state: At<"running">): Step {
  const { program, error, index } = state;
  if (error === undefined) return enter({ ...state, index: index + 1, repeats: 0 });
  const phase = program.phases[index];
  if (phase?.onFailure === "undo") return startUndo(state, error);
  if (phase?.onFailure === "inspect") {
    const effects = phase.inspect ?? [];
    return [
      { ...state, at: "inspecting", cause: error, blind: false, open: keys(effects) },
      effects,
    ];
  }
  return [{ at: "failed", text: `${error}\n${program.remedy}` }, []];
}

function inspected(state: At<"inspecting">): Step {
  const { program, cause, index, repeats, blind, results } = state;
  const effects = program.phases[index]?.inspect ?? [];
  const reached = effects.some((effect) => (results.get(printEffect(effect)) ?? "") !== "");
  if (reached && repeats < REPEATS_MAX) {
    const { cause: _, blind: __, ...run } = state;
    return enter({ ...run, at: "running", repeats: repeats + 1 });
  }
  if (reached || blind) return [{ at: "failed", text: `${cause}\n${program.remedy}` }, []];
  return startUndo(state, cause);
}

function startUndo(state: Run, cause: string): Step {
  const { program, results } = state;
  const [next, effects] = enterUndo({
    at: "undoing",
    program,
    results,
    open: new Set(),
    error: undefined,
    index: 0,
    cause,
    troubles: [],
  });
  return [next, [say(`failed: ${cause}`), ...effects]];
}

function enterUndo(state: At<"undoing">): Step {
  const { program, cause, troubles } = state;
  for (let index = state.index; index < program.undo.length; index++) {
    const phase = program.undo[index];
    if (phase === undefined) break;
    if (phase.onlyWhole === true && troubles.length > 0) continue;
    const effects = phase.effects(state.results);
    if (effects.length === 0) continue;
    const said = phase.name === "" ? [] : [say(phase.name)];
    return [{ ...state, index, open: keys(effects) }, [...said, ...effects]];
  }
  const text = troubles.length === 0
    ? `${cause}\nEverything is as it was before`
    : `${cause}\nand undoing it failed: ${troubles.join("; ")}\n${program.remedy}`;
  return [{ at: "failed", text }, []];
}

/** What a dry run prints. */
export function printPlan(program: Program): readonly string[] {
  return program.phases.flatMap((phase) => phase.plan);
}
