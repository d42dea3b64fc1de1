import { list, text, toggle } from "../../shared/flags/flag.ts";
import { VtError, vtError } from "../../shared/error/errors.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { parseText, zeroOrMore } from "./positional.ts";
import { createMoveTables, type MoveTablesOptions } from "./workflow/create_move_tables.ts";
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
import { printDryRun, type Printed, printStatus } from "./workflow/output.ts";
import { readStatus, waitForCopy } from "./workflow/progress.ts";
import { ACTIONS, runAction } from "./workflow/run_action.ts";
import type { WorkflowName } from "./workflow/switch_traffic.ts";
import { readTableSpec } from "./workflow/table_spec.ts";

export const MOVE_TABLES = defineCommand({
  name: "MoveTables",
  group: "Workflows",
  summary: "Moves tables to another keyspace while they are used.",
  details: [
    `Actions: ${ACTIONS.join(", ")}.`,
    "create copies the rows and follows their changes; switchtraffic sends reads and writes to the target, with a pause of writes below a second; reversetraffic takes that back; complete drops the source's tables. Before complete, nothing is lost by going back. Each action may be run again: it goes on where it stopped.",
  ],
  examples: [
    "MoveTables --workflow w --target-keyspace t create --source-keyspace s --tables a,b --wait",
    "MoveTables --workflow w --target-keyspace t switchtraffic --dry-run",
    "MoveTables --workflow w --target-keyspace t switchtraffic --tablet-types rdonly,replica",
    "MoveTables --workflow w --target-keyspace t complete",
  ],
  flags: {
    ...NAME_FLAGS,
    "source-keyspace": text({ help: "create: where tables are", fallback: "" }),
    "tables": list({ help: "create: these", fallback: [] }),
    "all-tables": toggle({ help: "create: all but sequences", fallback: false }),
    "exclude-tables": list({ help: "create: without these", fallback: [] }),
    "source-shards": list({ help: "create: from these (default all)", fallback: [] }),
    "no-routing-rules": toggle({ help: "create: leave them as they are", fallback: false }),
    ...CREATE_FLAGS,
    ...KEYS_FLAGS,
    ...TRAFFIC_FLAGS,
    ...END_FLAGS,
  },
  flagAliases: {
    source: "source-keyspace",
    all: "all-tables",
    exclude: "exclude-tables",
    "reverse-replication": "enable-reverse-replication",
  },
  positionals: { words: zeroOrMore("action", parseText) },
  run: async (context, { args: { words }, flags, legacy }) => {
    const [first = "", second, third] = words;
    // The old form: source, target, tables; there is no action in it.
    if (second !== undefined && third !== undefined) {
      const name = nameFromFlags({ workflow: flags.workflow, targetKeyspace: second });
      const tables = readTableSpec(third);
      return await create(context, name, { ...flags, sourceKeyspace: first, tables }, legacy);
    }
    if (first === "") {
      throw vtError("VT22001", `say what to do: one of ${ACTIONS.join(", ")}`);
    }
    const name = second === undefined ? nameFromFlags(flags) : parseWorkflowName(second);
    if (first.toLowerCase() !== "create") return await runAction(context, first, name, flags);
    return await create(context, name, flags, legacy);
  },
  toJson: ({ json }) => json,
  print: ({ text: printed }) => printed,
});

interface CreateFlags {
  readonly sourceKeyspace: string;
  readonly tables: readonly string[];
  readonly allTables: boolean;
  readonly excludeTables: readonly string[];
  readonly sourceShards: readonly string[];
  readonly noRoutingRules: boolean;
  readonly cells: readonly string[];
  readonly tabletTypes: readonly string[];
  readonly onDdl: MoveTablesOptions["onDdl"];
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
  if (flags.sourceKeyspace === "") {
    throw vtError("VT22001", "give the keyspace that tables are in: --source-keyspace KEYSPACE");
  }
  const plan = await createMoveTables(context, {
    ...flags,
    workflow: name.workflow,
    targetKeyspace: name.keyspace,
    cells: flags.cells.join(","),
    tabletTypes: sourceTypes(flags.tabletTypes),
  });
  return await printCreated(context, name, flags, plan, quiet);
}

/** What `create` says at its end; the old client said nothing. */
export async function printCreated(
  context: CommandContext,
  name: WorkflowName,
  flags: { readonly dryRun: boolean; readonly wait: boolean; readonly waitTimeout: number },
  plan: readonly string[],
  quiet: boolean,
): Promise<Printed> {
  const now = new Date(context.clock.now());
  if (flags.dryRun) return printDryRun("Create", `${name.keyspace}.${name.workflow}`, plan, now);
  if (flags.wait) await waitForCopy(context, name, flags.waitTimeout);
  try {
    const status = printStatus(await readStatus(context, name), now);
    return quiet ? { ...status, text: "" } : status;
  } catch (error) {
    // It is made all the same: who is told that it failed would make it again.
    if (!(error instanceof VtError) || error.status !== "unavailable") throw error;
    const summary =
      `workflow ${name.workflow} was created; how it goes can't be read now: ${error.message}`;
    return { text: summary, json: { summary } };
  }
}
