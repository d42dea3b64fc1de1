import { printJson } from "./command.ts";
import { findShard } from "./lookup.ts";
import { protoShard } from "./proto_json.ts";
import { defineCommand } from "./command.ts";
import { one, parseKeyspaceShard } from "./positional.ts";

export const GET_SHARD = defineCommand({
  name: "GetShard",
  group: "Shards",
  summary: "Shows a shard.",
  examples: ["GetShard customer/-80"],
  flags: {},
  positionals: { shard: one("keyspace/shard", parseKeyspaceShard) },
  run: async (context, { args }) => {
    const { keyspace, shard, record } = await findShard(context, args.shard);
    return protoShard(keyspace, shard, record);
  },
  print: printJson,
});
