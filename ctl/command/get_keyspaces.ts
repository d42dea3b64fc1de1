import { getKeyspaces } from "../../topo/keyspaces.ts";
import { printJson } from "./command.ts";
import { protoKeyspace } from "./proto_json.ts";
import { defineCommand } from "./command.ts";

export const GET_KEYSPACES = defineCommand({
  name: "GetKeyspaces",
  group: "Keyspaces",
  summary: "Shows all keyspaces.",
  examples: ["GetKeyspaces", "GetKeyspaces --json | jq -r '.[].name'"],
  flags: {},
  positionals: {},
  run: async (context) =>
    [...await getKeyspaces(context.topo, context)].map(([name, record]) => ({
      name,
      keyspace: protoKeyspace(record),
    })),
  print: printJson,
});
