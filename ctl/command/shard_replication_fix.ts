import { printTabletAlias } from "../../shared/model/tablet.ts";
import {
  addReplicationNode,
  getShardReplication,
  removeReplicationNode,
} from "../../topo/replication.ts";
import { defineCommand } from "./command.ts";
import { findCell, findShard, tabletsOf } from "./lookup.ts";
import { one, parseKeyspaceShard, parseName } from "./positional.ts";

export const SHARD_REPLICATION_FIX = defineCommand({
  name: "ShardReplicationFix",
  group: "Shards",
  summary: "Makes ShardReplication of a cell list the shard's tablets, no others.",
  examples: ["ShardReplicationFix zone1 customer/-80"],
  flags: {},
  positionals: {
    cell: one("cell", parseName),
    shard: one("keyspace/shard", parseKeyspaceShard),
  },
  run: async (context, { args }) => {
    const { cell } = args;
    await findCell(context, cell);
    const { keyspace, shard } = await findShard(context, args.shard);
    const all = await tabletsOf(context, { keyspace, shard });
    const tablets = all.filter(({ alias }) => alias.cell === cell);
    const known = new Set(tablets.map(({ alias }) => printTabletAlias(alias)));
    const { nodes } = await getShardReplication(context.topo, cell, keyspace, shard, context);
    const listed = new Set(nodes.map(printTabletAlias));
    const fixed: string[] = [];
    for (const alias of nodes) {
      const name = printTabletAlias(alias);
      if (known.has(name)) continue;
      await removeReplicationNode(context.topo, { alias, keyspace, shard }, context);
      fixed.push(name);
    }
    for (const tablet of tablets) {
      const name = printTabletAlias(tablet.alias);
      if (listed.has(name)) continue;
      await addReplicationNode(context.topo, tablet, context);
      fixed.push(name);
    }
    return { keyspace, shard, cell, fixed };
  },
  print: ({ keyspace, shard, fixed }) =>
    fixed.length === 0
      ? "All nodes in the replication graph are valid."
      : fixed.map((alias) => `${alias} has been fixed for ${keyspace}/${shard}.`).join("\n"),
});
