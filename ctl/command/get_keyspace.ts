import { printJson } from "./command.ts";
import { findKeyspace } from "./lookup.ts";
import { protoKeyspace } from "./proto_json.ts";
import { defineCommand } from "./command.ts";
import { one, parseName } from "./positional.ts";

export const GET_KEYSPACE = defineCommand({
  name: "GetKeyspace",
  group: "Keyspaces",
  summary: "Shows a keyspace.",
  examples: ["GetKeyspace customer"],
  flags: {},
  positionals: { keyspace: one("keyspace", parseName) },
  run: async (context, { args: { keyspace } }) => ({
    name: keyspace,
    keyspace: protoKeyspace(await findKeyspace(context, keyspace)),
  }),
  print: printJson,
});
