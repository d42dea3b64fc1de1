/** The old client's listings: what GetTablets does, with arguments instead of flags. */
import type { TabletRecord } from "../../shared/model/records.ts";
import { defineCommand } from "./command.ts";
import { findShard } from "./lookup.ts";
import {
  one,
  oneOrMore,
  parseAlias,
  parseKeyspaceShard,
  parseName,
  zeroOrMore,
} from "./positional.ts";
import { ALL_TABLETS, filterTablets } from "./tablet_filter.ts";
import { protoTablet } from "./proto_json.ts";
import { printTabletLine } from "./tablet_line.ts";

function print(tablets: readonly TabletRecord[]): string {
  return tablets.map(printTabletLine).join("\n");
}

function toJson(tablets: readonly TabletRecord[]): unknown {
  return tablets.map(protoTablet);
}

export const LIST_ALL_TABLETS = defineCommand({
  name: "ListAllTablets",
  group: "Tablets",
  summary: "Lists the tablets of all cells, or of the named ones; see GetTablets.",
  examples: ["ListAllTablets", "ListAllTablets zone1"],
  flags: {},
  positionals: { cells: zeroOrMore("cell", parseName) },
  run: (context, { args: { cells } }) => filterTablets(context, { ...ALL_TABLETS, cells }),
  toJson,
  print,
});

export const LIST_SHARD_TABLETS = defineCommand({
  name: "ListShardTablets",
  group: "Tablets",
  summary: "Lists the tablets of a shard; see GetTablets.",
  examples: ["ListShardTablets customer/-80"],
  flags: {},
  positionals: { shard: one("keyspace/shard", parseKeyspaceShard) },
  run: async (context, { args }) => {
    const { keyspace, shard } = await findShard(context, args.shard);
    return await filterTablets(context, { ...ALL_TABLETS, keyspace, shard });
  },
  toJson,
  print,
});

export const LIST_TABLETS = defineCommand({
  name: "ListTablets",
  group: "Tablets",
  summary: "Lists the named tablets; see GetTablets.",
  examples: ["ListTablets zone1-100 zone1-101"],
  flags: {},
  positionals: { aliases: oneOrMore("alias", parseAlias) },
  run: (context, { args: { aliases } }) => filterTablets(context, { ...ALL_TABLETS, aliases }),
  toJson,
  print,
});
