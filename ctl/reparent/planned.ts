/**
 * The decisions of a planned reparent, as a machine: `begin` and `step` answer a state and the
 * effects to run; the shell (ctl/command/planned_reparent.ts) runs them and feeds their outcomes
 * back. Nothing here waits, asks or writes.
 *
 *     surveying ─▶ attaching ─▶ catching_up ─▶ demoting ─▶ draining ─▶ promoting ─▶ done
 *         │            │            │             │           │            │
 *         │            │            │             │           │            │ the elect answered no
 *         │            │            │             │           │            ▼ and is read-only
 *         │            │            │             └───────────┴▶ undoing ◀─ fencing
 *         │            ▼            ▼                               │          │
 *         └────────────┴────────▶ failed ◀─────────────────────────┴──────────┘
 *
 * `attaching` only when the elect doesn't replicate; without a primary, and when the elect already
 * is it, the way starts at `promoting`.
 *
 * Invariants, held by planned_test.ts over every single failure:
 * - The elect is promoted only after the old primary refuses writes and the elect has all of them.
 * - The old primary takes writes again only when the elect is known not to.
 * - Where that can't be known, it stops with the old primary read-only; run again, with whatever
 *   primary, it completes or undoes. Each effect may be repeated.
 */
import type { ErrorId } from "../../shared/error/errors.ts";
import { unreachable } from "../../shared/error/unreachable.ts";
import { type Effect, type Event, printEffect } from "./effect.ts";
import { elect, type Refusal, type Reports } from "./election.ts";
import { currentPrimary, type Member, type RecordedPrimary } from "./member.ts";

/** How often an unanswered promotion is asked for again before it stops undecided. */
const PROMOTE_TRIES_MAX = 3;

export interface ReparentRequest {
  readonly newPrimary: string | undefined;
  readonly avoidPrimary: string | undefined;
  readonly expectedPrimary: string | undefined;
  readonly semiSync: boolean;
  readonly allowCrossCell: boolean;
  readonly lagMaxSeconds: number | undefined;
  /** First primary of a shard only: the elect may lack rows that another tablet has. */
  readonly force: boolean;
}

export interface Shard {
  readonly members: readonly Member[];
  readonly recorded: RecordedPrimary | undefined;
}

export interface Outcome {
  readonly primary: string;
  /** Tablets that do not replicate from it yet, and why. */
  readonly astray: readonly { readonly tablet: string; readonly error: string }[];
}

export interface Failure {
  readonly id: Extract<ErrorId, "VT22001" | "VT22002" | "VT22006">;
  readonly text: string;
}

/** What was decided after the survey; the same through all later states. */
interface Course {
  readonly shard: Shard;
  readonly elected: string;
  readonly old: string | undefined;
  /** All other tablets that answered. */
  readonly others: readonly string[];
}

export type State =
  | { readonly at: "surveying"; readonly shard: Shard; readonly request: ReparentRequest }
  | {
    readonly at: "attaching";
    readonly course: Course;
    readonly old: string;
    readonly position: string;
  }
  | { readonly at: "catching_up"; readonly course: Course; readonly old: string }
  | { readonly at: "demoting"; readonly course: Course; readonly old: string }
  | { readonly at: "draining"; readonly course: Course; readonly old: string }
  | {
    readonly at: "promoting";
    readonly course: Course;
    readonly promotion: Effect;
    readonly tries: number;
    /** Effects under way, by their text. */
    readonly open: ReadonlySet<string>;
    readonly astray: Outcome["astray"];
    /** With one, what follows once nothing is under way any more. */
    readonly failure: Failure | undefined;
    readonly verdict: "undo" | "stop";
  }
  /** The elect is told to follow the old primary again, before that may take writes. */
  | {
    readonly at: "fencing";
    readonly course: Course;
    readonly old: string;
    readonly failure: Failure;
  }
  | {
    readonly at: "undoing";
    readonly course: Course;
    readonly old: string;
    readonly failure: Failure;
    readonly open: ReadonlySet<string>;
  }
  | { readonly at: "done"; readonly outcome: Outcome }
  | { readonly at: "failed"; readonly failure: Failure };

export type Step = readonly [State, readonly Effect[]];

function say(line: string): Effect {
  return { do: "say", line };
}

function fail(failure: Failure, effects: readonly Effect[] = []): Step {
  return [{ at: "failed", failure }, [
    ...effects,
    say(`failed PlannedReparentShard: ${failure.text}`),
  ]];
}

