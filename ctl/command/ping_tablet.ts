import { printTabletAlias } from "../../shared/model/tablet.ts";
import { findTablet } from "./lookup.ts";
import { defineCommand } from "./command.ts";
import { one, parseAlias } from "./positional.ts";

export const PING_TABLET = defineCommand({
  name: "PingTablet",
  group: "Tablets",
  summary: "Checks that a tablet answers.",
  examples: ["PingTablet zone1-100"],
  legacyNames: ["Ping"],
  flags: {},
  positionals: { alias: one("alias", parseAlias) },
  run: async (context, { args }) => {
    const tablet = await findTablet(context, args.alias);
    await context.tablets.call(tablet, "Ping", {}, { signal: context.signal });
    return { alias: printTabletAlias(tablet.alias) };
  },
  print: () => "",
});
