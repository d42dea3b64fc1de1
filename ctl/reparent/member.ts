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
    /** Both replication threads run; meaningless on a primary. */
    readonly replicating: boolean;
    /** Undefined: unknown. */
    readonly lagSeconds: number | undefined;
    readonly lastError: string;
    readonly readOnly: boolean;
  };

export type AliveReport = Extract<Report, { readonly alive: true }>;

/**
 * The shard's primary: of the tablets whose records say so, the one with the latest term. A
 * reparent that died half way leaves two such records, and the later term is the one that took
 * writes last.
 */
export function currentPrimary(members: readonly Member[]): Member | undefined {
  let latest: Member | undefined;
  for (const member of members) {
    if (member.type !== "primary") continue;
    if (latest === undefined || termOf(member) > termOf(latest)) latest = member;
  }
  return latest;
}

function termOf(member: Member): number {
  return member.primaryTermStartMs ?? 0;
}
