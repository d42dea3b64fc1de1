import { list, text } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { readTableSettings, referenceSettings } from "../workflow/materialize.ts";
import { defineCommand } from "./command.ts";
import { printCreated } from "./move_tables.ts";
import { one, parseText } from "./positional.ts";
import { createMaterialize } from "./workflow/create_materialize.ts";
import {
  checkCreateFlags,
  CREATE_FLAGS,
  END_FLAGS,
  NAME_FLAGS,
  nameFromFlags,
  sourceTypes,
  TRAFFIC_FLAGS,
} from "./workflow/flags.ts";
import { runAction } from "./workflow/run_action.ts";

const ACTIONS = ["create", "show", "status", "cancel", "start", "stop", "resume", "pause"] as const;

/** Materialize has no traffic; the actions in common have these flags all the same. */
const NO_TRAFFIC = {
  timeout: TRAFFIC_FLAGS.timeout.fallback,
  maxReplicationLagAllowed: TRAFFIC_FLAGS["max-replication-lag-allowed"].fallback,
  enableReverseReplication: false,
  initializeTargetSequences: false,
  keepRoutingRules: true,
  renameTables: false,
} as const;

export const MATERIALIZE = defineCommand({
  name: "Materialize",
  group: "Workflows",
  summary: "Keeps tables that a SELECT makes of another keyspace's tables.",
  details: [
    `Actions: ${ACTIONS.join(", ")}.`,
    'A source_expression reads one table; create_ddl is a CREATE TABLE, or copy: [{"target_table": "sales", "source_expression": "select date(created) as day, count(*) as n, sum(price) as total from corder where status <> \'void\' group by day", "create_ddl": "create table sales (day date primary key, n bigint, total decimal(20,2))"}]. cancel drops the tables unless --keep-data is given.',
    "Columns and WHERE may be any expressions whose value depends on the row alone: no now(), rand() or subqueries. Of aggregates there are count(*), count(x) and sum(x) of exact numbers; the primary key of such a table is what it is grouped by. docs/materialize.md tells the rest.",
  ],
  examples: [
    "Materialize --workflow w --target-keyspace t create --source-keyspace s --reference-tables r",
    "Materialize --workflow w --target-keyspace t create --source-keyspace s --table-settings @F",
  ],
  flags: {
    ...NAME_FLAGS,
    "source-keyspace": text({ help: "create: where rows come from", fallback: "" }),
    "table-settings": text({ help: "create: the tables", fallback: "", placeholder: "JSON" }),
    "reference-tables": list({ help: "create: copy these to every shard", fallback: [] }),
    ...CREATE_FLAGS,
    "keep-data": END_FLAGS["keep-data"],
  },
  positionals: { action: one("action", parseText) },
  run: async (context, { args: { action }, flags, legacy }) => {
    const name = nameFromFlags(flags);
    if (action.toLowerCase() !== "create") {
      if (!ACTIONS.some((known) => known === action.toLowerCase())) {
        throw vtError("VT22001", `unknown action "${action}"; there are: ${ACTIONS.join(", ")}`);
      }
      return await runAction(context, action, name, { ...NO_TRAFFIC, ...flags });
    }
    checkCreateFlags(flags);
    if (flags.sourceKeyspace === "") {
      throw vtError("VT22001", "give the keyspace that rows come from: --source-keyspace KEYSPACE");
    }
    const settings = [
      ...(flags.tableSettings === "" ? [] : readTableSettings(flags.tableSettings)),
      ...referenceSettings(flags.referenceTables),
    ];
    if (settings.length === 0) {
      throw vtError("VT22001", "say which tables: --table-settings JSON or --reference-tables a,b");
    }
    const plan = await createMaterialize(context, {
      ...flags,
      // Its tables may be read from the beginning.
      deferSecondaryKeys: false,
      settings,
      workflow: name.workflow,
      targetKeyspace: name.keyspace,
      cells: flags.cells.join(","),
      tabletTypes: sourceTypes(flags.tabletTypes),
    });
    return await printCreated(context, name, flags, plan, legacy);
  },
  toJson: ({ json }) => json,
  print: (result) => result.text,
});