/** The first state and effect, or a failure that needs no tablet's answer. */
export function begin(shard: Shard, request: ReparentRequest): Step {
  const current = currentPrimary(shard.members, shard.recorded)?.alias;
  const { expectedPrimary } = request;
  if (expectedPrimary !== undefined && expectedPrimary !== current) {
    return fail({
      id: "VT22002",
      text: `primary ${current ?? "<none>"} is not equal to expected alias ${expectedPrimary}`,
    });
  }
  if (shard.members.length === 0) {
    return fail({ id: "VT22002", text: "the shard has no tablets; start some first" });
  }
  const first = shard.members.map((member) => member.alias).filter((alias) => alias !== current);
  return [{ at: "surveying", shard, request }, [
    say("electing a primary candidate"),
    { do: "survey", first, last: current },
  ]];
}

export function step(state: State, event: Event): Step {
  switch (state.at) {
    case "surveying":
      return event.on === "surveyed" ? decide(state, event.reports) : [state, []];
    case "attaching":
      return attached(state, event);
    case "catching_up":
      return caughtUp(state, event);
    case "demoting":
      return demoted(state, event);
    case "draining":
      return drained(state, event);
    case "promoting":
      return promoting(state, event);
    case "fencing":
      return fenced(state, event);
    case "undoing":
      return undoing(state, event);
    case "done":
    case "failed":
      return [state, []];
    default:
      return unreachable(state);
  }
}

type At<Name extends State["at"]> = Extract<State, { readonly at: Name }>;

function decide({ shard, request }: At<"surveying">, reports: Reports): Step {
  const current = currentPrimary(shard.members, shard.recorded);
  const avoid = request.avoidPrimary ??
    (request.newPrimary === undefined ? current?.alias : undefined);
  if (request.avoidPrimary !== undefined && request.avoidPrimary !== current?.alias) {
    return fail({
      id: "VT22002",
      text: `current primary ${
        current?.alias ?? "<none>"
      } is not the one to avoid (${request.avoidPrimary}): nothing to do`,
    });
  }
  const primary = current === undefined ? undefined : reports.get(current.alias);
  if (current !== undefined && primary?.alive !== true) {
    return fail({
      id: "VT22002",
      text: `the primary ${current.alias} can't be reached (${
        primary?.error ?? "no answer"
      }), and a planned reparent needs both tablets; bring it back first`,
    });
  }
  const election = elect(shard.members, reports, {
    newPrimary: request.newPrimary,
    avoidPrimary: avoid,
    current,
    allowCrossCell: request.allowCrossCell,
    lagMaxSeconds: request.lagMaxSeconds,
    force: request.force,
  });
  const refusal = election.refusal ?? progressRefusal(shard, reports, election.elected, request);
  if (refusal !== undefined || election.elected === undefined) {
    return fail(refusal ?? { id: "VT22006", text: "no election" });
  }
  const others = shard.members.map((member) => member.alias)
    .filter((alias) => alias !== election.elected && reports.get(alias)?.alive === true);
  const course = { shard, elected: election.elected, old: current?.alias, others };
  const head = [
    say(`elected new primary candidate ${election.elected}`),
    ...silent(shard, reports).map((line) => say(line)),
  ];
  const [next, effects] = setOut(course, reports);
  return [next, [...head, ...effects]];
}

/** Semi-sync: a primary without a replica that can acknowledge never finishes a commit. */
function progressRefusal(
  shard: Shard,
  reports: Reports,
  elected: string | undefined,
  request: ReparentRequest,
): Refusal | undefined {
  const ackers = shard.members.filter((member) =>
    member.alias !== elected && (member.type === "replica" || member.type === "primary") &&
    reports.get(member.alias)?.alive === true
  );
  if (!request.semiSync || ackers.length > 0) return undefined;
  return {
    id: "VT22002",
    text:
      `primary-elect tablet ${elected} won't be able to make forward progress on promotion: semi-sync wants a replica that acknowledges, and no other answers`,
  };
}

function silent(shard: Shard, reports: Reports): readonly string[] {
  return shard.members.flatMap((member) => {
    const report = reports.get(member.alias);
    if (report?.alive === true) return [];
    return [
      `warning: ${member.alias} can't be reached (${
        report?.error ?? "no answer"
      }) and is left as it is`,
    ];
  });
}

