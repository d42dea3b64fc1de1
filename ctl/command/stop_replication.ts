import { printTabletAlias } from "../../shared/model/tablet.ts";
import { findTablet } from "./lookup.ts";
import { defineCommand } from "./command.ts";
import { one, parseAlias } from "./positional.ts";

export const STOP_REPLICATION = defineCommand({
  name: "StopReplication",
  group: "Tablets",
  summary: "Stops replication on a tablet.",
  examples: ["StopReplication zone1-100"],
  legacyNames: ["StopSlave"],
  flags: {},
  positionals: { alias: one("alias", parseAlias) },
  run: async (context, { args }) => {
    const tablet = await findTablet(context, args.alias);
    await context.tablets.call(tablet, "StopReplication", {}, { signal: context.signal });
    return { alias: printTabletAlias(tablet.alias) };
  },
  print: () => "",
});
