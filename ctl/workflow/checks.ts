/** Why traffic may not be switched, or a workflow not be ended, now; with the way out. */
import { vtError } from "../../shared/error/errors.ts";
import { parseTabletAlias } from "../../shared/model/tablet.ts";
import {
  FROZEN,
  isFrozen,
  isReverse,
  KIND_NAMES,
  nameOf,
  type PlacedStream,
  reverseName,
  type WorkflowFacts,
} from "./facts.ts";
import { deniedTables, sharedTables } from "./rivals.ts";
import { routedTables } from "./routing.ts";
import { whyNotTold } from "./serving.ts";
import { STOPPED_FOR_CUTOVER } from "./switch_steps.ts";
import { isAllSwitched, printTraffic, readTraffic } from "./traffic.ts";

export interface SwitchLimits {
  readonly lagMaxSeconds: number;
  readonly nowSeconds: number;
  /** A switch of this workflow was cut, and is ended first: it may have a source refuse tables. */
  readonly isCut?: boolean;
}

/** VT22002 "cannot switch traffic for workflow ... at this time: ...". */
export function checkCanSwitch(facts: WorkflowFacts, limits: SwitchLimits): void {
  // A switch that has passed its journals must be completed, whatever the streams say.
  if (facts.journaled.size > 0) return;
  const why = whyNot(facts, limits);
  if (why === undefined) return;
  throw vtError(
    "VT22002",
    `cannot switch traffic for workflow ${facts.name} at this time: ${why}`,
  );
}

function whyNot(facts: WorkflowFacts, limits: SwitchLimits): string | undefined {
  if (isFrozen(facts)) {
    return `workflow is frozen: its writes were switched before; complete it, or reverse it with ${
      KIND_NAMES[facts.kind]
    } --workflow ${facts.name} --target-keyspace ${facts.targetKeyspace} reversetraffic`;
  }
  const rival = whyRivalHasIt(facts, limits);
  if (rival !== undefined) return rival;
  for (const placed of facts.streams) {
    const why = whyStreamNot(facts, placed, limits);
    if (why !== undefined) return why;
  }
  return undefined;
}

/**
 * VT22002 when a source of a reshard couldn't hear that it takes no more writes: looked at before
 * they stop, so that they don't stop in vain.
 */
export function checkSourcesHear({ kind, sources, srvKeyspaces }: WorkflowFacts): void {
  if (kind !== "reshard") return;
  for (const source of sources) {
    const { cell } = parseTabletAlias(source.primary);
    if (!srvKeyspaces.has(cell)) throw vtError("VT22002", whyNotTold(source, cell));
  }
}

/** What could not be seen when it was created, since a tablet was away. */
function whyRivalHasIt(
  facts: WorkflowFacts,
  { isCut = false }: Pick<SwitchLimits, "isCut">,
): string | undefined {
  const { name, kind, sourceKeyspace, targetKeyspace } = facts;
  const back = facts.reverseStreams.find(({ stream }) => stream.source.keyspace !== targetKeyspace);
  if (back !== undefined) {
    return `${back.stream.workflow} on ${sourceKeyspace}/${back.shard}, which would bring its rows back, belongs to a workflow of keyspace ${back.stream.source.keyspace}; complete that one, or cancel this one and create it under another name`;
  }
  if (isCut || kind !== "move_tables") return undefined;
  const denied = deniedTables(facts.sources, facts.tables);
  if (denied === undefined) return undefined;
  return `${denied}, so another workflow has switched its writes elsewhere, and rows written since are not here; GetRoutingRules tells where, MoveTables --workflow ${name} --target-keyspace ${targetKeyspace} cancel ends this one`;
}

function whyStreamNot(
  { targetKeyspace, kind, name }: WorkflowFacts,
  { shard, stream }: PlacedStream,
  limits: SwitchLimits,
): string | undefined {
  const { state, message } = stream;
  const where = `stream ${stream.id} on ${targetKeyspace}/${shard}`;
  const command = `${KIND_NAMES[kind]} --workflow ${name} --target-keyspace ${targetKeyspace}`;
  if (state === "Error") {
    return `workflow has errors: ${where}: ${message}; remove the cause, then ${command} start`;
  }
  const because = message === "" ? "" : ` (${message})`;
  // Before the copy: one that stands still in its midst is not in progress.
  if (state === "Stopped" && message !== STOPPED_FOR_CUTOVER) {
    return `workflow is stopped: ${where}${because}; ${command} start lets it go on`;
  }
  if (
    stream.copyState.length > 0 || state === "Copying" || state === "Init" || stream.position === ""
  ) {
    return `copy is still in progress: ${where}${because}; ${command} status tells how far it is, and switchtraffic --wait waits for it`;
  }
  const lag = lagSeconds(stream, limits.nowSeconds);
  if (state === "Running" && lag > limits.lagMaxSeconds) {
    return `replication lag ${lag}s is higher than allowed lag ${limits.lagMaxSeconds}s: ${where}${because}; wait (${command} status shows the lag), or allow more with --max-replication-lag-allowed`;
  }
  return undefined;
}

