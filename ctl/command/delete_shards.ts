import { toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import { hasId } from "../../topo/records.ts";
import { deleteShard, updateShard } from "../../topo/shards.ts";
import { getSrvKeyspace, updateSrvKeyspace } from "../../topo/srv_keyspaces.ts";
import { deleteTablet } from "../../topo/tablets.ts";
import { lockShard } from "../../topo/locks.ts";
import { listCells } from "../../topo/cells.ts";
import { withoutShards } from "../workflow/serving.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { findShard, type FoundShard, tabletsOf } from "./lookup.ts";
import { oneOrMore, parseKeyspaceShard } from "./positional.ts";

export const DELETE_SHARDS = defineCommand({
  name: "DeleteShards",
  group: "Shards",
  summary: "Removes shards from the topology; no data of any mysqld.",
  examples: ["DeleteShards --recursive customer/-"],
  legacyNames: ["DeleteShard"],
  flags: {
    "recursive": toggle({ help: "the records of their tablets too", fallback: false }),
    "even-if-serving": toggle({ help: "also shards that gates send queries to", fallback: false }),
    "force": toggle({ help: "no error when a shard doesn't exist", fallback: false }),
  },
  flagAliases: { r: "recursive", f: "force" },
  positionals: { shards: oneOrMore("keyspace/shard", parseKeyspaceShard) },
  run: async (context, { args, flags }) => {
    const deleted: string[] = [];
    for (const name of args.shards) {
      let found: FoundShard;
      try {
        found = await findShard(context, name);
      } catch (error) {
        if (flags.force && hasId(error, "VT22003")) continue;
        throw error;
      }
      await removeShard(context, found, flags);
      deleted.push(`${found.keyspace}/${found.shard}`);
      context.say(`deleted ${found.keyspace}/${found.shard}`);
    }
    return { deleted };
  },
  print: ({ deleted }) => `Successfully deleted ${deleted.length} shards`,
});

export interface RemoveOptions {
  readonly recursive: boolean;
  readonly evenIfServing: boolean;
}

/** Removes a shard's records under its lock. VT22002 while it serves or has tablets, unless told. */
export async function removeShard(
  context: CommandContext,
  found: FoundShard,
  options: RemoveOptions,
): Promise<void> {
  const { keyspace, shard } = found;
  const name = `${keyspace}/${shard}`;
  if (!options.evenIfServing) {
    const cell = await servingCell(context, found);
    if (cell !== undefined) {
      throw vtError(
        "VT22002",
        `shard ${name} is still serving in cell ${cell}; move its traffic away first, or use --even-if-serving`,
      );
    }
  }
  await using lock = await lockShard(
    context.topo,
    keyspace,
    shard,
    `DeleteShards(${name})`,
    context,
  );
  const tablets = await tabletsOf(context, found);
  if (tablets.length > 0 && !options.recursive) {
    throw vtError(
      "VT22002",
      `shard ${name} still has ${tablets.length} tablets (${
        tablets.map((tablet) => printTabletAlias(tablet.alias)).join(", ")
      }); --recursive removes their records too`,
    );
  }
  // In this order whoever is cut finds the shard again, and others don't look for its tablets.
  lock.check();
  await updateShard(context.topo, keyspace, shard, ({ primaryAlias: _, ...rest }) => rest, context);
  for (const tablet of tablets) {
    lock.check();
    await deleteTablet(context.topo, tablet.alias, context);
  }
  lock.check();
  await forgetShard(context, found);
  lock.check();
  await deleteShard(context.topo, keyspace, shard, context);
}

/** What a reshard left in SrvKeyspace to keep the shard from serving. */
async function forgetShard(
  context: CommandContext,
  { keyspace, shard }: FoundShard,
): Promise<void> {
  for (const cell of await listCells(context.topo, context)) {
    try {
      await updateSrvKeyspace(context.topo, cell, keyspace, (srv) => {
        const known = srv.partitions.some(({ shardTabletControls }) =>
          shardTabletControls.some(({ name }) => name === shard)
        );
        return known ? withoutShards(srv, [shard]) : undefined;
      }, context);
    } catch (error) {
      if (!hasId(error, "VT21001")) throw error;
    }
  }
}

/** A cell whose SrvKeyspace sends queries to the shard. */
async function servingCell(
  context: CommandContext,
  { keyspace, shard }: FoundShard,
): Promise<string | undefined> {
  for (const cell of await listCells(context.topo, context)) {
    try {
      const { partitions } = await getSrvKeyspace(context.topo, cell, keyspace, context);
      if (partitions.some((partition) => partition.shardReferences.includes(shard))) return cell;
    } catch (error) {
      if (!hasId(error, "VT21001")) throw error;
    }
  }
  return undefined;
}
