/** The programs of a workflow's actions on the model of a cluster. */
import { createWorkflow } from "../../ctl/workflow/create.ts";
import type { ReadType } from "../../ctl/workflow/facts.ts";
import { cancel, complete } from "../../ctl/workflow/finish.ts";
import type { Program } from "../../ctl/workflow/program.ts";
import { switchReads } from "../../ctl/workflow/switch_reads.ts";
import type { WriteSwitch } from "../../ctl/workflow/switch_steps.ts";
import { switchWrites } from "../../ctl/workflow/switch_writes.ts";
import { run, TABLES, type World } from "./workflow_world.ts";

export const OPTIONS: WriteSwitch = {
  timeoutMs: 30_000,
  reverse: true,
  reverseStopped: false,
  initSequences: true,
  command: "MoveTables --workflow w --target-keyspace customer switchtraffic",
};

/** "reads", "writes", "back" ... done beforehand. */
export function advance(world: World, stages: readonly string[]): void {
  for (const stage of stages) run(world, program(world, stage));
}

export function program(world: World, stage: string): Program {
  const facts = world.facts("w");
  const types: readonly ReadType[] = ["replica", "rdonly"];
  switch (stage) {
    case "replica":
    case "rdonly":
      return switchReads(facts, { types: [stage], to: "target", cells: [] });
    case "reads":
      return switchReads(facts, { types, to: "target", cells: [] });
    case "reads_back":
      return switchReads(facts, { types, to: "source", cells: [] });
    case "writes":
      return switchWrites(facts, OPTIONS);
    case "writes_back":
      return switchWrites(world.facts("w_reverse", true), OPTIONS);
    case "complete":
      return complete(facts, { keepData: false, keepRoutingRules: false, renameTables: false });
    case "complete_keep":
      return complete(facts, { keepData: true, keepRoutingRules: false, renameTables: false });
    case "complete_rename":
      return complete(facts, { keepData: false, keepRoutingRules: false, renameTables: true });
    case "cancel":
      return cancel(facts, { keepData: false, keepRoutingRules: false });
    case "create":
      return creation(world, false);
    case "create_on":
      return creation(world, true);
    default:
      throw new Error(`no stage ${stage}`);
  }
}

function creation(world: World, begun: boolean): Program {
  return createWorkflow({
    workflow: "w",
    streams: world.facts("w").streams.map(({ shard, stream }) => ({
      at: { keyspace: "customer", shard },
      stream: { ...stream, state: "Init", position: "" },
    })),
    newTables: world.targets.map((at) => ({
      at,
      from: { keyspace: "commerce", shard: "-" },
      tables: TABLES.map((name) => ({ name, sql: `create table ${name}` })),
    })),
    rules: {
      moved: world.moved,
      served: { primary: "source", replica: "source", rdonly: "source" },
    },
    vschema: undefined,
    start: true,
    begun,
    command: "MoveTables create",
  });
}
