/**
 * The runs of the matrix as a list: what is done to what when, on which server; and which of them
 * one cluster can serve.
 */
import {
  allMoments,
  type Moment,
  parseMoment,
  type Phase,
  printMoment,
  type WorkflowKind,
} from "./fault_moments.ts";
import { type Fault, parseFault, printFault } from "./victims.ts";
import type { WorldKind } from "./fault_world.ts";

export const KINDS = ["move", "1->2", "2->1", "2->4", "4->2"] as const;
export type Kind = (typeof KINDS)[number];

export interface PlannedRun {
  readonly server: "mariadb" | "mysql";
  readonly kind: Kind;
  readonly moment: Moment;
  readonly fault: Fault;
}

/** What one cluster serves: its shards, how many rows it has, whether there are rdonly tablets. */
export interface Group {
  readonly server: PlannedRun["server"];
  readonly world: WorldKind;
  readonly size: "large" | "small" | "reads";
}

/** A kill should fall into these, so they must take their time. */
const LONG: ReadonlySet<Phase> = new Set(["create", "copy", "cancel", "catch-up", "vdiff"]);

export function groupOf({ server, kind, moment }: PlannedRun): Group {
  const world = kind === "move" ? "move" : kind.includes("1") ? "1-2" : "2-4";
  const isReads = /rdonly|replica/.test(moment.phase);
  const size = LONG.has(moment.phase) ? "large" : isReads ? "reads" : "small";
  return { server, world, size };
}

/** "mariadb | 1->2 | switch: Creating journals | kill gate". */
export function printRun({ server, kind, moment, fault }: PlannedRun): string {
  return [server, kind, printMoment(moment), printFault(fault)].join(" | ");
}

/** A line as printRun gives it. TypeError when it is none. */
export function parseRun(line: string): PlannedRun {
  const [server, name, moment, fault, more] = line.split(" | ");
  const kind = KINDS.find((one) => one === name);
  if (
    (server !== "mariadb" && server !== "mysql") || kind === undefined || moment === undefined ||
    fault === undefined || more !== undefined
  ) {
    throw new TypeError(`"${line}" is no run, like: mariadb | 1->2 | catch-up | kill gate`);
  }
  return { server, kind, moment: parseMoment(moment), fault: parseFault(fault) };
}

export interface Choice {
  readonly servers: readonly PlannedRun["server"][];
  readonly kinds: readonly Kind[];
  /** Moments whose text has one of these words; none means all. */
  readonly moments: readonly string[];
  readonly faults: readonly Fault[];
}

/** Every combination of what is chosen. */
export function planRuns(choice: Choice): readonly PlannedRun[] {
  return choice.servers.flatMap((server) =>
    choice.kinds.flatMap((kind) =>
      momentsOf(kind === "move" ? "tables" : "shards", choice.moments).flatMap((moment) =>
        choice.faults.map((fault) => ({ server, kind, moment, fault }))
      )
    )
  );
}

function momentsOf(kind: WorkflowKind, words: readonly string[]): readonly Moment[] {
  const all = allMoments(kind);
  if (words.length === 0) return all;
  return [
    ...all.filter((moment) => words.some((word) => printMoment(moment).startsWith(word))),
    ...words.filter((word) => /: after \d+ ms$/.test(word)).map(parseMoment),
  ];
}
