/**
 * Switches of writes whose run has died are brought to an end by whichever vtctld finds them:
 * completed when a journal is there, undone when none is. What makes it safe though the dead run may
 * only have stood still stands in ctl/workflow/switch_writes.ts.
 */
import { VtError } from "../../../shared/error/errors.ts";
import type { SwitchRecord } from "../../../shared/model/records.ts";
import { keyspaceHolder, tryLockKeyspace } from "../../../topo/locks.ts";
import { deleteSwitch, getSwitch } from "../../../topo/switches.ts";
import { reverseName, type WorkflowFacts } from "../../workflow/facts.ts";
import { switchWrites } from "../../workflow/switch_writes.ts";
import { claimSwitch, undoSwitch } from "../../workflow/undo_switch.ts";
import type { CommandContext } from "../context.ts";
import { type FoundWorkflow, readWorkflow } from "./read_facts.ts";
import { type HeldLocks, lockKeyspaces, runProgram } from "./run_program.ts";

/** Ends it if nobody works on it. Throws when it can't be ended now. */
export async function healSwitch(context: CommandContext, record: SwitchRecord): Promise<void> {
  // While it is under way no tablet is asked: clients wait for its answers.
  if (await keyspaceHolder(context.topo, record.keyspace, context) !== undefined) return;
  const found = await readOrForget(context, record);
  if (found === undefined) return;
  const { sourceKeyspace, targetKeyspace } = found.facts;
  await using locks = await tryLocks(context, [sourceKeyspace, targetKeyspace], record);
  if (locks === undefined) return;
  // Whoever held the locks may have ended it just before.
  const now = await getSwitch(context.topo, record.keyspace, record.workflow, context);
  if (now !== undefined) await finishSwitch(context, now, locks);
}

/** Undefined while somebody lives who holds one of them. */
async function tryLocks(
  context: CommandContext,
  keyspaces: readonly string[],
  { workflow }: SwitchRecord,
): Promise<HeldLocks | undefined> {
  try {
    return await lockKeyspaces(context, keyspaces, `Heal(${workflow})`, tryLockKeyspace);
  } catch (error) {
    if (error instanceof VtError && error.id === "VT21006") return undefined;
    throw error;
  }
}

/** Undefined when its streams are gone, and there is nothing to switch any more. */
async function readOrForget(
  context: CommandContext,
  { keyspace, workflow }: SwitchRecord,
): Promise<FoundWorkflow | undefined> {
  try {
    return await readWorkflow(context, keyspace, workflow);
  } catch (error) {
    if (!(error instanceof VtError) || error.id !== "VT22003") throw error;
    await deleteSwitch(context.topo, keyspace, workflow, context);
    return undefined;
  }
}

type Ends = Pick<WorkflowFacts, "targetKeyspace" | "sourceKeyspace" | "name">;

/**
 * A switch of the workflow, there or back, that was cut comes to its end, under the keyspaces' locks
 * that the caller holds: what it stopped or denied is known by its streams, which may go next.
 */
export async function finishUnfinished(
  context: CommandContext,
  ends: Ends,
  locks: HeldLocks,
): Promise<void> {
  for (const record of await cutSwitches(context, ends)) {
    context.say(printCut(record));
    await finishSwitch(context, record, locks);
  }
}

/** What `finishUnfinished` would end, there before back; under the keyspaces' locks, too. */
export async function cutSwitches(
  context: CommandContext,
  { targetKeyspace, sourceKeyspace, name }: Ends,
): Promise<readonly SwitchRecord[]> {
  const records = await Promise.all([
    getSwitch(context.topo, targetKeyspace, name, context),
    getSwitch(context.topo, sourceKeyspace, reverseName(name), context),
  ]);
  return records.filter((record) => record !== undefined);
}

/** "MoveTables --workflow w --target-keyspace customer switchtraffic was cut after TIME" */
export function printCut({ command, startedAt }: SwitchRecord): string {
  return `${command} was cut after ${startedAt}`;
}

/** Under the keyspaces' locks. */
async function finishSwitch(
  context: CommandContext,
  record: SwitchRecord,
  locks: HeldLocks,
): Promise<void> {
  const before = await readOrForget(context, record);
  if (before === undefined) return;
  await runProgram(context, claimSwitch(before.facts, record), before.primaries, locks);
  // From here on whoever began it gets no further: what is read now is how far it came.
  const { facts, primaries } = await readWorkflow(context, record.keyspace, record.workflow);
  const isThrough = facts.journaled.size > 0;
  const verb = isThrough ? "completed" : "undone";
  context.log.warn("a switch of writes was cut", {
    workflow: record.workflow,
    startedAt: record.startedAt,
    "is being": verb,
  });
  const program = isThrough ? switchWrites(facts, record) : undoSwitch(facts, record);
  await runProgram(context, program, primaries, locks);
  context.log.info("a switch of writes that was cut has ended", {
    workflow: record.workflow,
    was: verb,
  });
}
