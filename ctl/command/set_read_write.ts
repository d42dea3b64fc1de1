import { printTabletAlias } from "../../shared/model/tablet.ts";
import { findTablet } from "./lookup.ts";
import { defineCommand } from "./command.ts";
import { one, parseAlias } from "./positional.ts";

export const SET_READ_WRITE = defineCommand({
  name: "SetReadWrite",
  group: "Tablets",
  summary: "Makes a tablet writable, as the old client spelt it.",
  examples: ["SetReadWrite zone1-100"],
  flags: {},
  positionals: { alias: one("alias", parseAlias) },
  run: async (context, { args }) => {
    const tablet = await findTablet(context, args.alias);
    await context.tablets.call(tablet, "SetReadOnly", { readOnly: false }, {
      signal: context.signal,
    });
    return { alias: printTabletAlias(tablet.alias) };
  },
  print: () => "",
});
