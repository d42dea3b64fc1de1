import { choice, duration, list, text, toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { defineCommand, printJson } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { findKeyspace } from "./lookup.ts";
import { one, parseName, parseText, zeroOrMore } from "./positional.ts";
import { changeStreams, forgetWorkflow } from "./workflow/end_workflow.ts";
import { checkWorkflowName, parseWorkflowName, sourceTypes } from "./workflow/flags.ts";
import { listWorkflows } from "./workflow/list_workflows.ts";
import { legacyWorkflowJson } from "./workflow/legacy_show.ts";
import { type Printed, printStatus, workflowJson } from "./workflow/output.ts";
import { NO_LOGS, readLogs } from "./workflow/stream_logs.ts";
import { readStatus, waitForCopy } from "./workflow/progress.ts";
import { readWorkflow } from "./workflow/read_facts.ts";
import { printUpdated } from "./workflow/run_action.ts";
import type { WorkflowName } from "./workflow/switch_traffic.ts";
import { waitForWorkflow } from "./workflow/wait_for_streams.ts";

const ACTIONS = [
  "list",
  "show",
  "status",
  "start",
  "stop",
  "resume",
  "pause",
  "update",
  "delete",
] as const;

export const WORKFLOW = defineCommand({
  name: "Workflow",
  group: "Workflows",
  summary: "Lists, shows, starts, stops and forgets workflows of any kind.",
  details: [
    `Actions: ${ACTIONS.join(", ")}.`,
    "delete only forgets the streams: tables, rows, routing rules and denied tables stay as they are. MoveTables and Reshard have cancel and complete, which clean up.",
  ],
  examples: [
    "Workflow --keyspace customer list",
    "Workflow --keyspace customer show --workflow commerce2customer",
    "Workflow --keyspace customer stop --workflow commerce2customer",
  ],
  flags: {
    "keyspace": text({ help: "the keyspace that rows go to", fallback: "" }),
    "workflow": text({
      help: "its name; show: all when absent",
      fallback: "",
      placeholder: "NAME",
    }),
    "include-logs": toggle({ help: "show: what happened to each stream", fallback: false }),
    "wait": toggle({
      help: "start, resume, status: until rows are copied and streams caught up",
      fallback: false,
    }),
    "wait-timeout": duration({ help: "how long --wait waits", fallback: 4 * 3_600_000 - 60_000 }),
    "cells": list({ help: "update: read from these", fallback: [] }),
    "tablet-types": list({ help: "update: read from these types", fallback: [] }),
    "on-ddl": choice(["", "IGNORE", "STOP", "EXEC", "EXEC_IGNORE"], {
      help: "update: what a change of the source's schema does",
      fallback: "",
    }),
  },
  positionals: { words: zeroOrMore("action", parseText) },
  run: (context, { args: { words }, flags }) => {
    const [first = "", second] = words;
    if (second !== undefined) return runLegacy(context, first, second);
    if (first === "") throw vtError("VT22001", `say what to do: one of ${ACTIONS.join(", ")}`);
    if (flags.keyspace === "") throw vtError("VT22001", "give the keyspace: --keyspace KEYSPACE");
    return runAction(context, first.toLowerCase(), flags.keyspace, flags);
  },
  toJson: ({ json }) => json,
  print: ({ text: printed }) => printed,
});

interface WorkflowFlags {
  readonly workflow: string;
  readonly includeLogs: boolean;
  readonly wait: boolean;
  readonly waitTimeout: number;
  readonly cells: readonly string[];
  readonly tabletTypes: readonly string[];
  readonly onDdl: "" | "IGNORE" | "STOP" | "EXEC" | "EXEC_IGNORE";
}

async function runAction(
  context: CommandContext,
  action: string,
  keyspace: string,
  flags: WorkflowFlags,
): Promise<Printed> {
  await findKeyspace(context, keyspace);
  if (action === "list") {
    const names = await listWorkflows(context, keyspace);
    return { json: names, text: printJson(names) };
  }
  if (action === "show" && flags.workflow === "") return await showAll(context, keyspace);
  if (flags.workflow === "") throw vtError("VT22001", "give its name: --workflow NAME");
  checkWorkflowName(flags.workflow);
  const name = { keyspace, workflow: flags.workflow };
  switch (action) {
    case "show": {
      return await show(context, name, flags.includeLogs);
    }
    case "status":
      if (flags.wait) await waitForWorkflow(context, name, flags.waitTimeout);
      return printStatus(await readStatus(context, name), new Date(context.clock.now()));
    default:
      return await change(context, action, name, flags);
  }
}

async function show(
  context: CommandContext,
  name: WorkflowName,
  includeLogs: boolean,
): Promise<Printed> {
  const found = await readWorkflow(context, name.keyspace, name.workflow);
  const logs = includeLogs ? await readLogs(context, found) : NO_LOGS;
  const nowSeconds = Math.floor(context.clock.now() / 1000);
  const json = { workflows: [workflowJson(found.facts, nowSeconds, logs)] };
  return { json, text: printJson(json) };
}

async function change(
  context: CommandContext,
  action: string,
  name: WorkflowName,
  flags: WorkflowFlags,
): Promise<Printed> {
  switch (action) {
    case "start":
    case "resume":
    case "stop":
    case "pause": {
      const state = action === "start" || action === "resume" ? "Running" : "Stopped";
      const { tablets } = await changeStreams(context, name, { state });
      if (state === "Running" && flags.wait) await waitForCopy(context, name, flags.waitTimeout);
      return printUpdated(name, tablets);
    }
    case "update": {
      const changed = await changeStreams(context, name, {
        ...(flags.cells.length > 0 && { cells: flags.cells.join(",") }),
        ...(flags.tabletTypes.length > 0 && { tabletTypes: sourceTypes(flags.tabletTypes) }),
        ...(flags.onDdl !== "" && { onDdl: flags.onDdl }),
      });
      return printUpdated(name, changed.tablets);
    }
    case "delete": {
      await forgetWorkflow(context, name);
      const summary =
        `Successfully deleted the ${name.workflow} workflow in the ${name.keyspace} keyspace`;
      return { text: summary, json: { summary } };
    }
    default:
      throw vtError("VT22001", `unknown action "${action}"; there are: ${ACTIONS.join(", ")}`);
  }
}

async function showAll(context: CommandContext, keyspace: string): Promise<Printed> {
  const nowSeconds = Math.floor(context.clock.now() / 1000);
  const workflows = await Promise.all(
    (await listWorkflows(context, keyspace)).map(async (workflow) => {
      const { facts } = await readWorkflow(context, keyspace, workflow);
      return workflowJson(facts, nowSeconds);
    }),
  );
  return { json: { workflows }, text: printJson({ workflows }) };
}

/** `Workflow customer listall`, `Workflow customer.w show`. */
async function runLegacy(
  context: CommandContext,
  subject: string,
  action: string,
): Promise<Printed> {
  if (action.toLowerCase() === "listall") {
    const keyspace = parseName(subject);
    await findKeyspace(context, keyspace);
    const names = await listWorkflows(context, keyspace);
    const text = names.length === 0
      ? `No workflows found in keyspace ${keyspace}`
      : `Following workflow(s) found in keyspace ${keyspace}: ${names.join(", ")}`;
    return { json: names, text };
  }
  const name = parseWorkflowName(subject);
  if (action.toLowerCase() === "show") {
    const { facts } = await readWorkflow(context, name.keyspace, name.workflow);
    const nowSeconds = Math.floor(context.clock.now() / 1000);
    return {
      json: workflowJson(facts, nowSeconds),
      text: legacyWorkflowJson(facts, nowSeconds),
    };
  }
  const word = action.toLowerCase() === "progress" ? "status" : action.toLowerCase();
  const flags = {
    workflow: name.workflow,
    includeLogs: false,
    wait: false,
    waitTimeout: 0,
    cells: [],
    tabletTypes: [],
    onDdl: "",
  } as const;
  return await runAction(context, word, name.keyspace, flags);
}

export const GET_WORKFLOWS = defineCommand({
  name: "GetWorkflows",
  group: "Workflows",
  summary: "Shows all workflows that bring rows into a keyspace.",
  examples: ["GetWorkflows customer"],
  flags: {
    "workflow": text({ help: "only this one", fallback: "", placeholder: "NAME" }),
  },
  flagAliases: { w: "workflow" },
  positionals: { keyspace: one("keyspace", parseName) },
  run: async (context, { args: { keyspace }, flags }) => {
    await findKeyspace(context, keyspace);
    const nowSeconds = Math.floor(context.clock.now() / 1000);
    const names = flags.workflow === "" ? await listWorkflows(context, keyspace) : [flags.workflow];
    return {
      workflows: await Promise.all(
        names.map(async (name) =>
          workflowJson((await readWorkflow(context, keyspace, name)).facts, nowSeconds)
        ),
      ),
    };
  },
  print: (result) => printJson(result),
});
