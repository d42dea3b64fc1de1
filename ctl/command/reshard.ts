import { list, toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { printCreated } from "./move_tables.ts";
import { parseText, zeroOrMore } from "./positional.ts";
import { createReshard, type ReshardOptions } from "./workflow/create_reshard.ts";
import {
  checkCreateFlags,
  CREATE_FLAGS,
  END_FLAGS,
  KEYS_FLAGS,
  NAME_FLAGS,
  nameFromFlags,
  parseWorkflowName,
  sourceTypes,
  TRAFFIC_FLAGS,
} from "./workflow/flags.ts";
import type { Printed } from "./workflow/output.ts";
import { ACTIONS, runAction } from "./workflow/run_action.ts";
import type { WorkflowName } from "./workflow/switch_traffic.ts";

export const RESHARD = defineCommand({
  name: "Reshard",
  group: "Workflows",
  summary: "Splits or merges shards of a keyspace while they are used.",
  details: [
    `Actions: ${ACTIONS.join(", ")}.`,
    "The target shards must be there, with a primary each and without rows, and cover what the source shards cover. complete deletes the source shards from the topology; their tablets end then, and apply takes away their data.",
  ],
  examples: [
    "Reshard --workflow w --target-keyspace k create --source-shards - --target-shards -80,80-",
    "Reshard --workflow w --target-keyspace k switchtraffic",
    "Reshard --workflow w --target-keyspace k complete",
  ],
  flags: {
    ...NAME_FLAGS,
    "source-shards": list({ help: "create: shards that serve now", fallback: [] }),
    "target-shards": list({ help: "create: shards that take over", fallback: [] }),
    "skip-schema-copy": toggle({ help: "create: tables are there", fallback: false }),
    ...CREATE_FLAGS,
    ...KEYS_FLAGS,
    ...TRAFFIC_FLAGS,
    ...END_FLAGS,
  },
  flagAliases: { "reverse-replication": "enable-reverse-replication" },
  positionals: { words: zeroOrMore("action", parseText) },
  run: async (context, { args: { words }, flags, legacy }) => {
    const [first = "", second, third] = words;
    // The old form: keyspace.workflow, source shards, target shards.
    if (second !== undefined && third !== undefined) {
      const shards = (names: string): readonly string[] => names.split(",");
      return await create(context, parseWorkflowName(first), {
        ...flags,
        sourceShards: shards(second),
        targetShards: shards(third),
      }, true);
    }
    if (first === "") {
      throw vtError("VT22001", `say what to do: one of ${ACTIONS.join(", ")}`);
    }
    const name = second === undefined ? nameFromFlags(flags) : parseWorkflowName(second);
    if (first.toLowerCase() !== "create") return await runAction(context, first, name, flags);
    return await create(context, name, flags, legacy);
  },
  toJson: ({ json }) => json,
  print: ({ text }) => text,
});

interface CreateFlags {
  readonly sourceShards: readonly string[];
  readonly targetShards: readonly string[];
  readonly skipSchemaCopy: boolean;
  readonly cells: readonly string[];
  readonly tabletTypes: readonly string[];
  readonly onDdl: ReshardOptions["onDdl"];
  readonly configOverrides: readonly string[];
  readonly stopAfterCopy: boolean;
  readonly deferSecondaryKeys: boolean;
  readonly autoStart: boolean;
  readonly dryRun: boolean;
  readonly wait: boolean;
  readonly waitTimeout: number;
}

async function create(
  context: CommandContext,
  name: WorkflowName,
  flags: CreateFlags,
  quiet: boolean,
): Promise<Printed> {
  checkCreateFlags(flags);
  const plan = await createReshard(context, {
    ...flags,
    workflow: name.workflow,
    targetKeyspace: name.keyspace,
    cells: flags.cells.join(","),
    tabletTypes: sourceTypes(flags.tabletTypes),
  });
  return await printCreated(context, name, flags, plan, quiet);
}
