import { printJson } from "./command.ts";
import { equalShards, parseCount } from "./equal_shards.ts";
import { defineCommand } from "./command.ts";
import { one } from "./positional.ts";

export const GENERATE_SHARD_RANGES = defineCommand({
  name: "GenerateShardRanges",
  group: "Shards",
  summary: "Prints the names of N equal shards.",
  examples: ["GenerateShardRanges 4"],
  flags: {},
  positionals: { count: one("num_shards", parseCount) },
  run: (_context, { args: { count } }) => Promise.resolve(equalShards(count)),
  print: printJson,
});
