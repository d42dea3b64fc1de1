import { vtError } from "../../shared/error/errors.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import { getKeyspace } from "../../topo/keyspaces.ts";
import { lockShard } from "../../topo/locks.ts";
import { defineCommand } from "./command.ts";
import { findPrimary, findShard, findTablet } from "./lookup.ts";
import { one, parseAlias } from "./positional.ts";

export const REPARENT_TABLET = defineCommand({
  name: "ReparentTablet",
  group: "Reparenting",
  summary: "Attaches a tablet to the primary of its shard.",
  examples: ["ReparentTablet zone1-101"],
  flags: {},
  positionals: { alias: one("alias", parseAlias) },
  run: async (context, { args: { alias } }) => {
    const tablet = await findTablet(context, alias);
    const { keyspace, shard } = tablet;
    const name = printTabletAlias(tablet.alias);
    const action = `ReparentTablet(${name})`;
    await using lock = await lockShard(context.topo, keyspace, shard, action, context);
    const primary = await findPrimary(context, await findShard(context, tablet));
    if (printTabletAlias(primary.alias) === name) {
      throw vtError("VT22002", `${name} is the primary of ${keyspace}/${shard} itself`);
    }
    const { durabilityPolicy } = await getKeyspace(context.topo, keyspace, context);
    lock.check();
    await context.tablets.call(tablet, "SetReplicationSource", {
      parent: primary.alias,
      host: primary.mysqlHostname,
      port: primary.mysqlPort,
      semiSync: durabilityPolicy !== "none",
      start: true,
    }, { signal: context.signal });
    return { keyspace, shard, primary: printTabletAlias(primary.alias) };
  },
  print: () => "",
});
