import { printTabletAlias } from "../../shared/model/tablet.ts";
import { findTablet } from "./lookup.ts";
import { defineCommand } from "./command.ts";
import { one, parseAlias } from "./positional.ts";

export const REFRESH_STATE = defineCommand({
  name: "RefreshState",
  group: "Tablets",
  summary: "Has a tablet read its records again.",
  examples: ["RefreshState zone1-100"],
  flags: {},
  positionals: { alias: one("alias", parseAlias) },
  run: async (context, { args }) => {
    const tablet = await findTablet(context, args.alias);
    await context.tablets.call(tablet, "RefreshState", {}, { signal: context.signal });
    return { alias: printTabletAlias(tablet.alias) };
  },
  print: ({ alias }) => `Refreshed state on ${alias}`,
});
