/**
 * Runs the decisions of ctl/reparent: takes the shard's lock, does what the machine asks for, feeds
 * back what came of it. The lock is checked before each effect that changes something.
 */
import { unreachable } from "../../shared/error/unreachable.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { ShardRecord, TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import type { ReplicationStatus } from "../../shared/rpc/tablet_admin.ts";
import { getKeyspace } from "../../topo/keyspaces.ts";
import { lockShard } from "../../topo/locks.ts";
import { getShard, updateShard } from "../../topo/shards.ts";
import { getTablet } from "../../topo/tablets.ts";
import type { Lock } from "../../topo/store.ts";
import type { Effect, Event } from "../reparent/effect.ts";
import type { Member, RecordedPrimary, Report } from "../reparent/member.ts";
import {
  begin,
  type Outcome,
  type ReparentRequest,
  type State,
  step,
} from "../reparent/planned.ts";
import type { CommandContext } from "./context.ts";
import { type FoundShard, tabletsOf } from "./lookup.ts";
import { isAnswered, type TabletCall } from "./tablet_client.ts";

/** A tablet that can't say how it is within this time is counted as unreachable. */
const SURVEY_TIMEOUT_MS = 5000;

/** How long a replica that is reconnecting to its source is waited for, and how often it is asked. */
const RECONNECT_MS_MAX = 10_000;
const RECONNECT_POLL_MS = 100;

/** Changing a role: ends running transactions, restarts replication. */
const ROLE_TIMEOUT_MS = 30_000;

/**
 * Writes are down from the demotion on, so what follows it is finished whether the caller is still
 * there or not; this long at most.
 */
const FINISH_TIMEOUT_MS = 120_000;

export interface ReparentOptions extends Omit<ReparentRequest, "semiSync"> {
  readonly action: string;
  /** How long the elect may take to have all transactions. */
  readonly waitMs: number;
}

interface Shell {
  readonly context: CommandContext;
  readonly shard: FoundShard;
  readonly lock: Lock;
  readonly tablets: ReadonlyMap<string, TabletRecord>;
  readonly semiSync: boolean;
  readonly waitMs: number;
  readonly finish: AbortSignal;
  /** Writes are stopped, or about to be: from here on it is brought to an end. */
  begun: boolean;
}

/** VT22001, VT22002 for what is refused; VT22006 when it went wrong, with what to do then. */
export async function reparentShard(
  context: CommandContext,
  shard: FoundShard,
  options: ReparentOptions,
): Promise<Outcome> {
  const { keyspace } = shard;
  await using lock = await lockShard(
    context.topo,
    keyspace,
    shard.shard,
    options.action,
    context,
  );
  // Under the lock nobody else changes roles, so what is read from here on holds.
  const record = await getShard(context.topo, keyspace, shard.shard, context);
  const tablets = await tabletsOf(context, shard);
  const { durabilityPolicy } = await getKeyspace(context.topo, keyspace, context);
  const semiSync = durabilityPolicy !== "none";
  const shell: Shell = {
    context,
    shard,
    lock,
    tablets: new Map(tablets.map((tablet) => [printTabletAlias(tablet.alias), tablet])),
    semiSync,
    waitMs: options.waitMs,
    finish: AbortSignal.any([lock.lost, AbortSignal.timeout(FINISH_TIMEOUT_MS)]),
    begun: false,
  };
  const state = await run(shell, {
    members: tablets.map(toMember),
    recorded: toRecorded(record),
  }, { ...options, semiSync });
  if (state.at === "failed") throw vtError(state.failure.id, state.failure.text);
  if (state.at !== "done") throw new TypeError(`reparent ended in state ${state.at}`);
  return state.outcome;
}

function toRecorded(record: ShardRecord): RecordedPrimary | undefined {
  if (record.primaryAlias === undefined) return undefined;
  return {
    alias: printTabletAlias(record.primaryAlias),
    termStartMs: parseTime(record.primaryTermStartTime),
  };
}

