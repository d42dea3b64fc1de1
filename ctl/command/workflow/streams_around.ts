/** The streams of other workflows: on given shards, around a reshard, or in all of the cluster. */
import { VtError } from "../../../shared/error/errors.ts";
import { listKeyspaces } from "../../../topo/keyspaces.ts";
import type { OtherStream } from "../../workflow/checks.ts";
import type { StreamsAround } from "../../workflow/neighbours.ts";
import { nameOf, reverseName } from "../../workflow/facts.ts";
import type { CommandContext } from "../context.ts";
import { readShards, readStreams, type ShardAt } from "./read_facts.ts";

/** All streams of these shards' primaries. VT22005 when one can't be asked. */
export async function otherStreams(
  context: CommandContext,
  shards: readonly ShardAt[],
): Promise<readonly OtherStream[]> {
  const found = await Promise.all(shards.map(async (at) => {
    const { keyspace, shard, primary } = at.facts;
    const streams = await readStreams(context, at, "");
    return streams.map((stream) => ({ keyspace, shard, primary, stream }));
  }));
  return found.flat();
}

/** Streams that have to do with these shards, but for the workflow's own. */
export async function streamsAround(
  context: CommandContext,
  keyspace: string,
  shards: readonly ShardAt[],
  workflow: string,
): Promise<StreamsAround> {
  const keyspaces = await listKeyspaces(context.topo, context);
  const all = await Promise.all(
    keyspaces.map(async (one) => await otherStreams(context, await readShards(context, one))),
  );
  return around(all.flat(), keyspace, shards.map(({ facts }) => facts.shard), workflow);
}

/** Those of them; see streamsAround. */
export function around(
  streams: readonly OtherStream[],
  keyspace: string,
  shards: readonly string[],
  workflow: string,
): StreamsAround {
  const own = new Set([workflow, reverseName(workflow)]);
  // A move to or from another keyspace may have the same name, and is none of its own.
  const isOwn = ({ keyspace: at, stream: { workflow: name, source } }: OtherStream): boolean =>
    own.has(name) && at === keyspace && source.keyspace === keyspace;
  const others = streams.filter((other) => !isOwn(other));
  return {
    into: others.filter((one) => one.keyspace === keyspace && shards.includes(one.shard)),
    from: others.filter(({ stream }) =>
      stream.source.keyspace === keyspace && shards.includes(stream.source.shard)
    ),
  };
}

/**
 * The streams of all shards but these. A primary that can't be asked keeps nobody from going on: it
 * is said, with what becomes of a workflow there that the caller so overlooks, "one there that ...".
 */
export async function streamsElsewhere(
  context: CommandContext,
  shards: readonly ShardAt[],
  overlooked: string,
): Promise<readonly OtherStream[]> {
  const orSay = async (
    where: string,
    readThem: () => Promise<readonly OtherStream[]>,
  ): Promise<readonly OtherStream[]> => {
    try {
      return await readThem();
    } catch (error) {
      if (!(error instanceof VtError)) throw error;
      context.say(
        `the workflows of ${where} can't be read, so ${overlooked} is not noticed: ${error.message}`,
      );
      return [];
    }
  };
  const read = new Set(shards.map(({ facts }) => nameOf(facts)));
  const keyspaces = await listKeyspaces(context.topo, context);
  const found = await Promise.all(
    keyspaces.map((keyspace) =>
      orSay(keyspace, async () => {
        const others = (await readShards(context, keyspace))
          .filter(({ facts }) => !read.has(nameOf(facts)));
        const streams = await Promise.all(
          others.map((at) => orSay(nameOf(at.facts), () => otherStreams(context, [at]))),
        );
        return streams.flat();
      })
    ),
  );
  return found.flat();
}
