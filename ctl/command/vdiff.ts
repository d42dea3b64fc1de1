import { choice, duration, integer, list, toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { VDiffOptions } from "../../shared/rpc/vdiff.ts";
import { defineCommand, printJson } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { parseText, zeroOrMore } from "./positional.ts";
import { NAME_FLAGS, nameFromFlags, parseWorkflowName, sourceTypes } from "./workflow/flags.ts";
import { planChange, planComparison } from "./vdiff_plan.ts";
import { printDryRun, type Printed } from "./workflow/output.ts";
import { waitForCopy } from "./workflow/progress.ts";
import type { WorkflowName } from "./workflow/switch_traffic.ts";
import {
  changeVDiff,
  createVDiff,
  readVDiffs,
  type VDiffName,
  type VDiffWait,
  waitForVDiff,
} from "./vdiff_shards.ts";
import {
  printLegacySummary,
  printSummary,
  summarize,
  summaryJson,
  type VDiffSummary,
} from "./vdiff_summary.ts";

const ACTIONS = ["create", "show", "stop", "resume", "delete"] as const;

export const VDIFF = defineCommand({
  name: "VDiff",
  group: "Workflows",
  summary: "Compares the rows of a workflow's target with its source's, while both are used.",
  details: [
    `Actions: ${
      ACTIONS.join(", ")
    }. show and delete take last, all or a uuid, the others a uuid or nothing for the last one.`,
    "The target shards compare chunk by chunk, and go on after a stop or a restart where they were.",
  ],
  examples: [
    "VDiff --workflow w --target-keyspace customer create --wait",
    "VDiff --workflow w --target-keyspace customer show last",
    "VDiff --workflow w --target-keyspace customer create --dry-run",
  ],
  flags: {
    ...NAME_FLAGS,
    "tables": list({ help: "only these", fallback: [] }),
    "tablet-types": list({ help: "source tablets to read from", fallback: [] }),
    "source-cells": list({ help: "cells to read from", fallback: [] }),
    "target-shards": list({ help: "stop, resume: only on these", fallback: [] }),
    "filtered-replication-wait-time": duration({
      help: "how long streams may take to reach a snapshot",
      fallback: 30_000,
    }),
    "limit": integer({ help: "rows of each table; 0 for all", fallback: 0 }),
    "max-report-sample-rows": integer({ help: "differing rows to show", fallback: 10 }),
    "only-pks": toggle({ help: "show keys of differing rows alone", fallback: false }),
    "row-diff-column-truncate-at": integer({ help: "characters to show", fallback: 128 }),
    "max-diff-duration": duration({ help: "longest snapshot; 0 for any", fallback: 0 }),
    "auto-retry": toggle({ help: "go on after passing errors", fallback: true }),
    "dry-run": toggle({ help: "only list what would be done", fallback: false }),
    "auto-start": toggle({ help: "begin at once", fallback: true }),
    "format": choice(["text", "json"], { help: "how to print", fallback: "text" }),
    "verbose": toggle({ help: "show the rows that differ", fallback: false }),
    "wait": toggle({ help: "until it is over", fallback: false }),
    "wait-timeout": duration({ help: "how long --wait waits; 0 for any time", fallback: 0 }),
    "wait-update-interval": duration({ help: "how often to look", fallback: 1000 }),
  },
  positionals: { words: zeroOrMore("action", parseText) },
  run: async (context, { args: { words }, flags }) => {
    const [first = "", second = ""] = words;
    const result = first.includes(".")
      ? await runLegacy(context, parseWorkflowName(first), flags)
      : await act(context, first.toLowerCase(), second, flags);
    return flags.format === "json" ? { ...result, text: printJson(result.json) } : result;
  },
  toJson: ({ json }) => json,
  print: ({ text }) => text,
});

async function act(
  context: CommandContext,
  action: string,
  which: string,
  flags: VDiffFlags & { readonly workflow: string; readonly targetKeyspace: string },
): Promise<Printed> {
  const name = nameFromFlags(flags);
  switch (action) {
    case "create":
      return await create(context, name, which || crypto.randomUUID(), flags);
    case "show":
      return await show(context, name, which || "last", flags);
    case "stop":
    case "resume":
    case "delete":
      return await change(context, name, action, which, flags);
    default:
      throw vtError("VT22001", `say what to do: one of ${ACTIONS.join(", ")}`);
  }
}

interface VDiffFlags {
  readonly tables: readonly string[];
  readonly tabletTypes: readonly string[];
  readonly sourceCells: readonly string[];
  readonly targetShards: readonly string[];
  readonly filteredReplicationWaitTime: number;
  readonly limit: number;
  readonly maxReportSampleRows: number;
  readonly onlyPks: boolean;
  readonly rowDiffColumnTruncateAt: number;
  readonly maxDiffDuration: number;
  readonly autoRetry: boolean;
  readonly autoStart: boolean;
  readonly dryRun: boolean;
  readonly verbose: boolean;
  readonly wait: boolean;
  readonly waitTimeout: number;
  readonly waitUpdateInterval: number;
}

function optionsOf(flags: VDiffFlags): VDiffOptions {
  return {
    tables: flags.tables,
    tabletTypes: sourceTypes(flags.tabletTypes),
    sourceCells: flags.sourceCells.join(","),
    waitMs: flags.filteredReplicationWaitTime,
    rowsMax: flags.limit,
    samplesMax: flags.maxReportSampleRows,
    onlyPks: flags.onlyPks,
    sampleCharsMax: flags.rowDiffColumnTruncateAt,
    snapshotMsMax: flags.maxDiffDuration,
    autoRetry: flags.autoRetry,
  };
}

function waitOf({ waitUpdateInterval, waitTimeout }: VDiffFlags): VDiffWait {
  return { everyMs: waitUpdateInterval, timeoutMs: waitTimeout };
}

async function create(
  context: CommandContext,
  name: WorkflowName,
  uuid: string,
  flags: VDiffFlags,
): Promise<Printed> {
  if (flags.dryRun) return await listComparison(context, name, flags);
  await createVDiff(context, { ...name, uuid }, optionsOf(flags), flags.autoStart);
  if (flags.wait) return await finish(context, { ...name, uuid }, flags);
  return {
    json: { UUID: uuid },
    text: `VDiff ${uuid} scheduled on target shards, use show to view progress`,
  };
}

async function listComparison(
  context: CommandContext,
  name: WorkflowName,
  { tables }: VDiffFlags,
): Promise<Printed> {
  return listed(context, "Create", name, await planComparison(context, name, tables));
}

function listed(
  context: CommandContext,
  verb: string,
  { keyspace, workflow }: WorkflowName,
  plan: readonly string[],
): Printed {
  return printDryRun(
    `VDiff ${verb}`,
    `${keyspace}.${workflow}`,
    plan,
    new Date(context.clock.now()),
  );
}

async function finish(
  context: CommandContext,
  name: VDiffName,
  flags: VDiffFlags,
): Promise<Printed> {
  const summary = await waitForVDiff(context, name, waitOf(flags));
  return printed(context, summary, flags.verbose);
}

/** VT22003 when there is none. */
async function readOne(
  context: CommandContext,
  name: WorkflowName,
  which: string,
): Promise<VDiffSummary> {
  const found = await readVDiffs(context, { ...name, uuid: which === "last" ? "" : which });
  const uuid = found[0]?.uuid;
  if (uuid === undefined) {
    throw vtError("VT22003", `No previous vdiff found for ${name.keyspace}.${name.workflow}`);
  }
  return summarize({ ...name, uuid }, found.filter((status) => status.uuid === uuid));
}

async function show(
  context: CommandContext,
  name: WorkflowName,
  which: string,
  flags: VDiffFlags,
): Promise<Printed> {
  if (which !== "all") {
    return printed(context, await readOne(context, name, which), flags.verbose);
  }
  const all = await readVDiffs(context, { ...name, uuid: "" });
  const lines = all.map(({ uuid, workflow, keyspace, shard, state }) =>
    `UUID: ${uuid}, Workflow: ${workflow}, Keyspace: ${keyspace}, Shard: ${shard}, State: ${state}`
  );
  const none = `No vdiffs found for ${name.keyspace}.${name.workflow}`;
  return {
    json: all.map(({ uuid, workflow, keyspace, shard, state }) => ({
      UUID: uuid,
      Workflow: workflow,
      Keyspace: keyspace,
      Shard: shard,
      State: state,
    })),
    text: lines.length === 0 ? none : lines.join("\n"),
  };
}

async function change(
  context: CommandContext,
  name: WorkflowName,
  action: string,
  which: string,
  flags: VDiffFlags,
): Promise<Printed> {
  const all = action === "delete" && which === "all";
  const uuid = all ? "" : (await readOne(context, name, which || "last")).uuid;
  const done = (what: string): Printed => ({
    json: { UUID: uuid },
    text: `VDiff ${uuid === "" ? "all" : uuid} ${what}`,
  });
  const { targetShards } = flags;
  if (flags.dryRun) {
    const verb = action.charAt(0).toUpperCase() + action.slice(1);
    const only = action === "delete" ? [] : targetShards;
    return listed(context, verb, name, await planChange(context, verb, { ...name, uuid }, only));
  }
  if (action === "delete") {
    await changeVDiff(context, { ...name, uuid }, "VDiffDelete", []);
    return done("deleted");
  }
  if (action === "stop") {
    await changeVDiff(context, { ...name, uuid }, "VDiffStop", targetShards);
    return done("stopped");
  }
  await changeVDiff(context, { ...name, uuid }, "VDiffResume", targetShards);
  return flags.wait ? await finish(context, { ...name, uuid }, flags) : done("resumed");
}

/** The old client's VDiff waited for the copy and for its own end. */
async function runLegacy(
  context: CommandContext,
  name: WorkflowName,
  flags: VDiffFlags,
): Promise<Printed> {
  if (flags.dryRun) return await listComparison(context, name, flags);
  await waitForCopy(context, name, flags.filteredReplicationWaitTime);
  const uuid = crypto.randomUUID();
  await createVDiff(context, { ...name, uuid }, optionsOf(flags), true);
  const summary = await waitForVDiff(context, { ...name, uuid }, waitOf(flags));
  if (summary.state === "error") {
    throw vtError("VT22006", [...summary.errors].map((one) => one.join(": ")).join("; "));
  }
  return {
    json: summaryJson(summary, context.clock.now()),
    text: printLegacySummary(summary),
  };
}

function printed(context: CommandContext, summary: VDiffSummary, verbose: boolean): Printed {
  const nowMs = context.clock.now();
  return { json: summaryJson(summary, nowMs), text: printSummary(summary, nowMs, verbose) };
}
