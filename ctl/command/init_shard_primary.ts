import { duration, toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import { defineCommand } from "./command.ts";
import { findShard, findTablet } from "./lookup.ts";
import { reparentShard } from "./planned_reparent.ts";
import { one, parseAlias, parseKeyspaceShard } from "./positional.ts";

export const INIT_SHARD_PRIMARY = defineCommand({
  name: "InitShardPrimary",
  group: "Reparenting",
  summary: "Makes a tablet the first primary of a shard and attaches the others to it.",
  details: [
    "PlannedReparentShard --new-primary does the same and more. Unlike the old client's, this command never throws rows away: on a shard that has a primary, --force moves it as PlannedReparentShard does.",
  ],
  examples: [
    "InitShardPrimary customer/-80 zone1-300",
    "InitShardMaster -force customer/-80 zone1-300",
  ],
  legacyNames: ["InitShardMaster"],
  flags: {
    "force": toggle({
      help: "also with tablets that have rows of their own, or another primary",
      fallback: false,
    }),
    "wait-replicas-timeout": duration({ help: "how long catching up may take", fallback: 30_000 }),
  },
  flagAliases: { "wait-slave-timeout": "wait-replicas-timeout" },
  positionals: {
    shard: one("keyspace/shard", parseKeyspaceShard),
    alias: one("primary alias", parseAlias),
  },
  run: async (context, { args, flags }) => {
    const shard = await findShard(context, args.shard);
    const { alias } = await findTablet(context, args.alias);
    const { primaryAlias } = shard.record;
    const other = primaryAlias === undefined ? undefined : printTabletAlias(primaryAlias);
    const name = printTabletAlias(alias);
    if (other !== undefined && other !== name && !flags.force) {
      throw vtError(
        "VT22002",
        `primary-elect tablet ${name} is not the shard primary, ${other} is; PlannedReparentShard ${shard.keyspace}/${shard.shard} --new-primary ${name} moves it, as does --force`,
      );
    }
    const { primary, astray } = await reparentShard(context, shard, {
      action: `InitShardPrimary(${name})`,
      newPrimary: name,
      avoidPrimary: undefined,
      expectedPrimary: undefined,
      allowCrossCell: true,
      lagMaxSeconds: undefined,
      force: flags.force,
      waitMs: flags.waitReplicasTimeout,
    });
    return {
      keyspace: shard.keyspace,
      shard: shard.shard,
      promoted_primary: primary,
      astray_tablets: astray,
    };
  },
  print: () => "",
});
