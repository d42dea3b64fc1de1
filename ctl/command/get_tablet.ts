import { printJson } from "./command.ts";
import { findTablet } from "./lookup.ts";
import { protoTablet } from "./proto_json.ts";
import { defineCommand } from "./command.ts";
import { one, parseAlias } from "./positional.ts";

export const GET_TABLET = defineCommand({
  name: "GetTablet",
  group: "Tablets",
  summary: "Shows a tablet's record.",
  examples: ["GetTablet zone1-100"],
  flags: {},
  positionals: { alias: one("alias", parseAlias) },
  run: async (context, { args: { alias } }) => protoTablet(await findTablet(context, alias)),
  print: printJson,
});
