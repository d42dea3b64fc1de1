import { toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { deleteKeyspace } from "../../topo/keyspaces.ts";
import { getShards } from "../../topo/shards.ts";
import { rebuildVSchemaGraph } from "../../topo/srv_vschemas.ts";
import { removeShard } from "./delete_shards.ts";
import { findKeyspace } from "./lookup.ts";
import { defineCommand } from "./command.ts";
import { one, parseName } from "./positional.ts";

export const DELETE_KEYSPACE = defineCommand({
  name: "DeleteKeyspace",
  group: "Keyspaces",
  summary: "Removes a keyspace from the topology; no data of any mysqld.",
  examples: ["DeleteKeyspace --recursive customer"],
  flags: {
    "recursive": toggle({ help: "its shards and their tablets' records too", fallback: false }),
  },
  flagAliases: { r: "recursive" },
  positionals: { keyspace: one("keyspace", parseName) },
  run: async (context, { args: { keyspace }, flags: { recursive } }) => {
    await findKeyspace(context, keyspace);
    const shards = await getShards(context.topo, keyspace, context);
    if (shards.size > 0 && !recursive) {
      throw vtError(
        "VT22002",
        `keyspace ${keyspace} still has the shards ${
          [...shards.keys()].join(", ")
        }; --recursive removes them and their tablets' records too`,
      );
    }
    for (const [shard, record] of shards) {
      await removeShard(context, { keyspace, shard, record }, {
        recursive: true,
        evenIfServing: true,
      });
    }
    await deleteKeyspace(context.topo, keyspace, context);
    await rebuildVSchemaGraph(context.topo, context);
    return { keyspace };
  },
  print: ({ keyspace }) => `Successfully deleted keyspace ${keyspace}.`,
});
