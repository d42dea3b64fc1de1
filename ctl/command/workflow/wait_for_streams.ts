/** --wait of commands that don't start the streams themselves. */
import { checkGoesOn } from "../../workflow/checks.ts";
import { reverseName } from "../../workflow/facts.ts";
import type { CommandContext } from "../context.ts";
import { waitForCopy } from "./progress.ts";
import { readWorkflow } from "./read_facts.ts";
import type { Direction, WorkflowName } from "./switch_traffic.ts";

/** As waitForCopy; VT22002 when a stream stands still in the midst of its copy. */
export async function waitForWorkflow(
  context: CommandContext,
  name: WorkflowName,
  timeoutMs: number,
): Promise<void> {
  checkGoesOn((await readWorkflow(context, name.keyspace, name.workflow)).facts);
  await waitForCopy(context, name, timeoutMs);
}

/** For the streams that a switch goes by: on the way back, those that bring writes back. */
export async function waitForStreams(
  context: CommandContext,
  direction: Direction,
  name: WorkflowName,
  timeoutMs: number,
): Promise<void> {
  if (direction === "there") return await waitForWorkflow(context, name, timeoutMs);
  const { facts } = await readWorkflow(context, name.keyspace, name.workflow);
  if (facts.reverseStreams.length === 0) return;
  const back = { keyspace: facts.sourceKeyspace, workflow: reverseName(name.workflow) };
  await waitForWorkflow(context, back, timeoutMs);
}
