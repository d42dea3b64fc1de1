/** Workflows under fault tests: what is typed for each, and where rows are before and after it. */
import { equalShards } from "./cluster_yaml.ts";

export interface Place {
  readonly keyspace: string;
  readonly shards: readonly string[];
}

export interface WorkflowCase {
  /** "MoveTables", "Reshard 1->2". */
  readonly name: string;
  readonly workflow: string;
  readonly source: Place;
  readonly target: Place;
  /** vtctl's arguments of an action. */
  readonly action: (action: string, ...more: readonly string[]) => readonly string[];
  readonly create: readonly string[];
  /** "keyspace.workflow" of a VDiff of the streams that run before and behind the switch. */
  readonly vdiff: string;
  readonly vdiffBack: string;
}

export function moveTablesCase(run: number, from: string, to: string): WorkflowCase {
  const workflow = `move${run}`;
  const head = ["MoveTables", "--workflow", workflow, "--target-keyspace", to];
  return {
    name: "MoveTables",
    workflow,
    source: { keyspace: from, shards: ["-"] },
    target: { keyspace: to, shards: ["-"] },
    action: (action, ...more) => [...head, action, ...more],
    create: [...head, "create", "--source-keyspace", from, "--tables", "customer,corder"],
    vdiff: `${to}.${workflow}`,
    vdiffBack: `${from}.${workflow}_reverse`,
  };
}

export function reshardCase(run: number, from: number, to: number): WorkflowCase {
  const workflow = `reshard${run}`;
  const [source, target] = [equalShards(from), equalShards(to)];
  const head = ["Reshard", "--workflow", workflow, "--target-keyspace", "customer"];
  return {
    name: `Reshard ${from}->${to}`,
    workflow,
    source: { keyspace: "customer", shards: source },
    target: { keyspace: "customer", shards: target },
    action: (action, ...more) => [...head, action, ...more],
    create: [
      ...head,
      "create",
      `--source-shards=${source.join(",")}`,
      `--target-shards=${target.join(",")}`,
    ],
    vdiff: `customer.${workflow}`,
    vdiffBack: `customer.${workflow}_reverse`,
  };
}
