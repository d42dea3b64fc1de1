import { printTabletAlias } from "../../shared/model/tablet.ts";
import { findTablet } from "./lookup.ts";
import { defineCommand } from "./command.ts";
import { one, parseAlias } from "./positional.ts";

export const SET_READ_ONLY = defineCommand({
  name: "SetReadOnly",
  group: "Tablets",
  summary: "Makes a tablet read-only, as the old client spelt it.",
  examples: ["SetReadOnly zone1-100"],
  flags: {},
  positionals: { alias: one("alias", parseAlias) },
  run: async (context, { args }) => {
    const tablet = await findTablet(context, args.alias);
    await context.tablets.call(tablet, "SetReadOnly", { readOnly: true }, {
      signal: context.signal,
    });
    return { alias: printTabletAlias(tablet.alias) };
  },
  print: () => "",
});
