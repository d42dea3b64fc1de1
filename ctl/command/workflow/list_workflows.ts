import type { CommandContext } from "../context.ts";
import { readShards, readStreams } from "./read_facts.ts";

/** Names of the workflows that bring rows into a keyspace, sorted. */
export async function listWorkflows(
  context: CommandContext,
  keyspace: string,
): Promise<readonly string[]> {
  const shards = await readShards(context, keyspace);
  const streams = await Promise.all(shards.map((shard) => readStreams(context, shard, "")));
  return [...new Set(streams.flat().map(({ workflow }) => workflow))].sort();
}