function parseTime(time: string | undefined): number | undefined {
  const ms = Date.parse(time ?? "");
  return Number.isNaN(ms) ? undefined : ms;
}

function toMember(tablet: TabletRecord): Member {
  return {
    alias: printTabletAlias(tablet.alias),
    cell: tablet.alias.cell,
    type: tablet.type,
    primaryTermStartMs: parseTime(tablet.primaryTermStartTime),
  };
}

/** Effects of one step run side by side; each outcome makes the next step. */
async function run(
  shell: Shell,
  shard: Parameters<typeof begin>[0],
  request: ReparentRequest,
): Promise<State> {
  let [state, effects] = begin(shard, request);
  const open = new Set<Promise<{ readonly event: Event; readonly done: () => void }>>();
  const launch = (more: readonly Effect[]): void => {
    for (const effect of more) {
      if (effect.do === "say") {
        shell.context.say(effect.line);
        continue;
      }
      const running = perform(shell, effect).then((event) => ({
        event,
        done: () => open.delete(running),
      }));
      open.add(running);
    }
  };
  launch(effects);
  while (open.size > 0) {
    const { event, done } = await Promise.race(open);
    done();
    [state, effects] = step(state, event);
    launch(effects);
  }
  return state;
}

async function perform(shell: Shell, effect: Exclude<Effect, { do: "say" }>): Promise<Event> {
  try {
    if (effect.do === "survey") return { on: "surveyed", reports: await survey(shell, effect) };
    return await change(shell, effect);
  } catch (error) {
    if (effect.do === "survey") throw error;
    return {
      on: "failed",
      effect,
      error: error instanceof Error ? error.message : String(error),
      answered: isAnswered(error),
    };
  }
}

function tabletOf(shell: Shell, alias: string): TabletRecord {
  const tablet = shell.tablets.get(alias);
  if (tablet === undefined) throw new TypeError(`no tablet ${alias} in the shard`);
  return tablet;
}

/** Until writes stop, the caller may leave; afterwards it is brought to an end. */
async function change(
  shell: Shell,
  effect: Exclude<Effect, { do: "say" | "survey" }>,
): Promise<Event> {
  const { context, lock, semiSync, waitMs } = shell;
  if (!shell.begun) context.signal.throwIfAborted();
  if (effect.do === "record") return await record(shell, effect);
  const tablet = tabletOf(shell, effect.tablet);
  const call: TabletCall = { signal: shell.finish, timeoutMs: ROLE_TIMEOUT_MS };
  if (effect.do === "wait") {
    await context.tablets.call(tablet, "WaitForPosition", {
      position: effect.position,
      timeoutMs: waitMs,
    }, { ...call, timeoutMs: waitMs + 5000 });
    return { on: "done", effect };
  }
  if (effect.do === "inspect") {
    return { on: "done", effect, readOnly: await isReadOnly(shell, tablet) };
  }
  lock.check();
  switch (effect.do) {
    case "demote": {
      shell.begun = true;
      const { position } = await context.tablets.call(tablet, "DemotePrimary", {}, call);
      return { on: "done", effect, position };
    }
    case "undo_demote":
      shell.begun = true;
      await context.tablets.call(tablet, "UndoDemotePrimary", { semiSync }, call);
      return { on: "done", effect };
    case "promote": {
      shell.begun = true;
      const request = { position: effect.position, semiSync, timeoutMs: waitMs };
      const timeoutMs = ROLE_TIMEOUT_MS + waitMs;
      const done = await context.tablets.call(tablet, "PromoteReplica", request, {
        ...call,
        timeoutMs,
      });
      return { on: "done", effect, position: done.position };
    }
    case "init": {
      shell.begun = true;
      const done = await context.tablets.call(tablet, "InitPrimary", { semiSync }, call);
      return { on: "done", effect, position: done.position };
    }
    case "point": {
      const parent = tabletOf(shell, effect.parent);
      await context.tablets.call(tablet, "SetReplicationSource", {
        parent: parent.alias,
        host: parent.mysqlHostname,
        port: parent.mysqlPort,
        semiSync,
        start: true,
      }, call);
      return { on: "done", effect };
    }
    default:
      return unreachable(effect);
  }
}

