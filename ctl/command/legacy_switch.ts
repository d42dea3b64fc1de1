/** SwitchReads, SwitchWrites and DropSources of the old vtctlclient. */
import { duration, list, toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { one } from "./positional.ts";
import { completeWorkflow } from "./workflow/end_workflow.ts";
import { parseWorkflowName, servedTypes } from "./workflow/flags.ts";
import { printDryRun, type Printed, printSwitch } from "./workflow/output.ts";
import { type SwitchOptions, switchTraffic, type WorkflowName } from "./workflow/switch_traffic.ts";
import { waitForWorkflow } from "./workflow/wait_for_streams.ts";

/** Scripts run these right behind each other: a copy of a small table is waited for. */
const COPY_WAIT_MS = 30_000;

const WORKFLOW_ARGUMENT = { name: one("keyspace.workflow", parseWorkflowName) };

export const SWITCH_READS = defineCommand({
  name: "SwitchReads",
  group: "Workflows",
  summary: "Sends reads of a workflow's tables or shards to the target (the old form).",
  details: ["MoveTables and Reshard switchtraffic do the same."],
  examples: [
    "SwitchReads -tablet_type=rdonly customer.commerce2customer",
    "SwitchReads -tablet_type=replica -reverse customer.commerce2customer",
  ],
  flags: {
    "tablet-types": list({ help: "replica, rdonly or both", fallback: [] }),
    "cells": list({ help: "shards: only in these", fallback: [] }),
    "reverse": toggle({ help: "take it back", fallback: false }),
    "dry-run": toggle({ help: "only list what would be done", fallback: false }),
  },
  flagAliases: { "tablet-type": "tablet-types" },
  positionals: WORKFLOW_ARGUMENT,
  run: async (context, { args: { name }, flags }) => {
    const names = flags.tabletTypes.length > 0 ? flags.tabletTypes : ["replica", "rdonly"];
    const types = servedTypes(names);
    if (types.includes("primary")) {
      throw vtError("VT22001", "SwitchReads is for replica and rdonly; SwitchWrites for primaries");
    }
    return await run(context, name, flags.reverse, {
      ...DEFAULTS,
      types,
      cells: flags.cells,
      dryRun: flags.dryRun,
    });
  },
  toJson: ({ json }) => json,
  print: ({ text }) => text,
});

export const SWITCH_WRITES = defineCommand({
  name: "SwitchWrites",
  group: "Workflows",
  summary: "Sends writes of a workflow's tables or shards to the target (the old form).",
  details: ["MoveTables and Reshard switchtraffic do the same."],
  examples: ["SwitchWrites customer.commerce2customer"],
  flags: {
    "timeout": duration({ help: "for streams to catch up", fallback: 30_000 }),
    "filtered-replication-wait-time": duration({ help: "the same", fallback: 30_000 }),
    "reverse": toggle({ help: "take it back", fallback: false }),
    "reverse-replication": toggle({ help: "so that it can be taken back", fallback: true }),
    "dry-run": toggle({ help: "only list what would be done", fallback: false }),
  },
  positionals: WORKFLOW_ARGUMENT,
  run: (context, { args: { name }, flags, given }) =>
    run(context, name, flags.reverse, {
      ...DEFAULTS,
      types: ["primary"],
      cells: [],
      timeoutMs: given.has("timeout") ? flags.timeout : flags.filteredReplicationWaitTime,
      reverse: flags.reverseReplication,
      dryRun: flags.dryRun,
    }),
  toJson: ({ json }) => json,
  print: ({ text }) => text,
});

const DEFAULTS: Omit<SwitchOptions, "types" | "cells" | "dryRun"> = {
  timeoutMs: 30_000,
  lagMaxMs: 30_000,
  reverse: true,
  reverseStopped: false,
  initSequences: true,
};

/** The old commands said nothing when all went well. */
async function run(
  context: CommandContext,
  name: WorkflowName,
  back: boolean,
  options: SwitchOptions,
): Promise<Printed> {
  if (!back && !options.dryRun) await waitForWorkflow(context, name, COPY_WAIT_MS);
  const result = await switchTraffic(context, name, back ? "back" : "there", options);
  const verb = back ? "ReverseTraffic" : "SwitchTraffic";
  const printed = printSwitch(verb, result, new Date(context.clock.now()));
  return options.dryRun ? printed : { ...printed, text: "" };
}

export const DROP_SOURCES = defineCommand({
  name: "DropSources",
  group: "Workflows",
  summary: "Drops what a switched workflow's source kept (the old form).",
  details: ["MoveTables and Reshard complete do the same."],
  examples: ["DropSources customer.commerce2customer"],
  flags: {
    "dry-run": toggle({ help: "only list what would be done", fallback: false }),
    "rename-tables": toggle({ help: "rename, don't drop", fallback: false }),
    "keep-data": toggle({ help: "leave tables and shards", fallback: false }),
  },
  positionals: WORKFLOW_ARGUMENT,
  run: async (context, { args: { name }, flags }): Promise<Printed> => {
    const { plan } = await completeWorkflow(context, name, { ...flags, keepRoutingRules: false });
    const now = new Date(context.clock.now());
    if (plan === undefined) return { text: "", json: {} };
    return printDryRun("DropSources", `${name.keyspace}.${name.workflow}`, plan, now);
  },
  toJson: ({ json }) => json,
  print: ({ text }) => text,
});
