import { lockKeyspace } from "../../topo/locks.ts";
import { updateShard } from "../../topo/shards.ts";
import { printJson } from "./command.ts";
import { findShard } from "./lookup.ts";
import { protoShard } from "./proto_json.ts";
import { defineCommand } from "./command.ts";
import { one, parseBoolean, parseKeyspaceShard } from "./positional.ts";

export const SET_SHARD_IS_PRIMARY_SERVING = defineCommand({
  name: "SetShardIsPrimaryServing",
  group: "Shards",
  summary: "Takes a shard into serving or out of it, in an emergency.",
  details: ["It rebuilds no serving graph: run RebuildKeyspaceGraph afterwards."],
  examples: ["SetShardIsPrimaryServing customer/-80 false"],
  flags: {},
  positionals: {
    shard: one("keyspace/shard", parseKeyspaceShard),
    serving: one("true/false", parseBoolean),
  },
  run: async (context, { args }) => {
    const { keyspace, shard } = await findShard(context, args.shard);
    await using lock = await lockKeyspace(
      context.topo,
      keyspace,
      `SetShardIsPrimaryServing(${keyspace},${shard},${args.serving})`,
      context,
    );
    lock.check();
    const record = await updateShard(
      context.topo,
      keyspace,
      shard,
      (before) => ({ ...before, isPrimaryServing: args.serving }),
      context,
    );
    return protoShard(keyspace, shard, record);
  },
  print: printJson,
});
