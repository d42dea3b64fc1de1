import { getShardReplication } from "../../topo/replication.ts";
import { printJson } from "./command.ts";
import { findCells, findShard } from "./lookup.ts";
import { protoAlias } from "./proto_json.ts";
import { defineCommand } from "./command.ts";
import { one, parseKeyspaceShard, parseName, zeroOrMore } from "./positional.ts";

export const GET_SHARD_REPLICATION = defineCommand({
  name: "GetShardReplication",
  group: "Shards",
  summary: "Shows the tablets that a shard has in each cell.",
  examples: ["GetShardReplication customer/-80 zone1"],
  flags: {},
  positionals: {
    shard: one("keyspace/shard", parseKeyspaceShard),
    cells: zeroOrMore("cell", parseName),
  },
  run: async (context, { args }) => {
    const { keyspace, shard } = await findShard(context, args.shard);
    const cells = await findCells(context, args.cells);
    const entries = await Promise.all(cells.map(async (cell) => {
      const { nodes } = await getShardReplication(context.topo, cell, keyspace, shard, context);
      return [cell, { nodes: nodes.map((node) => ({ tablet_alias: protoAlias(node) })) }] as const;
    }));
    return { shard_replication_by_cell: Object.fromEntries(entries) };
  },
  print: printJson,
});
