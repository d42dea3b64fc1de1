import { printTabletAlias } from "../../shared/model/tablet.ts";
import { defineCommand } from "./command.ts";
import { findTablet } from "./lookup.ts";
import { one, parseAlias, parseBoolean } from "./positional.ts";

export const SET_WRITABLE = defineCommand({
  name: "SetWritable",
  group: "Tablets",
  summary: "Makes the mysqld of a tablet writable or read-only.",
  examples: ["SetWritable zone1-100 true"],
  flags: {},
  positionals: { alias: one("alias", parseAlias), writable: one("true/false", parseBoolean) },
  run: async (context, { args: { alias, writable } }) => {
    const tablet = await findTablet(context, alias);
    const request = { readOnly: !writable };
    await context.tablets.call(tablet, "SetReadOnly", request, { signal: context.signal });
    return { alias: printTabletAlias(tablet.alias), writable };
  },
  print: () => "",
});
