import { toggle } from "../../shared/flags/flag.ts";
import { vtErrorFrom } from "../../shared/error/errors.ts";
import { DEFAULT_KEYSPACE, ensureKeyspace } from "../../topo/keyspaces.ts";
import { hasId } from "../../topo/records.ts";
import { createShard } from "../../topo/shards.ts";
import { printJson } from "./command.ts";
import { findKeyspace, findShard } from "./lookup.ts";
import { protoKeyspace, protoShard } from "./proto_json.ts";
import { defineCommand } from "./command.ts";
import { one, parseKeyspaceShard } from "./positional.ts";

export const CREATE_SHARD = defineCommand({
  name: "CreateShard",
  group: "Shards",
  summary: "Creates a shard.",
  examples: ["CreateShard customer/-80", "CreateShard --include-parent customer/-80"],
  flags: {
    "force": toggle({ help: "no error when it exists", fallback: false }),
    "include-parent": toggle({
      help: "create the keyspace too, when it is missing",
      fallback: false,
    }),
  },
  flagAliases: { f: "force", p: "include-parent", parent: "include-parent" },
  positionals: { shard: one("keyspace/shard", parseKeyspaceShard) },
  run: async (context, { args: { shard: { keyspace, shard } }, flags }) => {
    if (flags.includeParent) {
      await ensureKeyspace(context.topo, keyspace, DEFAULT_KEYSPACE, context);
    }
    const parent = await findKeyspace(context, keyspace);
    let existed = false;
    try {
      await createShard(context.topo, keyspace, shard, context);
    } catch (error) {
      if (!hasId(error, "VT21002")) throw error;
      if (!flags.force) {
        throw vtErrorFrom(
          error,
          "VT22004",
          `shard ${keyspace}/${shard} exists; --force accepts that`,
        );
      }
      existed = true;
    }
    const found = await findShard(context, { keyspace, shard });
    return {
      keyspace: { name: keyspace, keyspace: protoKeyspace(parent) },
      shard: protoShard(keyspace, found.shard, found.record),
      shard_already_exists: existed,
    };
  },
  print: printJson,
});
