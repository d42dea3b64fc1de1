/** What a tablet shall be: decided from the topology and from commands by `decideDesired`. */
import type { ShardRecord, TabletRecord } from "../../shared/model/records.ts";
import {
  printTabletAlias,
  SERVING_TYPES,
  type TabletAlias,
  type TabletType,
} from "../../shared/model/tablet.ts";

/** Where a replica's source listens. */
export interface Source {
  readonly alias: TabletAlias;
  readonly host: string;
  readonly port: number;
}

export type Role =
  | { readonly is: "primary"; readonly termStartTime: string }
  /** A primary that gives its place away: reads and writes nothing, until told what comes next. */
  | { readonly is: "demoted"; readonly termStartTime: string }
  /** `source` undefined: the shard has no primary yet. */
  | {
    readonly is: "replica";
    readonly type: TabletType;
    readonly source: Source | undefined;
    readonly replicationStopped: boolean;
  }
  /** Replicates too, but takes no queries: drained, spare, backup ... */
  | {
    readonly is: "spare";
    readonly type: TabletType;
    readonly source: Source | undefined;
    readonly replicationStopped: boolean;
  };

export interface Desired {
  readonly role: Role;
  /** A primary waits for an acknowledgement; a replica gives them. */
  readonly semiSync: boolean;
  readonly queryServiceDisabled: boolean;
  /** Tables that moved away: names without database. */
  readonly deniedTables: readonly string[];
  readonly lagMaxSeconds: number;
}

/** What `decideDesired` looks at. */
export interface View {
  readonly self: TabletAlias;
  readonly record: TabletRecord;
  readonly shard: ShardRecord;
  /** The shard's primary, when it is somebody else and its record could be read. */
  readonly primary: TabletRecord | undefined;
  readonly semiSync: boolean;
  /** Of SrvKeyspace: types whose queries are switched off for this shard. */
  readonly disabledTypes: readonly TabletType[];
  /** Set by commands, lost with the process. */
  readonly command: Command;
  /** What this tablet is when it isn't the primary. */
  readonly baseType: TabletType;
  readonly lagMaxSeconds: number;
}

export interface Command {
  readonly demoted: boolean;
  readonly replicationStopped: boolean;
  /** Replicate from here, whatever the shard record says; until that names another primary. */
  readonly follow: Source | undefined;
}

export const NO_COMMAND: Command = {
  demoted: false,
  replicationStopped: false,
  follow: undefined,
};

/** The type follows the shard record: it alone makes a primary. */
export function decideDesired(view: View): Desired {
  const role = decideRole(view);
  const type = typeOf(role);
  const controls = view.shard.tabletControls.filter((control) =>
    control.tabletType === type &&
    (control.cells.length === 0 || control.cells.includes(view.self.cell))
  );
  return {
    role,
    semiSync: view.semiSync,
    queryServiceDisabled: view.disabledTypes.includes(type),
    deniedTables: controls.flatMap((control) => control.deniedTables).toSorted(),
    lagMaxSeconds: view.lagMaxSeconds,
  };
}

function decideRole(view: View): Role {
  const { shard, self, command } = view;
  if (isSelf(shard.primaryAlias, self) && command.follow === undefined) {
    const termStartTime = shard.primaryTermStartTime ?? view.record.primaryTermStartTime ?? "";
    return { is: command.demoted ? "demoted" : "primary", termStartTime };
  }
  const type = view.record.type === "primary" ? view.baseType : view.record.type;
  return {
    is: SERVING_TYPES.has(type) ? "replica" : "spare",
    type,
    source: command.follow ?? sourceOf(view.primary),
    replicationStopped: command.replicationStopped,
  };
}

function sourceOf(primary: TabletRecord | undefined): Source | undefined {
  if (primary === undefined) return undefined;
  return { alias: primary.alias, host: primary.mysqlHostname, port: primary.mysqlPort };
}

export function isSelf(alias: TabletAlias | undefined, self: TabletAlias): boolean {
  return alias !== undefined && printTabletAlias(alias) === printTabletAlias(self);
}

/** The tablet type that queries ask for. */
export function typeOf(role: Role): TabletType {
  return role.is === "primary" || role.is === "demoted" ? "primary" : role.type;
}

/** "" for a tablet that isn't its shard's primary. */
export function termOf(role: Role): string | undefined {
  return role.is === "primary" || role.is === "demoted" ? role.termStartTime : undefined;
}

export function sameDesired(a: Desired, b: Desired): boolean {
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

/** True when statements that run may go on over the change. */
export function sameRole(a: Desired, b: Desired): boolean {
  return a.role.is === b.role.is && typeOf(a.role) === typeOf(b.role);
}

/** True when mysqld has nothing to do with the change: only what is served differs. */
export function sameServer(a: Desired, b: Desired): boolean {
  const { queryServiceDisabled, deniedTables, lagMaxSeconds } = a;
  return sameDesired(a, { ...b, queryServiceDisabled, deniedTables, lagMaxSeconds });
}

/** Fixed order of keys, so that equal records print alike. */
function canonical(desired: Desired): unknown {
  const { role } = desired;
  const source = role.is === "replica" || role.is === "spare" ? role.source : undefined;
  return [
    role.is,
    typeOf(role),
    termOf(role),
    source && [printTabletAlias(source.alias), source.host, source.port],
    role.is === "replica" || role.is === "spare" ? role.replicationStopped : false,
    desired.semiSync,
    desired.queryServiceDisabled,
    desired.deniedTables,
    desired.lagMaxSeconds,
  ];
}
