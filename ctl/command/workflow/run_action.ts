/** The actions that MoveTables and Reshard have in common, by their names on the command line. */
import { vtError } from "../../../shared/error/errors.ts";
import type { CommandContext } from "../context.ts";
import {
  cancelWorkflow,
  changeStreams,
  completeWorkflow,
  type EndResult,
  planStreamStates,
} from "./end_workflow.ts";
import { servedTypes } from "./flags.ts";
import { printDryRun, type Printed, printStatus, printSwitch, workflowJson } from "./output.ts";
import { readStatus, waitForCopy } from "./progress.ts";
import { readWorkflow } from "./read_facts.ts";
import { type Direction, switchTraffic, type WorkflowName } from "./switch_traffic.ts";
import { waitForStreams, waitForWorkflow } from "./wait_for_streams.ts";
import { printJson } from "../command.ts";

export interface ActionFlags {
  readonly cells: readonly string[];
  readonly tabletTypes: readonly string[];
  readonly timeout: number;
  readonly maxReplicationLagAllowed: number;
  readonly enableReverseReplication: boolean;
  readonly initializeTargetSequences: boolean;
  readonly dryRun: boolean;
  readonly keepData: boolean;
  readonly keepRoutingRules: boolean;
  readonly renameTables: boolean;
  readonly wait: boolean;
  readonly waitTimeout: number;
}

/** What a user may ask for, as help lists it. "create" is each command's own. */
export const ACTIONS = [
  "create",
  "show",
  "status",
  "switchtraffic",
  "reversetraffic",
  "complete",
  "cancel",
  "start",
  "stop",
  "resume",
  "pause",
] as const;

/** VT22001 for an action that there isn't. */
export async function runAction(
  context: CommandContext,
  action: string,
  name: WorkflowName,
  flags: ActionFlags,
): Promise<Printed> {
  const now = new Date(context.clock.now());
  switch (action.toLowerCase()) {
    case "status":
    case "progress":
      if (flags.wait) await waitForWorkflow(context, name, flags.waitTimeout);
      return printStatus(await readStatus(context, name), now);
    case "show":
      return await show(context, name);
    case "switchtraffic":
      return await traffic(context, "there", name, flags);
    case "reversetraffic":
      return await traffic(context, "back", name, flags);
    case "complete":
      return printEnd("Complete", "completed", await completeWorkflow(context, name, flags), now);
    case "cancel":
      return printEnd("Cancel", "cancelled", await cancelWorkflow(context, name, flags), now);
    case "start":
    case "resume":
      return await startOrStop(context, name, true, flags);
    case "stop":
    case "pause":
      return await startOrStop(context, name, false, flags);
    default:
      throw vtError(
        "VT22001",
        `unknown action "${action}"; there are: ${ACTIONS.join(", ")}`,
      );
  }
}

async function show(context: CommandContext, name: WorkflowName): Promise<Printed> {
  const { facts } = await readWorkflow(context, name.keyspace, name.workflow);
  const nowSeconds = Math.floor(context.clock.now() / 1000);
  const json = { workflows: [workflowJson(facts, nowSeconds)] };
  return { json, text: printJson(json) };
}

export async function traffic(
  context: CommandContext,
  direction: Direction,
  name: WorkflowName,
  flags: ActionFlags,
): Promise<Printed> {
  if (flags.timeout < 1000) throw vtError("VT22001", "timeout value must be at least 1 second");
  if (flags.wait && !flags.dryRun) {
    await waitForStreams(context, direction, name, flags.waitTimeout);
  }
  const result = await switchTraffic(context, name, direction, {
    types: servedTypes(flags.tabletTypes),
    cells: flags.cells,
    timeoutMs: flags.timeout,
    lagMaxMs: flags.maxReplicationLagAllowed,
    reverse: flags.enableReverseReplication,
    reverseStopped: false,
    initSequences: flags.initializeTargetSequences,
    dryRun: flags.dryRun,
  });
  const verb = direction === "there" ? "SwitchTraffic" : "ReverseTraffic";
  return printSwitch(verb, result, new Date(context.clock.now()));
}

function printEnd(verb: string, done: string, result: EndResult, now: Date): Printed {
  const { keyspace, workflow, plan, endedAt } = result;
  if (plan !== undefined) return printDryRun(verb, `${keyspace}.${workflow}`, plan, now);
  if (endedAt !== undefined) {
    const summary =
      `The ${workflow} workflow in the ${keyspace} keyspace was ${done} at ${endedAt} already`;
    return { text: summary, json: { summary } };
  }
  const summary = `Successfully ${done} the ${workflow} workflow in the ${keyspace} keyspace`;
  return { text: summary, json: { summary } };
}

async function startOrStop(
  context: CommandContext,
  name: WorkflowName,
  start: boolean,
  flags: ActionFlags,
): Promise<Printed> {
  if (flags.dryRun) {
    const plan = await planStreamStates(context, name, start);
    const now = new Date(context.clock.now());
    return printDryRun(start ? "Start" : "Stop", `${name.keyspace}.${name.workflow}`, plan, now);
  }
  const { tablets } = await changeStreams(context, name, { state: start ? "Running" : "Stopped" });
  if (start && flags.wait) await waitForCopy(context, name, flags.waitTimeout);
  return printUpdated(name, tablets);
}

export function printUpdated(name: WorkflowName, tablets: readonly string[]): Printed {
  const summary =
    `Successfully updated the ${name.workflow} workflow on (${tablets.length}) target primary tablets in the ${name.keyspace} keyspace`;
  return { text: summary, json: { summary, tablets } };
}
