import { printTabletAlias } from "../../shared/model/tablet.ts";
import { findTablet } from "./lookup.ts";
import { defineCommand } from "./command.ts";
import { one, parseAlias } from "./positional.ts";

export const START_REPLICATION = defineCommand({
  name: "StartReplication",
  group: "Tablets",
  summary: "Starts replication on a tablet.",
  examples: ["StartReplication zone1-100"],
  legacyNames: ["StartSlave"],
  flags: {},
  positionals: { alias: one("alias", parseAlias) },
  run: async (context, { args }) => {
    const tablet = await findTablet(context, args.alias);
    await context.tablets.call(tablet, "StartReplication", {}, { signal: context.signal });
    return { alias: printTabletAlias(tablet.alias) };
  },
  print: () => "",
});
