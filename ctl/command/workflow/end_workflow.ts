/** Complete, Cancel, and Start and Stop of the streams. */
import { VtError, vtError, vtErrorFrom } from "../../../shared/error/errors.ts";
import type { EndedRecord, TabletRecord } from "../../../shared/model/records.ts";
import { getEnded } from "../../../topo/ended_workflows.ts";
import { checkCanCancel, checkCanComplete } from "../../workflow/checks.ts";
import { FROZEN, type WorkflowFacts } from "../../workflow/facts.ts";
import { cancel, type Cancellation, complete, type Completion } from "../../workflow/finish.ts";
import { checkReaders } from "../../workflow/neighbours.ts";
import { printPlan, type Program } from "../../workflow/program.ts";
import type { CommandContext } from "../context.ts";
import { finishUnfinished } from "./heal_switch.ts";
import { type FoundWorkflow, readShards, readStreams, readWorkflow } from "./read_facts.ts";
import { lockKeyspaces, runProgram } from "./run_program.ts";
import { streamsElsewhere } from "./streams_around.ts";
import type { WorkflowName } from "./switch_traffic.ts";

export interface EndResult extends WorkflowName {
  readonly plan: readonly string[] | undefined;
  /** RFC 3339: it had ended so before. */
  readonly endedAt: string | undefined;
}

export function completeWorkflow(
  context: CommandContext,
  name: WorkflowName,
  options: Completion & { readonly dryRun: boolean },
): Promise<EndResult> {
  return end(context, name, "complete", options.dryRun, (facts) => {
    checkCanComplete(facts);
    return complete(facts, options);
  });
}

export function cancelWorkflow(
  context: CommandContext,
  name: WorkflowName,
  options: Cancellation & { readonly dryRun: boolean },
): Promise<EndResult> {
  return end(context, name, "cancel", options.dryRun, (facts) => {
    checkCanCancel(facts);
    return cancel(facts, options);
  });
}

async function end(
  context: CommandContext,
  name: WorkflowName,
  action: EndedRecord["action"],
  dryRun: boolean,
  makeProgram: (facts: WorkflowFacts) => Program,
): Promise<EndResult> {
  const first = await readUnlessEnded(context, name, action);
  if ("endedAt" in first) return { ...name, plan: undefined, endedAt: first.endedAt };
  const keyspaces = [first.facts.sourceKeyspace, first.facts.targetKeyspace];
  await using locks = await lockKeyspaces(
    context,
    keyspaces,
    `${LOCK_NAMES[action]}(${name.workflow})`,
  );
  if (!dryRun) await finishUnfinished(context, first.facts, locks);
  const { facts, primaries } = await readWorkflow(context, name.keyspace, name.workflow);
  const program = makeProgram(facts);
  if (action === "complete" && facts.kind === "move_tables") {
    const standsStill =
      `one there that reads these tables from ${facts.sourceKeyspace}, and would stand still from now on,`;
    checkReaders(facts, await streamsElsewhere(context, [], standsStill));
  }
  if (dryRun) {
    const ordered = [...new Set(keyspaces)].sort();
    return {
      ...name,
      endedAt: undefined,
      plan: [
        ...ordered.map((keyspace) => `Lock keyspace ${keyspace}`),
        ...printPlan(program),
        ...ordered.toReversed().map((keyspace) => `Unlock keyspace ${keyspace}`),
      ],
    };
  }
  await runProgram(context, program, primaries, locks);
  return { ...name, plan: undefined, endedAt: undefined };
}

const LOCK_NAMES: Readonly<Record<EndedRecord["action"], string>> = {
  complete: "Complete",
  cancel: "Cancel",
};

