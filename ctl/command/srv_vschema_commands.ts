/** Reads of SrvVSchema: what the gates of a cell plan by. */
import type { SrvVSchema } from "../../shared/model/records.ts";
import { getSrvVSchema } from "../../topo/srv_vschemas.ts";
import { defineCommand, printJson } from "./command.ts";
import { findCell, findCells, isAbsent } from "./lookup.ts";
import { one, parseName, zeroOrMore } from "./positional.ts";
import { protoRoutingRules } from "./proto_json.ts";

function proto(record: SrvVSchema): Record<string, unknown> {
  return {
    keyspaces: record.keyspaces,
    routing_rules: protoRoutingRules(record.routingRules, false),
  };
}

export const GET_SRV_VSCHEMA = defineCommand({
  name: "GetSrvVSchema",
  group: "Serving graph",
  summary: "Shows the VSchemas as the gates of a cell have them.",
  examples: ["GetSrvVSchema zone1"],
  flags: {},
  positionals: { cell: one("cell", parseName) },
  run: async (context, { args: { cell } }) => {
    await findCell(context, cell);
    return proto(await getSrvVSchema(context.topo, cell, context));
  },
  print: printJson,
});

export const GET_SRV_VSCHEMAS = defineCommand({
  name: "GetSrvVSchemas",
  group: "Serving graph",
  summary: "Shows the VSchemas as the gates of each cell have them.",
  examples: ["GetSrvVSchemas"],
  flags: {},
  positionals: { cells: zeroOrMore("cell", parseName) },
  run: async (context, { args: { cells } }) => {
    const found: [string, Record<string, unknown>][] = [];
    for (const cell of await findCells(context, cells)) {
      try {
        found.push([cell, proto(await getSrvVSchema(context.topo, cell, context))]);
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    }
    return Object.fromEntries(found);
  },
  print: printJson,
});
