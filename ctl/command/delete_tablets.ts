import { toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias, type TabletAlias } from "../../shared/model/tablet.ts";
import { clearShardPrimary } from "../../topo/shards.ts";
import { deleteTablet } from "../../topo/tablets.ts";
import { lockShard } from "../../topo/locks.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { findShard, findTablet } from "./lookup.ts";
import { oneOrMore, parseAlias } from "./positional.ts";

export const DELETE_TABLETS = defineCommand({
  name: "DeleteTablets",
  group: "Tablets",
  summary: "Removes tablets from the topology; stop them first.",
  details: ["A vttablet whose record is gone stops by itself. Its data stays where it is."],
  examples: ["DeleteTablets zone1-101", "DeleteTablets --allow-primary zone1-100 zone1-101"],
  legacyNames: ["DeleteTablet"],
  flags: {
    "allow-primary": toggle({ help: "also the primary of a shard", fallback: false }),
  },
  flagAliases: { p: "allow-primary", "allow-master": "allow-primary" },
  positionals: { aliases: oneOrMore("alias", parseAlias) },
  run: async (context, { args: { aliases }, flags: { allowPrimary } }) => {
    const tablets = await Promise.all(aliases.map((alias) => findTablet(context, alias)));
    for (const tablet of tablets) {
      if (allowPrimary || !await isPrimary(context, tablet)) continue;
      const { keyspace, shard } = tablet;
      throw vtError(
        "VT22002",
        `${
          printTabletAlias(tablet.alias)
        } is primary of ${keyspace}/${shard}; PlannedReparentShard moves that to another tablet, --allow-primary deletes it all the same`,
      );
    }
    for (const tablet of tablets) {
      await removeTablet(context, tablet);
      context.say(`deleted ${printTabletAlias(tablet.alias)}`);
    }
    return { deleted: tablets.map((tablet) => printTabletAlias(tablet.alias)) };
  },
  print: ({ deleted }) => `Successfully deleted ${deleted.length} tablets`,
});

async function isPrimary(context: CommandContext, tablet: TabletRecord): Promise<boolean> {
  if (tablet.type === "primary") return true;
  const { record } = await findShard(context, tablet);
  return record.primaryAlias !== undefined && same(record.primaryAlias, tablet.alias);
}

/** A shard whose record names the tablet as primary has none afterwards. */
async function removeTablet(context: CommandContext, tablet: TabletRecord): Promise<void> {
  const { keyspace, shard, alias } = tablet;
  if (await isPrimary(context, tablet)) {
    const action = `DeleteTablets(${printTabletAlias(alias)})`;
    await using lock = await lockShard(context.topo, keyspace, shard, action, context);
    lock.check();
    await clearShardPrimary(context.topo, keyspace, shard, alias, context);
  }
  await deleteTablet(context.topo, alias, context);
}

function same(a: TabletAlias, b: TabletAlias): boolean {
  return a.cell === b.cell && a.uid === b.uid;
}
