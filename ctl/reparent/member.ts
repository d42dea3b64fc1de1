import type { TabletType } from "../../shared/model/tablet.ts";

/** A tablet of the shard as the topology has it. Aliases are texts: "zone1-0000000100". */
export interface Member {
  readonly alias: string;
  readonly cell: string;
  readonly type: TabletType;
  /** Milliseconds since the epoch; a primary's own word on when it became one. */
  readonly primaryTermStartMs: number | undefined;
}

/** What a tablet answered when it was asked how it is. */
export type Report =
  | { readonly alive: false; readonly error: string }
  | {
    readonly alive: true;
    /** GTID set in the server's own text. */
    readonly position: string;
    /** Both replication threads run, and the shard's primary is the source; false on that itself. */
    readonly replicating: boolean;
    /** Undefined: unknown. */
    readonly lagSeconds: number | undefined;
    readonly lastError: string;
    readonly readOnly: boolean;
  };

export type AliveReport = Extract<Report, { readonly alive: true }>;

/** The primary that the shard's record names. */
export interface RecordedPrimary {
  readonly alias: string;
  readonly termStartMs: number | undefined;
}

/**
 * The shard's primary: the tablet with the latest term, by the shard's record or by its own. A
 * tablet claims the shard's record before it takes writes, so that record decides between equals;
 * a tablet's own one may be written a little later, or say what was before.
 */
export function currentPrimary(
  members: readonly Member[],
  recorded: RecordedPrimary | undefined,
): Member | undefined {
  let latest = members.find((member) => member.alias === recorded?.alias);
  let term = latest === undefined ? -Infinity : recorded?.termStartMs ?? 0;
  for (const member of members) {
    const own = member.primaryTermStartMs ?? 0;
    if (member.type === "primary" && own > term) [latest, term] = [member, own];
  }
  return latest;
}
