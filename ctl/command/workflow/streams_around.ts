import { listKeyspaces } from "../../../topo/keyspaces.ts";
import type { StreamsAround } from "../../workflow/neighbours.ts";
import { reverseName } from "../../workflow/facts.ts";
import type { CommandContext } from "../context.ts";
import { otherStreams } from "./create_move_tables.ts";
import { readShards, type ShardAt } from "./read_facts.ts";

/** Streams that have to do with these shards, but for the workflow's own. */
export async function streamsAround(
  context: CommandContext,
  keyspace: string,
  shards: readonly ShardAt[],
  workflow: string,
): Promise<StreamsAround> {
  const names = new Set(shards.map(({ facts }) => facts.shard));
  const own = new Set([workflow, reverseName(workflow)]);
  const keyspaces = await listKeyspaces(context.topo, context);
  const all = await Promise.all(
    keyspaces.map(async (one) => await otherStreams(context, await readShards(context, one))),
  );
  const others = all.flat().filter(({ stream }) => !own.has(stream.workflow));
  return {
    into: others.filter((one) => one.keyspace === keyspace && names.has(one.shard)),
    from: others.filter(({ stream }) =>
      stream.source.keyspace === keyspace && names.has(stream.source.shard)
    ),
  };
}
