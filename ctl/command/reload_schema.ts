import { printTabletAlias } from "../../shared/model/tablet.ts";
import { findTablet } from "./lookup.ts";
import { defineCommand } from "./command.ts";
import { one, parseAlias } from "./positional.ts";

export const RELOAD_SCHEMA = defineCommand({
  name: "ReloadSchema",
  group: "Schema",
  summary: "Has a tablet read its schema again.",
  examples: ["ReloadSchema zone1-100"],
  flags: {},
  positionals: { alias: one("alias", parseAlias) },
  run: async (context, { args }) => {
    const tablet = await findTablet(context, args.alias);
    await context.tablets.call(tablet, "ReloadSchema", {}, { signal: context.signal });
    return { alias: printTabletAlias(tablet.alias) };
  },
  print: () => "",
});