/** Where the way starts depends on what there is: no primary, the elect itself, or another one. */
function setOut(course: Course, reports: Reports): Step {
  const { elected, old, shard } = course;
  if (old === undefined) {
    const first = shard.recorded === undefined;
    return promote(
      course,
      first ? { do: "init", tablet: elected } : { do: "promote", tablet: elected, position: "" },
    );
  }
  const primary = reports.get(old);
  if (primary?.alive !== true) return fail({ id: "VT22006", text: `${old} did not report` });
  if (old === elected) {
    // Demoted and not followed by another primary: an earlier reparent ended before it promoted.
    return promote(
      course,
      primary.readOnly
        ? { do: "undo_demote", tablet: elected }
        : { do: "inspect", tablet: elected },
    );
  }
  const { position } = primary;
  const report = reports.get(elected);
  if (report?.alive === true && !report.replicating) {
    return [{ at: "attaching", course, old, position }, [
      { do: "point", tablet: elected, parent: old },
    ]];
  }
  return [{ at: "catching_up", course, old }, [{ do: "wait", tablet: elected, position }]];
}

function attached({ course, old, position }: At<"attaching">, event: Event): Step {
  if (event.on === "failed") {
    return fail({
      id: "VT22002",
      text:
        `${course.elected} doesn't replicate and couldn't be attached to ${old}: ${event.error}; ${old} still is primary`,
    });
  }
  return [{ at: "catching_up", course, old }, [
    { do: "wait", tablet: course.elected, position },
  ]];
}

function caughtUp(state: At<"catching_up">, event: Event): Step {
  const { course, old } = state;
  if (event.on === "failed") {
    return fail({
      id: "VT22002",
      text:
        `${course.elected} doesn't catch up with ${old}: ${event.error}; nothing was changed, ${old} still is primary`,
    });
  }
  return [{ at: "demoting", course, old }, [
    say(`demoting old primary ${old}`),
    { do: "demote", tablet: old },
  ]];
}

function demoted(state: At<"demoting">, event: Event): Step {
  const { course, old } = state;
  if (event.on === "failed") {
    return undo(course, old, {
      id: "VT22006",
      text: `${old} couldn't be demoted: ${event.error}`,
    });
  }
  if (event.on !== "done" || event.position === undefined) return [state, []];
  const { position } = event;
  return [{ at: "draining", course, old }, [{ do: "wait", tablet: course.elected, position }]];
}

function drained(state: At<"draining">, event: Event): Step {
  const { course, old } = state;
  if (event.on === "failed") {
    return undo(course, old, {
      id: "VT22006",
      text: `${course.elected} didn't reach the last position of ${old} in time: ${event.error}`,
    });
  }
  if (event.on !== "done" || event.effect.do !== "wait") return [state, []];
  return promote(course, {
    do: "promote",
    tablet: course.elected,
    position: event.effect.position,
  });
}

/** Promotion and re-pointing run together: with semi-sync the promotion waits for a replica. */
function promote(course: Course, promotion: Effect): Step {
  const points = course.others.map((tablet): Effect => ({
    do: "point",
    tablet,
    parent: course.elected,
  }));
  const effects = [promotion, ...points];
  return [
    {
      at: "promoting",
      course,
      promotion,
      tries: 1,
      open: new Set(effects.map(printEffect)),
      astray: [],
      failure: undefined,
      verdict: "stop",
    },
    [...(promotion.do === "inspect" ? [] : [say(`promoting ${course.elected}`)]), ...effects],
  ];
}

function promoting(before: At<"promoting">, event: Event): Step {
  if (event.on === "surveyed") return [before, []];
  const open = new Set(before.open);
  open.delete(printEffect(event.effect));
  const state = { ...before, open };
  const { effect } = event;
  if (effect.do === "point") {
    const astray = event.on === "failed"
      ? [...state.astray, { tablet: effect.tablet, error: event.error }]
      : state.astray;
    return settle({ ...state, astray });
  }
  if (effect.do === "record") {
    if (event.on === "done") return settle(state);
    return settle({
      ...state,
      failure: {
        id: "VT22006",
        text:
          `${state.course.elected} is primary, but the shard's record couldn't be written: ${event.error}; run the command again`,
      },
    });
  }
  if (effect.do === "inspect") return inspected(state, event);
  if (event.on === "done") return recordIt(state);
  // Whether the promotion happened decides what may be done now: ask the server itself.
  return follow(
    {
      ...state,
      failure: {
        id: "VT22006",
        text: `${state.course.elected} couldn't be promoted: ${event.error}`,
      },
      // An unanswered promotion may still be running, so it must not be undone (tries is spent).
      tries: event.answered ? PROMOTE_TRIES_MAX + 1 : state.tries,
    },
    { do: "inspect", tablet: state.course.elected },
  );
}

