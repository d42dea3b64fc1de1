import { printTabletAlias } from "../../shared/model/tablet.ts";
import { lockShard } from "../../topo/locks.ts";
import { defineCommand } from "./command.ts";
import { eachTablet, sayFailures } from "./each_tablet.ts";
import { findTablet, tabletsOf } from "./lookup.ts";
import { one, parseAlias } from "./positional.ts";

export const TABLET_EXTERNALLY_REPARENTED = defineCommand({
  name: "TabletExternallyReparented",
  group: "Reparenting",
  summary: "Tells the topology that somebody else made a tablet's mysqld the primary.",
  details: [
    "For unmanaged tablets, whose mysqld is run by others: they promote a server, this command makes its tablet the primary of the shard. The server must be writable. It also gives a shard of unmanaged tablets its first primary.",
  ],
  examples: ["TabletExternallyReparented zone1-401"],
  flags: {},
  positionals: { alias: one("alias of the new primary", parseAlias) },
  run: async (context, { args }) => {
    const { alias, keyspace, shard } = await findTablet(context, args.alias);
    const name = printTabletAlias(alias);
    const action = `TabletExternallyReparented(${name})`;
    await using lock = await lockShard(context.topo, keyspace, shard, action, context);
    const tablet = await findTablet(context, alias);
    lock.check();
    await context.tablets.call(tablet, "TabletExternallyReparented", {}, {
      signal: context.signal,
    });
    const others = (await tabletsOf(context, { keyspace, shard }))
      .filter((other) => printTabletAlias(other.alias) !== name);
    // They see it in the topology, too: this only hurries them.
    const call = { signal: context.signal };
    sayFailures(
      context,
      await eachTablet(
        context,
        others,
        (other) => context.tablets.call(other, "RefreshState", {}, call),
      ),
    );
    return { keyspace, shard, primary: name };
  },
  print: () => "",
});
