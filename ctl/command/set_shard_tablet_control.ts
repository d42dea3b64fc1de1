import { list, toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { lockKeyspace } from "../../topo/locks.ts";
import { updateShard } from "../../topo/shards.ts";
import { checkDenial } from "../workflow/neighbours.ts";
import { defineCommand, printJson } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { findPrimary, findShard, type FoundShard } from "./lookup.ts";
import { one, parseKeyspaceShard, parseType } from "./positional.ts";
import { protoShard } from "./proto_json.ts";
import { readShard } from "./workflow/read_facts.ts";
import { around, otherStreams, streamsElsewhere } from "./workflow/streams_around.ts";
import { denyTables } from "./workflow/write_record.ts";

export const SET_SHARD_TABLET_CONTROL = defineCommand({
  name: "SetShardTabletControl",
  group: "Shards",
  summary: "Has a shard's primary refuse tables that are served elsewhere, or no more.",
  details: [
    "Workflows do so themselves. MoveTables complete --keep-data leaves the tables that it keeps refused, since what is written to them is seen nowhere else; --remove opens them.",
  ],
  examples: [
    "SetShardTabletControl --denied-tables customer,corder --remove commerce/- primary",
  ],
  flags: {
    "denied-tables": list({ help: "these", fallback: [] }),
    "remove": toggle({ help: "refuse them no more", fallback: false }),
  },
  flagAliases: { "blacklisted-tables": "denied-tables" },
  positionals: {
    shard: one("keyspace/shard", parseKeyspaceShard),
    type: one("tablet type", parseType),
  },
  run: async (context, { args, flags: { deniedTables, remove } }) => {
    if (args.type !== "primary") {
      throw vtError("VT12001", `denied tables of ${args.type} tablets: only primaries have them`);
    }
    if (deniedTables.length === 0) throw vtError("VT22001", "name the tables: --denied-tables A,B");
    const found = await findShard(context, args.shard);
    const { keyspace, shard } = found;
    const primary = await findPrimary(context, found);
    const action = `SetShardTabletControl(${keyspace}/${shard})`;
    await using lock = await lockKeyspace(context.topo, keyspace, action, context);
    await refuseMoving(context, found, deniedTables, !remove);
    lock.check();
    const change = (record: FoundShard["record"]): FoundShard["record"] => ({
      ...record,
      tabletControls: denyTables(record.tabletControls, deniedTables, !remove),
    });
    const record = await updateShard(context.topo, keyspace, shard, change, context);
    await context.tablets.call(primary, "RefreshState", {}, { signal: context.signal });
    return protoShard(keyspace, shard, record);
  },
  print: printJson,
});

/**
 * VT22002 while a workflow has them, see checkDenial; VT22005 when the shard's own primary can't be
 * asked. One elsewhere that can't doesn't keep tables refused.
 */
async function refuseMoving(
  context: CommandContext,
  { keyspace, shard, record }: FoundShard,
  tables: readonly string[],
  denied: boolean,
): Promise<void> {
  const here = await readShard(context, keyspace, shard, record);
  const streams = [
    ...await otherStreams(context, [here]),
    ...await streamsElsewhere(
      context,
      [here],
      "one there that has these tables, and says itself who refuses them,",
    ),
  ];
  checkDenial(here.facts, tables, around(streams, keyspace, [shard], ""), denied);
}