/** VT22003 when there is none, with what became of one that there was. */
async function readUnlessEnded(
  context: CommandContext,
  name: WorkflowName,
  action: EndedRecord["action"],
): Promise<FoundWorkflow | EndedRecord> {
  try {
    return await readWorkflow(context, name.keyspace, name.workflow);
  } catch (error) {
    if (!(error instanceof VtError) || error.id !== "VT22003") throw error;
    const ended = await getEnded(context.topo, name, context);
    if (ended?.action === action) return ended;
    if (ended === undefined) throw error;
    throw vtErrorFrom(
      error,
      "VT22003",
      `workflow ${name.workflow} of ${name.keyspace} has ended: ${ended.action} was run ${ended.endedAt}`,
    );
  }
}

export interface StreamChange {
  readonly state?: "Running" | "Stopped";
  readonly cells?: string;
  readonly tabletTypes?: string;
  readonly onDdl?: "IGNORE" | "STOP" | "EXEC" | "EXEC_IGNORE";
}

export interface StreamsChanged extends WorkflowName {
  /** Primaries whose streams were changed. */
  readonly tablets: readonly string[];
}

/** VT22002 for frozen streams: those never run again. */
export async function changeStreams(
  context: CommandContext,
  name: WorkflowName,
  change: StreamChange,
): Promise<StreamsChanged> {
  const { facts, primaries } = await readUnfrozen(context, name);
  const changed = new Set<string>();
  await Promise.all(facts.streams.map(async ({ shard, stream }) => {
    const primary = primaries.get(`${name.keyspace}/${shard}`);
    if (primary === undefined) return;
    const message = change.state === "Running" ? { message: "" } : {};
    await context.tablets.call(primary, "UpdateStream", {
      id: stream.id,
      ...change,
      ...message,
    }, { signal: context.signal });
    changed.add(facts.targets.find((target) => target.shard === shard)?.primary ?? shard);
  }));
  return { ...name, tablets: [...changed].sort() };
}

/** What starting or stopping the streams would do, a line each. VT22002 when they are frozen. */
export async function planStreamStates(
  context: CommandContext,
  name: WorkflowName,
  start: boolean,
): Promise<readonly string[]> {
  const { facts } = await readUnfrozen(context, name);
  return facts.streams.map(({ shard, stream: { id, state } }) =>
    `${start ? "Start" : "Stop"} stream ${id} on ${name.keyspace}/${shard}, which is ${state}`
  );
}

async function readUnfrozen(
  context: CommandContext,
  { keyspace, workflow }: WorkflowName,
): Promise<FoundWorkflow> {
  const found = await readWorkflow(context, keyspace, workflow);
  if (!found.facts.streams.some(({ stream }) => stream.message === FROZEN)) return found;
  throw vtError(
    "VT22002",
    `workflow ${workflow} is frozen: its writes were switched, and its streams don't run again; reversetraffic brings the writes back, complete ends it`,
  );
}

/** Only forgets: whatever the streams made stays. Under no circumstances touches rows. */
export async function forgetWorkflow(
  context: CommandContext,
  name: WorkflowName,
): Promise<StreamsChanged> {
  const { keyspace, workflow } = name;
  const shards = await readShards(context, keyspace);
  const streams = await Promise.all(shards.map((at) => readStreams(context, at, workflow)));
  const [first] = streams.flat();
  if (first === undefined) {
    throw vtError("VT22003", `${workflow} workflow not found in the ${keyspace} keyspace`);
  }
  const sourceKeyspace = first.source.keyspace;
  await using locks = await lockKeyspaces(
    context,
    [sourceKeyspace, keyspace],
    `Delete(${workflow})`,
  );
  const places = { targetKeyspace: keyspace, sourceKeyspace, name: workflow };
  await finishUnfinished(context, places, locks);
  const removed = await Promise.all(shards.map(async ({ primary, facts }) => {
    const deleted = await deleteStreams(context, primary, workflow);
    return deleted > 0 ? [facts.primary] : [];
  }));
  return { ...name, tablets: removed.flat() };
}

async function deleteStreams(
  context: CommandContext,
  primary: TabletRecord,
  workflow: string,
): Promise<number> {
  const call = { signal: context.signal };
  return (await context.tablets.call(primary, "DeleteStreams", { workflow }, call)).deleted;
}
