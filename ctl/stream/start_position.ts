/** From what a caller wrote to the positions where a stream starts. */
import { vtError } from "../../shared/error/errors.ts";
import type { FilterRule } from "../../shared/filter/rule.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { getShards } from "../../topo/shards.ts";
import type { CommandContext } from "../command/context.ts";
import { findKeyspace, findPrimary, findShard } from "../command/lookup.ts";
import { withFlavor } from "../workflow/journal.ts";
import { copyRule } from "./copy_rule.ts";
import { CURRENT, FROM_COPY, type ShardGtid, type VGtid, type WishedGtid } from "./vgtid.ts";

/**
 * Puts shards where none is named, positions where "current" stands, and the tables to copy where
 * nothing does. VT22002, VT22003 and VT22005 for what isn't there.
 */
export async function startPosition(
  context: CommandContext,
  wished: readonly WishedGtid[],
  rules: readonly FilterRule[],
): Promise<VGtid> {
  const shards = await Promise.all(wished.map((entry) => eachShard(context, entry)));
  return await Promise.all(shards.flat().map((entry) => startOf(context, entry, rules)));
}

async function eachShard(
  context: CommandContext,
  entry: WishedGtid,
): Promise<readonly WishedGtid[]> {
  const { keyspace, gtid } = entry;
  if (entry.shard !== "") return [entry];
  await findKeyspace(context, keyspace);
  const shards = await getShards(context.topo, keyspace, context);
  const serving = [...shards].filter(([, record]) => record.isPrimaryServing);
  if (serving.length > 0) return serving.map(([shard]) => ({ keyspace, shard, gtid }));
  throw vtError("VT22002", `keyspace ${keyspace} has no shard that serves; create one first`);
}

async function startOf(
  context: CommandContext,
  entry: WishedGtid,
  rules: readonly FilterRule[],
): Promise<ShardGtid> {
  if (entry.gtid !== CURRENT && entry.gtid !== FROM_COPY) return entry;
  const found = await findShard(context, entry);
  const { keyspace, shard } = found;
  const primary = await findPrimary(context, found);
  const { position } = await context.tablets.call(primary, "PrimaryPosition", {}, context);
  const gtid = withFlavor(position);
  if (entry.gtid === CURRENT) return { keyspace, shard, gtid };
  // Behind the position: a table that is made in between comes as changes or as rows, never not.
  return { keyspace, shard, gtid, copying: await tablesToCopy(context, primary, rules) };
}

async function tablesToCopy(
  context: CommandContext,
  primary: TabletRecord,
  rules: readonly FilterRule[],
): Promise<NonNullable<ShardGtid["copying"]>> {
  const request = { tables: [], excludeTables: [], includeViews: false };
  const { tableDefinitions } = await context.tablets.call(primary, "GetSchema", request, context);
  return tableDefinitions.map(({ name }) => name)
    .filter((table) => copyRule(rules, table) !== undefined)
    .toSorted()
    .map((table) => ({ table, upTo: undefined }));
}