/** After a promotion without a good answer, and at the start when the elect is primary already. */
function inspected(state: At<"promoting">, event: Exclude<Event, { on: "surveyed" }>): Step {
  const { course, promotion, tries } = state;
  if (event.on === "done" && event.readOnly === false) return recordIt(state);
  if (event.on === "done" && promotion.do === "inspect") {
    const undoDemote: Effect = { do: "undo_demote", tablet: course.elected };
    return follow({ ...state, promotion: undoDemote }, undoDemote);
  }
  if (event.on === "done" && tries > PROMOTE_TRIES_MAX) {
    const back = course.old !== undefined && course.old !== course.elected;
    return settle({ ...state, verdict: back ? "undo" : "stop" });
  }
  if (tries < PROMOTE_TRIES_MAX && promotion.do !== "inspect") {
    return follow({ ...state, tries: tries + 1 }, promotion);
  }
  return settle({
    ...state,
    failure: { id: "VT22006", text: undecidedText(course, state.failure, event) },
  });
}

function undecidedText(
  course: Course,
  failure: Failure | undefined,
  event: Exclude<Event, { on: "surveyed" }>,
): string {
  const cause = failure?.text ??
    `${course.elected} can't be asked: ${event.on === "failed" ? event.error : ""}`;
  const old = course.old;
  if (old === undefined || old === course.elected) return `${cause}; run the command again`;
  return `${cause}; it is not known whether it took over, so ${old} stays read-only; run the command again: ` +
    `--new-primary ${course.elected} completes, --new-primary ${old} goes back`;
}

/** Goes on with one more effect. */
function follow(state: At<"promoting">, effect: Effect): Step {
  return [{ ...state, open: new Set([...state.open, printEffect(effect)]) }, [effect]];
}

function recordIt(state: At<"promoting">): Step {
  return follow({ ...state, failure: undefined }, {
    do: "record",
    primary: state.course.elected,
  });
}

/** Done once nothing is under way. */
function settle(state: At<"promoting">): Step {
  if (state.open.size > 0) return [state, []];
  const { elected, old } = state.course;
  if (state.failure !== undefined) {
    const back = state.verdict === "undo" && old !== undefined;
    return back ? fence(state.course, old, state.failure) : fail(state.failure);
  }
  return [{ at: "done", outcome: { primary: elected, astray: state.astray } }, [
    ...state.astray.map(({ tablet, error }) =>
      say(`warning: ${tablet} doesn't replicate from ${elected} yet: ${error}`)
    ),
    say("finished PlannedReparentShard"),
  ]];
}

/** A promotion that failed half way may be tried again by the elect itself. */
function fence(course: Course, old: string, failure: Failure): Step {
  return [{ at: "fencing", course, old, failure }, [
    { do: "point", tablet: course.elected, parent: old },
  ]];
}

function fenced({ course, old, failure }: At<"fencing">, event: Event): Step {
  if (event.on !== "failed") return undo(course, old, failure);
  const text = undecidedText(course, failure, event);
  return fail({ id: "VT22006", text });
}

/** The old primary takes writes again, and the others follow it. */
function undo(course: Course, old: string, failure: Failure): Step {
  const followers = [course.elected, ...course.others].filter((alias) => alias !== old);
  const effects: readonly Effect[] = [
    { do: "undo_demote", tablet: old },
    ...followers.map((tablet): Effect => ({ do: "point", tablet, parent: old })),
  ];
  return [
    { at: "undoing", course, old, failure, open: new Set(effects.map(printEffect)) },
    [say(`undoing: ${old} stays primary`), ...effects],
  ];
}

function undoing(state: At<"undoing">, event: Event): Step {
  if (event.on === "surveyed") return [state, []];
  const open = new Set(state.open);
  open.delete(printEffect(event.effect));
  const failure = event.on === "failed" && event.effect.do === "undo_demote"
    ? {
      ...state.failure,
      text:
        `${state.failure.text}; and ${state.old} couldn't take writes again: ${event.error}; run the command again with --new-primary ${state.old}`,
    }
    : state.failure;
  if (open.size > 0) return [{ ...state, open, failure }, []];
  return fail(failure);
}
