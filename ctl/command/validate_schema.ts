/** ValidateSchemaShard and ValidateSchemaKeyspace: do all tablets have the same tables? */
import { list, toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import type { SchemaDefinition } from "../../shared/rpc/tablet_admin.ts";
import { getShards } from "../../topo/shards.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { eachTablet } from "./each_tablet.ts";
import { findKeyspace, findPrimary, findShard, type FoundShard, tabletsOf } from "./lookup.ts";
import { one, parseKeyspaceShard, parseName } from "./positional.ts";
import { diffSchemas } from "./schema_diff.ts";
import { failOnIssues } from "./validation.ts";

const FLAGS = {
  "exclude-tables": list({ help: "without these", fallback: [] }),
  "include-views": toggle({ help: "views too", fallback: false }),
  "skip-no-primary": toggle({ help: "pass over shards without a primary", fallback: false }),
} as const;

interface SchemaFlags {
  readonly excludeTables: readonly string[];
  readonly includeViews: boolean;
  readonly skipNoPrimary: boolean;
}

async function compareShards(
  context: CommandContext,
  shards: readonly FoundShard[],
  flags: SchemaFlags,
): Promise<readonly string[]> {
  const withPrimary = shards.filter(({ record }) =>
    record.primaryAlias !== undefined || !flags.skipNoPrimary
  );
  const [first] = withPrimary;
  if (first === undefined) return [];
  const request = {
    tables: [],
    excludeTables: flags.excludeTables,
    includeViews: flags.includeViews,
  };
  const read = (tablet: TabletRecord): Promise<SchemaDefinition> =>
    context.tablets.call(tablet, "GetSchema", request, { signal: context.signal });
  const reference = await findPrimary(context, first);
  const wanted = await read(reference);
  const name = printTabletAlias(reference.alias);
  const issues: string[] = [];
  const tablets = (await Promise.all(withPrimary.map((shard) => tabletsOf(context, shard)))).flat();
  const others = tablets.filter((tablet) => printTabletAlias(tablet.alias) !== name);
  const failures = await eachTablet(context, others, async (tablet) => {
    issues.push(...diffSchemas(name, wanted, printTabletAlias(tablet.alias), await read(tablet)));
  });
  return [...issues.sort(), ...failures.map(({ tablet, error }) => `${tablet}: ${error}`)];
}

export const VALIDATE_SCHEMA_SHARD = defineCommand({
  name: "ValidateSchemaShard",
  group: "Schema",
  summary: "Checks that all tablets of a shard have the tables of its primary.",
  examples: ["ValidateSchemaShard customer/-80"],
  flags: FLAGS,
  positionals: { shard: one("keyspace/shard", parseKeyspaceShard) },
  run: async (context, { args, flags }) => {
    const found = await findShard(context, args.shard);
    if (found.record.primaryAlias === undefined && !flags.skipNoPrimary) {
      throw vtError("VT22002", `shard ${found.keyspace}/${found.shard} has no primary`);
    }
    return failOnIssues(await compareShards(context, [found], flags));
  },
  print: () => "",
});

export const VALIDATE_SCHEMA_KEYSPACE = defineCommand({
  name: "ValidateSchemaKeyspace",
  group: "Schema",
  summary: "Checks that all tablets of a keyspace have the tables of its first primary.",
  examples: ["ValidateSchemaKeyspace customer"],
  flags: FLAGS,
  positionals: { keyspace: one("keyspace", parseName) },
  run: async (context, { args: { keyspace }, flags }) => {
    await findKeyspace(context, keyspace);
    const shards = await getShards(context.topo, keyspace, context);
    const found = [...shards].map(([shard, record]) => ({ keyspace, shard, record }));
    return failOnIssues(await compareShards(context, found, flags));
  },
  print: () => "",
});
