/** ReloadSchema for many tablets, as well as it goes. */
import { integer, toggle } from "../../shared/flags/flag.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { getShards } from "../../topo/shards.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { eachTablet, sayFailures, type TabletFailure } from "./each_tablet.ts";
import { findKeyspace, findShard, tabletsOf } from "./lookup.ts";
import { one, parseKeyspaceShard, parseName } from "./positional.ts";

const FLAGS = {
  "include-primary": toggle({ help: "the primary too", fallback: false }),
  "concurrency": integer({ help: "of the old client; has no effect", fallback: 10 }),
} as const;

interface Reloaded {
  readonly reloaded: number;
  readonly failures: readonly TabletFailure[];
}

async function reload(
  context: CommandContext,
  tablets: readonly TabletRecord[],
  includePrimary: boolean,
): Promise<Reloaded> {
  const asked = tablets.filter((tablet) => includePrimary || tablet.type !== "primary");
  const failures = await eachTablet(
    context,
    asked,
    (tablet) => context.tablets.call(tablet, "ReloadSchema", {}, { signal: context.signal }),
  );
  sayFailures(context, failures);
  return { reloaded: asked.length - failures.length, failures };
}

export const RELOAD_SCHEMA_SHARD = defineCommand({
  name: "ReloadSchemaShard",
  group: "Schema",
  summary: "Has all tablets of a shard read their schema again.",
  examples: ["ReloadSchemaShard --include-primary customer/-80"],
  flags: FLAGS,
  positionals: { shard: one("keyspace/shard", parseKeyspaceShard) },
  run: async (context, { args, flags }) => {
    const found = await findShard(context, args.shard);
    return await reload(context, await tabletsOf(context, found), flags.includePrimary);
  },
  print: () => "",
});

export const RELOAD_SCHEMA_KEYSPACE = defineCommand({
  name: "ReloadSchemaKeyspace",
  group: "Schema",
  summary: "Has all tablets of a keyspace read their schema again.",
  examples: ["ReloadSchemaKeyspace --include-primary customer"],
  flags: FLAGS,
  positionals: { keyspace: one("keyspace", parseName) },
  run: async (context, { args: { keyspace }, flags }) => {
    await findKeyspace(context, keyspace);
    const shards = [...(await getShards(context.topo, keyspace, context)).keys()];
    const tablets = await Promise.all(
      shards.map((shard) => tabletsOf(context, { keyspace, shard })),
    );
    return await reload(context, tablets.flat(), flags.includePrimary);
  },
  print: () => "",
});
