import { list } from "../../shared/flags/flag.ts";
import { defineCommand } from "./command.ts";
import { eachTablet, sayFailures } from "./each_tablet.ts";
import { findCells, findShard, tabletsOf } from "./lookup.ts";
import { one, parseKeyspaceShard } from "./positional.ts";

export const REFRESH_STATE_BY_SHARD = defineCommand({
  name: "RefreshStateByShard",
  group: "Tablets",
  summary: "Has all tablets of a shard read their records again.",
  examples: ["RefreshStateByShard customer/-80", "RefreshStateByShard --cells zone1 customer/-80"],
  flags: { "cells": list({ help: "only in these cells", fallback: [] }) },
  flagAliases: { c: "cells", cell: "cells" },
  positionals: { shard: one("keyspace/shard", parseKeyspaceShard) },
  run: async (context, { args, flags: { cells } }) => {
    await findCells(context, cells);
    const { keyspace, shard, record } = await findShard(context, args.shard);
    const all = await tabletsOf(context, { keyspace, shard });
    const tablets = all.filter(({ alias }) => cells.length === 0 || cells.includes(alias.cell));
    const failures = await eachTablet(
      context,
      tablets,
      (tablet) => context.tablets.call(tablet, "RefreshState", {}, { signal: context.signal }),
    );
    sayFailures(context, failures);
    return {
      shard: `${keyspace}/${shard}`,
      has_primary: record.primaryAlias !== undefined,
      cells,
      is_partial_refresh: failures.length > 0,
      partial_refresh_details: failures,
    };
  },
  print: ({ shard, cells, is_partial_refresh }) =>
    (is_partial_refresh ? "State refresh was partial; failed on some tablets\n" : "") +
    `Refreshed state on ${shard}${cells.length > 0 ? ` in cells ${cells.join(", ")}` : ""}`,
});
