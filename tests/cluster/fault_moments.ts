/**
 * When a fault strikes: a phase of a workflow's life, and a moment in it. Printed as "switch:
 * Creating journals", "copy: 30%", "reverse: after 120 ms", "catch-up".
 */

export const PHASES = [
  "create",
  "copy",
  "cancel",
  "catch-up",
  "vdiff",
  "switch rdonly",
  "reverse rdonly",
  "switch replica",
  "reverse replica",
  "switch",
  "reverse",
  "complete",
] as const;
export type Phase = (typeof PHASES)[number];

export interface Moment {
  readonly phase: Phase;
  /**
   * The beginning of the line that the command says then; or "30%" of the rows copied; or "keys",
   * which are being built behind them; or "after 120 ms"; "" is when the phase begins.
   */
  readonly at: string;
}

/** While secondary keys are built that a copy has deferred. */
export const KEYS = "keys";

/** Lines that SwitchTraffic and ReverseTraffic say, in their order. */
const SWITCH_STEPS = [
  "Waiting for streams to catch up before writes stop",
  "Stopping source writes",
  "Waiting for streams to catchup",
  "Stopping streams",
  "Creating reverse streams",
  "Creating journals",
  "Allowing writes on target",
  "Updating routing",
  "Starting reverse workflow",
  "Marking workflow frozen",
] as const;

/** Whether a workflow moves tables or splits shards: some lines are of the one alone. */
export type WorkflowKind = "tables" | "shards";

function completeSteps(kind: WorkflowKind): readonly string[] {
  return kind === "tables"
    ? ["Dropping source tables", "Removing routing rules", "Removing denied tables"]
    : ["Deleting source shards"];
}

/** Each moment that there is, but for those after some time. */
export function allMoments(kind: WorkflowKind): readonly Moment[] {
  const moment = (phase: Phase, at = ""): Moment => ({ phase, at });
  const reads = (type: string) =>
    kind === "tables" ? ["Updating routing rules"] : [`Opening ${type} reads`];
  return [
    moment("create", "Creating workflow"),
    moment("create", "Creating tables"),
    moment("create", "Starting streams"),
    moment("copy", "5%"),
    moment("copy", "50%"),
    moment("copy", KEYS),
    moment("cancel", KEYS),
    moment("cancel", "Stopping streams"),
    moment("cancel", "Dropping target tables"),
    moment("catch-up"),
    moment("vdiff", "0 rows compared"),
    ...(["rdonly", "replica"] as const).flatMap((type) =>
      reads(type).flatMap((line) => [
        moment(`switch ${type}`, line),
        moment(`reverse ${type}`, line),
      ])
    ),
    ...SWITCH_STEPS.map((step) => moment("switch", step)),
    ...SWITCH_STEPS.map((step) => moment("reverse", step)),
    moment("complete", "Deleting streams of"),
    ...completeSteps(kind).map((step) => moment("complete", step)),
  ];
}

export function printMoment({ phase, at }: Moment): string {
  return at === "" ? phase : `${phase}: ${at}`;
}

/** TypeError for a phase that there isn't. */
export function parseMoment(text: string): Moment {
  const colon = text.indexOf(": ");
  const name = colon < 0 ? text : text.slice(0, colon);
  const phase = PHASES.find((one) => one === name);
  if (phase === undefined) throw new TypeError(`no phase "${name}"; there are: ${PHASES}`);
  return { phase, at: colon < 0 ? "" : text.slice(colon + 2) };
}

/** Milliseconds of "after 120 ms"; undefined for another moment. */
export function delayOf({ at }: Moment): number | undefined {
  const match = /^after (\d+) ms$/.exec(at);
  return match === null ? undefined : Number(match[1]);
}

/** 0.3 of "30%". */
export function shareOf({ at }: Moment): number {
  const match = /^(\d+)%$/.exec(at);
  if (match === null) throw new TypeError(`"${at}" is no share of the rows, like 30%`);
  return Number(match[1]) / 100;
}
