import { getShards } from "../../topo/shards.ts";
import { printJson } from "./command.ts";
import { findKeyspace } from "./lookup.ts";
import { protoShard } from "./proto_json.ts";
import { defineCommand } from "./command.ts";
import { one, parseName } from "./positional.ts";

export const FIND_ALL_SHARDS_IN_KEYSPACE = defineCommand({
  name: "FindAllShardsInKeyspace",
  group: "Keyspaces",
  summary: "Shows the shards of a keyspace, by name.",
  examples: ["FindAllShardsInKeyspace customer"],
  flags: {},
  positionals: { keyspace: one("keyspace", parseName) },
  run: async (context, { args: { keyspace } }) => {
    await findKeyspace(context, keyspace);
    return Object.fromEntries(
      [...await getShards(context.topo, keyspace, context)]
        .map(([name, record]) => [name, protoShard(keyspace, name, record)]),
    );
  },
  print: printJson,
});
