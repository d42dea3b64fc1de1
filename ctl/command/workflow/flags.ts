/** Flags that MoveTables, Reshard and Materialize share, and how their values are read. */
import { choice, duration, list, text, toggle } from "../../../shared/flags/flag.ts";
import { vtError } from "../../../shared/error/errors.ts";
import { parseTabletType } from "../../../shared/model/tablet.ts";
import type { ServedType } from "../../workflow/facts.ts";
import type { WorkflowName } from "./switch_traffic.ts";

/** Replicas first: the primary has its clients to serve. */
export const SOURCE_TYPES = "replica,rdonly,primary";

export const NAME_FLAGS = {
  "workflow": text({ help: "the workflow's name", fallback: "", placeholder: "NAME" }),
  "target-keyspace": text({ help: "where rows go", fallback: "", placeholder: "KEYSPACE" }),
} as const;

export const CREATE_FLAGS = {
  "cells": list({ help: "create: read from these", fallback: [] }),
  "tablet-types": list({ help: "create: types to read from", fallback: [] }),
  "on-ddl": choice(["IGNORE", "STOP", "EXEC", "EXEC_IGNORE"], {
    help: "create: what a change of the source's schema does",
    fallback: "IGNORE",
  }),
  "config-overrides": list({
    help: "create: settings of its streams, such as vreplication-parallel-tables=2",
    fallback: [],
    placeholder: "NAME=VALUE",
  }),
  "stop-after-copy": toggle({ help: "create: stop when rows are copied", fallback: false }),
  "auto-start": toggle({ help: "create: start at once", fallback: true }),
  "wait": toggle({
    help: "create, start, resume, status: until rows are copied and streams caught up",
    fallback: false,
  }),
  "wait-timeout": duration({ help: "how long --wait waits", fallback: 4 * 3_600_000 - 60_000 }),
  "dry-run": toggle({ help: "only list what would be done", fallback: false }),
} as const;

/** Of workflows whose targets nobody reads before they are switched. */
export const KEYS_FLAGS = {
  "defer-secondary-keys": toggle({
    help: "create: large tables get keys that are not unique when their rows are there",
    fallback: true,
  }),
} as const;

/** Behind CREATE_FLAGS: some of those are for switches, too. */
export const TRAFFIC_FLAGS = {
  "cells": list({
    help: "create: read from these; switchtraffic, reversetraffic: switch these",
    fallback: [],
  }),
  "tablet-types": list({
    help: "create: types to read from; switchtraffic, reversetraffic: to switch (default all)",
    fallback: [],
  }),
  "wait": toggle({
    help: "create, start, resume: until rows are copied and streams caught up; status, " +
      "switchtraffic, reversetraffic: wait for that first",
    fallback: false,
  }),
  "timeout": duration({
    help: "switchtraffic, reversetraffic: for streams to catch up",
    fallback: 30_000,
  }),
  "max-replication-lag-allowed": duration({
    help: "switchtraffic, reversetraffic: refuse above this lag",
    fallback: 30_000,
  }),
  "enable-reverse-replication": toggle({
    help: "switchtraffic, reversetraffic: bring writes back, so that it can be reversed",
    fallback: true,
  }),
  "initialize-target-sequences": toggle({
    help: "switchtraffic, reversetraffic: set sequences past the highest id",
    fallback: true,
  }),
} as const;

export const END_FLAGS = {
  "keep-data": toggle({ help: "complete, cancel: leave tables and shards", fallback: false }),
  "keep-routing-rules": toggle({ help: "complete, cancel: leave them", fallback: false }),
  "rename-tables": toggle({ help: "complete: rename, don't drop", fallback: false }),
} as const;

const SERVED: readonly ServedType[] = ["primary", "replica", "rdonly"];

/** VT22001 for flags of `create` that would wait for what doesn't begin. */
export function checkCreateFlags(
  { wait, autoStart }: { readonly wait: boolean; readonly autoStart: boolean },
): void {
  if (!wait || autoStart) return;
  throw vtError(
    "VT22001",
    "with --auto-start=false nothing is copied before start: give --wait to that",
  );
}

/** "REPLICA,master": all when none is named. VT22001 for one that has no traffic. */
export function servedTypes(names: readonly string[]): readonly ServedType[] {
  if (names.length === 0) return SERVED;
  return names.map((name) => {
    const type = parseTabletType(name.toLowerCase());
    const served = SERVED.find((one) => one === type);
    if (served !== undefined) return served;
    throw vtError("VT22001", `${name} tablets serve no traffic; want primary, replica or rdonly`);
  });
}

/** Types to read from, checked; Vitess's "in_order:" is what happens anyway. */
export function sourceTypes(names: readonly string[]): string {
  if (names.length === 0) return SOURCE_TYPES;
  return names.map((name) => parseTabletType(name.replace(/^in_order:/i, "").toLowerCase()))
    .join(",");
}

/** "customer.commerce2customer". */
export function parseWorkflowName(text: string): WorkflowName {
  const dot = text.indexOf(".");
  const [keyspace, workflow] = [text.slice(0, Math.max(0, dot)), text.slice(dot + 1)];
  if (keyspace === "" || workflow === "") {
    throw new SyntaxError(
      `"${text}" is no keyspace.workflow, as in customer.commerce2customer`,
    );
  }
  checkWorkflowName(workflow);
  return { keyspace, workflow };
}

/** Names stand in records, file names and pages. */
export function checkWorkflowName(workflow: string): void {
  if (/^[A-Za-z0-9_-]{1,128}$/.test(workflow)) return;
  throw vtError(
    "VT22001",
    `"${workflow}" is no name of a workflow: letters, digits, "_" and "-" make one`,
  );
}

/** From the flags. VT22001 when one is missing. */
export function nameFromFlags(
  flags: { readonly workflow: string; readonly targetKeyspace: string },
): WorkflowName {
  if (flags.workflow === "") throw vtError("VT22001", "give the workflow's name: --workflow NAME");
  if (flags.targetKeyspace === "") {
    throw vtError("VT22001", "give the keyspace that rows go to: --target-keyspace KEYSPACE");
  }
  checkWorkflowName(flags.workflow);
  return { keyspace: flags.targetKeyspace, workflow: flags.workflow };
}
