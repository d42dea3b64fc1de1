/** Where a stream starts when its caller says "from now on". */
import { vtError } from "../../shared/error/errors.ts";
import type { CommandContext } from "../command/context.ts";
import { findKeyspace, findPrimary, findShard } from "../command/lookup.ts";
import { getShards } from "../../topo/shards.ts";
import { withFlavor } from "../workflow/journal.ts";
import { CURRENT, type ShardGtid, type VGtid } from "./vgtid.ts";

/** Now, on each shard of the keyspace that takes writes. VT22002, VT22003 and VT22005. */
export async function currentVGtid(context: CommandContext, keyspace: string): Promise<VGtid> {
  await findKeyspace(context, keyspace);
  const shards = await getShards(context.topo, keyspace, context);
  const serving = [...shards].filter(([, record]) => record.isPrimaryServing);
  if (serving.length === 0) {
    throw vtError("VT22002", `keyspace ${keyspace} has no shard that serves; create one first`);
  }
  return await lookUp(
    context,
    serving.map(([shard]) => ({ keyspace, shard, gtid: CURRENT })),
  );
}

/** Puts positions where "current" stands. */
export function lookUp(context: CommandContext, vgtid: VGtid): Promise<VGtid> {
  return Promise.all(vgtid.map(async (entry): Promise<ShardGtid> => {
    if (entry.gtid !== CURRENT) return entry;
    const shard = await findShard(context, entry);
    const primary = await findPrimary(context, shard);
    const { position } = await context.tablets.call(primary, "PrimaryPosition", {}, context);
    return { keyspace: entry.keyspace, shard: shard.shard, gtid: withFlavor(position) };
  }));
}
