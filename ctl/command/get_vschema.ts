import { getVSchema } from "../../topo/vschemas.ts";
import { defineCommand, printJson } from "./command.ts";
import { findKeyspace } from "./lookup.ts";
import { one, parseName } from "./positional.ts";

export const GET_VSCHEMA = defineCommand({
  name: "GetVSchema",
  group: "VSchema and routing",
  summary: "Shows the VSchema of a keyspace.",
  examples: ["GetVSchema customer"],
  flags: {},
  positionals: { keyspace: one("keyspace", parseName) },
  run: async (context, { args: { keyspace } }) => {
    await findKeyspace(context, keyspace);
    return await getVSchema(context.topo, keyspace, context);
  },
  print: printJson,
});
