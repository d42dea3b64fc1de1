import { choice, list, text, toggle } from "../../shared/flags/flag.ts";
import { ALIASES_FLAG, TYPE_FLAG } from "./tablet_flags.ts";
import { defineCommand, printJson } from "./command.ts";
import { protoTablet } from "./proto_json.ts";
import { filterTablets } from "./tablet_filter.ts";
import { printTabletLine } from "./tablet_line.ts";

export const GET_TABLETS = defineCommand({
  name: "GetTablets",
  group: "Tablets",
  summary: "Lists tablets.",
  details: [
    "A line holds alias, keyspace, shard, type, HTTP address, mysqld's address, tags and the time at which a primary became one.",
  ],
  examples: [
    "GetTablets",
    "GetTablets --keyspace customer --shard -80",
    "GetTablets --tablet-type primary --json",
  ],
  flags: {
    "keyspace": text({ help: "only of this keyspace", fallback: "", placeholder: "NAME" }),
    "shard": text({ help: "only of this shard", fallback: "", placeholder: "NAME" }),
    "cell": list({ help: "only in these cells", fallback: [] }),
    "tablet-type": TYPE_FLAG,
    "tablet-alias": ALIASES_FLAG,
    "strict": toggle({ help: "fail when a cell can't be read", fallback: false }),
    "format": choice(["awk", "json"], { help: "lines, or JSON", fallback: "awk" }),
  },
  flagAliases: { c: "cell", k: "keyspace", s: "shard", t: "tablet-alias" },
  positionals: {},
  run: (context, { flags }) =>
    filterTablets(context, {
      aliases: flags.tabletAlias,
      cells: flags.cell,
      keyspace: flags.keyspace,
      shard: flags.shard,
      type: flags.tabletType,
      strict: flags.strict,
    }),
  toJson: (tablets) => tablets.map(protoTablet),
  print: (tablets, { flags }) =>
    flags.format === "json"
      ? printJson(tablets.map(protoTablet))
      : tablets.map(printTabletLine).join("\n"),
});
