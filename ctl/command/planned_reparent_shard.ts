import { duration, toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import { defineCommand } from "./command.ts";
import { findShard } from "./lookup.ts";
import { reparentShard } from "./planned_reparent.ts";
import { optional, parseAlias, parseKeyspaceShard } from "./positional.ts";
import { aliasFlag } from "./tablet_flags.ts";

export const PLANNED_REPARENT_SHARD = defineCommand({
  name: "PlannedReparentShard",
  group: "Reparenting",
  summary: "Makes another tablet the primary of a shard; no acknowledged row is lost.",
  details: [
    "The old primary stops taking writes, the new one gets the last of them, then it takes over; all other tablets follow it. Without --new-primary the most advanced replica is chosen, one in the primary's cell.",
    "With the present primary as the new one, the other tablets are attached to it again. After a crash, run it again: it completes or undoes what was begun.",
  ],
  examples: [
    "PlannedReparentShard customer/-80 --new-primary zone1-301",
    "PlannedReparentShard customer/-80 --avoid-primary zone1-300",
  ],
  flags: {
    "new-primary": aliasFlag("tablet that shall be primary"),
    "avoid-primary": aliasFlag("tablet that shall not be; no change when it isn't"),
    "expected-primary": aliasFlag("fail unless this one is primary now"),
    "wait-replicas-timeout": duration({ help: "how long catching up may take", fallback: 15_000 }),
    "tolerable-replication-lag": duration({
      help: "most lag of the new one; 0 for any",
      fallback: 0,
    }),
    "allow-cross-cell-promotion": toggle({ help: "choose from other cells too", fallback: false }),
    // The old client's spelling of the argument.
    "keyspace-shard": {
      placeholder: "KS/SHARD",
      help: "the shard, as the old client spelt it",
      required: false,
      fallback: undefined,
      isSwitch: false,
      repeats: false,
      parse: parseKeyspaceShard,
      printedFallback: "",
    },
  },
  flagAliases: {
    "new-master": "new-primary",
    "avoid-master": "avoid-primary",
    "avoid-tablet": "avoid-primary",
    "wait-slave-timeout": "wait-replicas-timeout",
  },
  positionals: {
    shard: optional("keyspace/shard", parseKeyspaceShard),
    alias: optional("new primary alias", parseAlias),
  },
  run: async (context, { args, flags }) => {
    const named = args.shard ?? flags.keyspaceShard;
    if (named === undefined) {
      throw vtError(
        "VT22001",
        "no shard: PlannedReparentShard <keyspace/shard> [--new-primary <alias>]",
      );
    }
    const shard = await findShard(context, named);
    const alias = flags.newPrimary ?? args.alias;
    const { primary, astray } = await reparentShard(context, shard, {
      action: `PlannedReparentShard(${
        alias === undefined ? "" : printTabletAlias(alias)
      }, AvoidPrimary = ${
        flags.avoidPrimary === undefined ? "" : printTabletAlias(flags.avoidPrimary)
      })`,
      newPrimary: alias === undefined ? undefined : printTabletAlias(alias),
      avoidPrimary: flags.avoidPrimary && printTabletAlias(flags.avoidPrimary),
      expectedPrimary: flags.expectedPrimary && printTabletAlias(flags.expectedPrimary),
      allowCrossCell: flags.allowCrossCellPromotion,
      lagMaxSeconds: flags.tolerableReplicationLag === 0
        ? undefined
        : flags.tolerableReplicationLag / 1000,
      force: false,
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
