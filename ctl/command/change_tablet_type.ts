import { toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import { getTablet } from "../../topo/tablets.ts";
import { defineCommand } from "./command.ts";
import { findTablet } from "./lookup.ts";
import { one, parseAlias, parseType } from "./positional.ts";
import { protoTablet } from "./proto_json.ts";
import { printTabletLine } from "./tablet_line.ts";

export const CHANGE_TABLET_TYPE = defineCommand({
  name: "ChangeTabletType",
  group: "Tablets",
  summary: "Changes what a tablet is for: replica, rdonly, spare, drained.",
  details: [
    "A primary is made and unmade by PlannedReparentShard alone: this command refuses both.",
  ],
  examples: ["ChangeTabletType zone1-101 rdonly", "ChangeTabletType --dry-run zone1-101 drained"],
  flags: { "dry-run": toggle({ help: "only show what would change", fallback: false }) },
  flagAliases: { d: "dry-run" },
  positionals: { alias: one("alias", parseAlias), type: one("tablet-type", parseType) },
  run: async (context, { args: { alias, type }, flags: { dryRun } }) => {
    const before = await findTablet(context, alias);
    const { keyspace, shard } = before;
    if (type === "primary" || before.type === "primary") {
      throw vtError(
        "VT22002",
        `type change from ${before.type} to ${type} is not an allowed transition for ChangeTabletType; use PlannedReparentShard ${keyspace}/${shard}${
          type === "primary" ? ` --new-primary ${printTabletAlias(alias)}` : ""
        }`,
      );
    }
    if (!dryRun) {
      await context.tablets.call(before, "ChangeType", { type }, { signal: context.signal });
    }
    const after = dryRun ? { ...before, type } : await getTablet(context.topo, alias, context);
    return { before, after, dryRun };
  },
  toJson: ({ before, after, dryRun }) => ({
    before_tablet: protoTablet(before),
    after_tablet: protoTablet(after),
    was_dry_run: dryRun,
  }),
  print: ({ before, after, dryRun }) =>
    `${dryRun ? "--- DRY RUN ---\n" : ""}- ${printTabletLine(before)}\n+ ${printTabletLine(after)}`,
});
