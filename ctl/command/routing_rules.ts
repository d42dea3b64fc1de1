/** Routing rules: which table a name means, for all keyspaces. */
import { list, text, toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { JsonReader } from "../../shared/model/json_reader.ts";
import type { RoutingRules } from "../../shared/model/records.ts";
import { checkRoutingRules } from "../../shared/vschema/vschema.ts";
import { lockRoutingRules } from "../../topo/locks.ts";
import { getRoutingRules, saveRoutingRules } from "../../topo/routing_rules.ts";
import { rebuildVSchemaGraph } from "../../topo/srv_vschemas.ts";
import { defineCommand, printJson } from "./command.ts";
import { findCells } from "./lookup.ts";
import { optional, parseName } from "./positional.ts";
import { protoRoutingRules } from "./proto_json.ts";

export const GET_ROUTING_RULES = defineCommand({
  name: "GetRoutingRules",
  group: "VSchema and routing",
  summary: "Shows the routing rules.",
  details: [
    "With a keyspace, as the old client's users write it, the keys are printed as that client did.",
  ],
  examples: ["GetRoutingRules"],
  flags: {},
  positionals: { keyspace: optional("keyspace", parseName) },
  run: (context) => getRoutingRules(context.topo, context),
  toJson: (rules) => protoRoutingRules(rules, false),
  print: (rules, { args, legacy }) =>
    printJson(protoRoutingRules(rules, legacy || args.keyspace !== undefined)),
});

export const APPLY_ROUTING_RULES = defineCommand({
  name: "ApplyRoutingRules",
  group: "VSchema and routing",
  summary: "Replaces all routing rules and tells the gates.",
  examples: [
    "ApplyRoutingRules --rules-file rules.json",
    `ApplyRoutingRules --rules '{"rules": [{"from_table": "t", "to_tables": ["customer.t"]}]}'`,
  ],
  flags: {
    "rules": text({ help: "the rules as JSON", fallback: "", placeholder: "JSON" }),
    "rules-file": text({ help: "file with them", fallback: "", placeholder: "FILE" }),
    "dry-run": toggle({ help: "only check and show them", fallback: false }),
    "skip-rebuild": toggle({ help: "don't tell the gates yet", fallback: false }),
    "cells": list({ help: "tell only the gates of these cells", fallback: [] }),
  },
  flagAliases: { r: "rules", f: "rules-file", d: "dry-run", c: "cells" },
  positionals: {},
  run: async (context, { flags }) => {
    const rules = readRules(flags);
    const cells = await findCells(context, flags.cells);
    if (flags.dryRun) return rules;
    await using lock = await lockRoutingRules(context.topo, "ApplyRoutingRules", context);
    lock.check();
    await saveRoutingRules(context.topo, rules, context);
    if (flags.skipRebuild) {
      context.say(
        "Skipping rebuild of VSchema graph, will need to run RebuildVSchemaGraph for changes to take effect.",
      );
    } else {
      await rebuildVSchemaGraph(context.topo, context, cells);
    }
    return rules;
  },
  toJson: (rules) => protoRoutingRules(rules, false),
  print: (rules, { flags, legacy }) => {
    const json = printJson(protoRoutingRules(rules, legacy));
    return flags.dryRun
      ? `[DRY RUN] Would have saved new RoutingRules object:\n${json}`
      : `New RoutingRules object:\n${json}\nIf this is not what you expected, check the input data (as JSON parsing will skip unexpected fields).`;
  },
});

function readRules(
  flags: { readonly rules: string; readonly rulesFile: string },
): RoutingRules {
  if (flags.rulesFile !== "") {
    throw vtError("VT22001", "vtctl reads --rules-file; over the API give --rules");
  }
  if (flags.rules.trim() === "") {
    throw vtError("VT22001", "no rules: give --rules JSON or --rules-file FILE");
  }
  let rules: RoutingRules;
  try {
    const document = new JsonReader(JSON.parse(flags.rules));
    rules = {
      rules: document.get("rules").list((rule) => ({
        fromTable: rule.get("from_table").text() || rule.get("fromTable").text(),
        toTables: [...rule.get("to_tables").texts(), ...rule.get("toTables").texts()],
      })),
    };
  } catch (error) {
    throw vtError("VT22001", `rules: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (rules.rules.some((rule) => rule.fromTable === "")) {
    throw vtError("VT22001", 'rules: a rule has no "from_table"');
  }
  checkRoutingRules(rules.rules);
  return rules;
}
