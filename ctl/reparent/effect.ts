/** What a reparent asks the shell to do, and what it hears back. */
import { unreachable } from "../../shared/error/unreachable.ts";
import type { Reports } from "./election.ts";

export type Effect =
  /** Asks `first` how they are, all at once, and only then `last`: the primary must be the newest. */
  | { readonly do: "survey"; readonly first: readonly string[]; readonly last: string | undefined }
  | { readonly do: "wait"; readonly tablet: string; readonly position: string }
  | { readonly do: "demote"; readonly tablet: string }
  | { readonly do: "undo_demote"; readonly tablet: string }
  | { readonly do: "promote"; readonly tablet: string; readonly position: string }
  /** First primary of a shard: there is nothing to wait for. */
  | { readonly do: "init"; readonly tablet: string }
  /** Does this tablet take writes? */
  | { readonly do: "inspect"; readonly tablet: string }
  | { readonly do: "point"; readonly tablet: string; readonly parent: string }
  /** Writes the shard's record. */
  | { readonly do: "record"; readonly primary: string }
  | { readonly do: "say"; readonly line: string };

export type Event =
  | { readonly on: "surveyed"; readonly reports: Reports }
  /** `position`: of demote and promote. `readOnly`: of inspect. */
  | {
    readonly on: "done";
    readonly effect: Effect;
    readonly position?: string;
    readonly readOnly?: boolean;
  }
  | {
    readonly on: "failed";
    readonly effect: Effect;
    readonly error: string;
    /** The tablet itself said no. False: nobody knows what it did. */
    readonly answered: boolean;
  };

/** The effect's text: how `open` knows it, and how transcripts print it. */
export function printEffect(effect: Effect): string {
  switch (effect.do) {
    case "survey":
      return `survey ${effect.first.join(" ")}${
        effect.last === undefined ? "" : ` then ${effect.last}`
      }`;
    case "wait":
      return `wait ${effect.tablet} ${effect.position}`;
    case "promote":
      return `promote ${effect.tablet} ${effect.position}`.trimEnd();
    case "point":
      return `point ${effect.tablet} at ${effect.parent}`;
    case "record":
      return `record ${effect.primary}`;
    case "say":
      return `say ${effect.line}`;
    case "demote":
    case "undo_demote":
    case "init":
    case "inspect":
      return `${effect.do} ${effect.tablet}`;
    default:
      return unreachable(effect);
  }
}