/** VT22002 when a stream stands still before its rows are copied: whoever waits would do so in vain. */
export function checkGoesOn(
  { streams, kind, name, targetKeyspace }: Pick<
    WorkflowFacts,
    "streams" | "kind" | "name" | "targetKeyspace"
  >,
): void {
  const still = streams.find(({ stream }) =>
    stream.state === "Stopped" && (stream.position === "" || stream.copyState.length > 0)
  );
  if (still === undefined) return;
  const { shard, stream: { id, message } } = still;
  throw vtError(
    "VT22002",
    `stream ${id} on ${targetKeyspace}/${shard} is stopped before its rows are copied${
      message === "" ? "" : ` (${message})`
    }, so there is nothing to wait for; ${
      KIND_NAMES[kind]
    } --workflow ${name} --target-keyspace ${targetKeyspace} start --wait lets it go on`,
  );
}

/** How long ago the stream was last known to have everything; 0 before it runs. */
export function lagSeconds(
  stream: Pick<PlacedStream["stream"], "transactionTimestamp" | "timeUpdated" | "timeHeartbeat">,
  nowSeconds: number,
): number {
  const heard = Math.max(
    stream.transactionTimestamp,
    Math.min(stream.timeUpdated, stream.timeHeartbeat || stream.timeUpdated),
  );
  return heard === 0 ? 0 : Math.max(0, Math.round(nowSeconds - heard));
}

/** VT22002 unless all reads and writes are switched. */
export function checkCanComplete(facts: WorkflowFacts): void {
  if (facts.kind === "materialize") return;
  const traffic = readTraffic(facts);
  if (isFrozen(facts) && (isAllSwitched(traffic) || isCompletionCut(facts))) return;
  throw vtError(
    "VT22002",
    `cannot complete workflow because you have not yet switched all read and write traffic (${
      printTraffic(traffic)
    }); switch it with ${
      KIND_NAMES[facts.kind]
    } --workflow ${facts.name} --target-keyspace ${facts.targetKeyspace} switchtraffic`,
  );
}

/** Tables whose writes were switched have rules until a completion takes them away. */
function isCompletionCut(facts: WorkflowFacts): boolean {
  return facts.kind === "move_tables" &&
    routedTables(facts.routingRules, [facts.sourceKeyspace, facts.targetKeyspace], facts.tables)
        .length === 0;
}

/** VT22002 once anything is served by the target. */
export function checkCanCancel(facts: WorkflowFacts): void {
  if (facts.kind === "materialize") return;
  const traffic = readTraffic(facts);
  const reverse = `${
    KIND_NAMES[facts.kind]
  } --workflow ${facts.name} --target-keyspace ${facts.targetKeyspace} reversetraffic`;
  const frozen = facts.streams.some(({ stream }) => stream.message === FROZEN);
  if (traffic.writesSwitched || frozen || facts.journaled.size > 0) {
    throw vtError(
      "VT22002",
      `cannot delete workflow because you have already switched write traffic; ${reverse} brings it back, complete ends the workflow`,
    );
  }
  if (traffic.replica.switched.length > 0 || traffic.rdonly.switched.length > 0) {
    throw vtError(
      "VT22002",
      `cannot delete workflow because you have already switched some reads (${
        printTraffic(traffic)
      }); ${reverse} brings them back`,
    );
  }
}

/** A stream that another workflow has on the same shards. */
export interface OtherStream extends PlacedStream {
  readonly keyspace: string;
  readonly primary: string;
}

/**
 * VT22004 or VT22002 unless a workflow of this name may begin here. `mine` says that a stream is
 * this workflow's own, from an attempt that was cut.
 */
export function checkCanCreate(
  workflow: string,
  others: readonly OtherStream[],
  tables: readonly string[],
  mine: (other: OtherStream) => boolean,
): void {
  for (const other of others) {
    const { stream, primary, shard } = other;
    if (stream.workflow === workflow) {
      if (mine(other)) continue;
      throw vtError(
        "VT22004",
        `workflow ${workflow} already exists in keyspace ${other.keyspace} on tablet ${primary}; choose another name, or cancel or complete that one`,
      );
    }
    if (stream.message === FROZEN) {
      throw vtError(
        "VT22002",
        `found previous frozen workflow on tablet ${
          Number(primary.split("-").at(-1))
        }, please review and delete it first before creating a new workflow (${stream.workflow}, on ${
          nameOf({ keyspace: other.keyspace, shard })
        }: its complete command ends it, Workflow delete only forgets it)`,
      );
    }
    const shared = sharedTables(other, tables);
    if (shared.length === 0 || stream.workflowType === "materialize") continue;
    const way = isReverse(stream.workflow)
      ? `complete or reverse ${
        reverseName(stream.workflow)
      } of keyspace ${stream.source.keyspace}, which it belongs to, first`
      : "complete or cancel it first";
    throw vtError(
      "VT22002",
      `workflow ${stream.workflow} on ${nameOf({ keyspace: other.keyspace, shard })} has ${
        shared.join(", ")
      } already; ${way}`,
    );
  }
}