/** A promoted tablet claims the shard's record itself; then there is nothing to do. */
async function record(
  shell: Shell,
  effect: Extract<Effect, { readonly do: "record" }>,
): Promise<Event> {
  const { context, lock, shard } = shell;
  const { alias } = tabletOf(shell, effect.primary);
  const call = { signal: shell.finish };
  const { primaryTermStartTime } = await getTablet(context.topo, alias, call);
  const term = primaryTermStartTime ?? new Date(context.clock.now()).toISOString();
  lock.check();
  await updateShard(context.topo, shard.keyspace, shard.shard, (before) => {
    const { primaryAlias } = before;
    if (primaryAlias?.cell === alias.cell && primaryAlias.uid === alias.uid) return undefined;
    return { ...before, primaryAlias: alias, primaryTermStartTime: term };
  }, call);
  return { on: "done", effect };
}

async function isReadOnly(shell: Shell, tablet: TabletRecord): Promise<boolean> {
  const { rows } = await shell.context.tablets.call(tablet, "ExecuteFetchAsDba", {
    sql: "SELECT @@global.read_only",
    rowsMax: 1,
    disableBinlogs: false,
  }, { signal: shell.finish, timeoutMs: SURVEY_TIMEOUT_MS });
  return rows[0]?.[0] !== "0" && rows[0]?.[0] !== "OFF";
}

async function survey(
  shell: Shell,
  { first, last }: Extract<Effect, { readonly do: "survey" }>,
): Promise<ReadonlyMap<string, Report>> {
  const primary = last === undefined ? undefined : tabletOf(shell, last);
  const ask = async (alias: string): Promise<readonly [string, Report]> =>
    [alias, await askOne(shell, tabletOf(shell, alias), primary)] as const;
  const reports = new Map(await Promise.all(first.map(ask)));
  if (last !== undefined) reports.set(...await ask(last));
  return reports;
}

/**
 * How a replica's replication is, once it isn't on its way back: after a restart of the source the
 * receiver reconnects by itself within a second or two, and that is no broken replication.
 */
async function settledReplication(
  { context }: Shell,
  tablet: TabletRecord,
): Promise<ReplicationStatus> {
  const call = { signal: context.signal, timeoutMs: SURVEY_TIMEOUT_MS };
  const deadlineMs = context.clock.monotonicMs() + RECONNECT_MS_MAX;
  while (true) {
    const status = await context.tablets.call(tablet, "ReplicationStatus", {}, call);
    const reconnecting = status.sqlRunning && !status.ioRunning;
    if (!reconnecting || context.clock.monotonicMs() > deadlineMs) return status;
    await context.clock.sleep(RECONNECT_POLL_MS, context);
  }
}

async function askOne(
  shell: Shell,
  tablet: TabletRecord,
  primary: TabletRecord | undefined,
): Promise<Report> {
  const { context } = shell;
  const call = { signal: context.signal, timeoutMs: SURVEY_TIMEOUT_MS };
  try {
    const readOnly = await isReadOnly(shell, tablet);
    if (tablet === primary) {
      const { position } = await context.tablets.call(tablet, "PrimaryPosition", {}, call);
      return {
        alive: true,
        position,
        readOnly,
        replicating: false,
        lagSeconds: undefined,
        lastError: "",
      };
    }
    const status = await settledReplication(shell, tablet);
    return {
      alive: true,
      readOnly,
      position: status.position,
      replicating: status.ioRunning && status.sqlRunning &&
        status.sourceHost === primary?.mysqlHostname && status.sourcePort === primary.mysqlPort,
      lagSeconds: status.lagSeconds,
      lastError: status.lastError,
    };
  } catch (error) {
    context.signal.throwIfAborted();
    return { alive: false, error: error instanceof Error ? error.message : String(error) };
  }
}
