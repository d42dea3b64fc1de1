/** ValidateVersionShard and ValidateVersionKeyspace: do all mysqlds have the same version? */
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import { getShards } from "../../topo/shards.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { eachTablet } from "./each_tablet.ts";
import { findKeyspace, findPrimary, findShard, type FoundShard, tabletsOf } from "./lookup.ts";
import { one, parseKeyspaceShard, parseName } from "./positional.ts";
import { failOnIssues } from "./validation.ts";

async function readVersion(context: CommandContext, tablet: TabletRecord): Promise<string> {
  const request = { sql: "SELECT VERSION()", rowsMax: 1, disableBinlogs: false };
  const call = { signal: context.signal };
  const { rows } = await context.tablets.call(tablet, "ExecuteFetchAsDba", request, call);
  return rows[0]?.[0] ?? "";
}

async function compareVersions(
  context: CommandContext,
  shards: readonly FoundShard[],
): Promise<readonly string[]> {
  const [first] = shards;
  if (first === undefined) return [];
  const primary = await findPrimary(context, first);
  const wanted = await readVersion(context, primary);
  const name = printTabletAlias(primary.alias);
  const issues: string[] = [];
  const tablets = (await Promise.all(shards.map((shard) => tabletsOf(context, shard)))).flat();
  const failures = await eachTablet(context, tablets, async (tablet) => {
    const version = await readVersion(context, tablet);
    if (version === wanted) return;
    issues.push(
      `primary ${name} version ${wanted} is different than replica ${
        printTabletAlias(tablet.alias)
      } version ${version}`,
    );
  });
  return [...issues.sort(), ...failures.map(({ tablet, error }) => `${tablet}: ${error}`)];
}

export const VALIDATE_VERSION_SHARD = defineCommand({
  name: "ValidateVersionShard",
  group: "Validation",
  summary: "Checks that all mysqlds of a shard have the version of its primary's.",
  examples: ["ValidateVersionShard customer/-80"],
  flags: {},
  positionals: { shard: one("keyspace/shard", parseKeyspaceShard) },
  run: async (context, { args }) =>
    failOnIssues(await compareVersions(context, [await findShard(context, args.shard)])),
  print: () => "",
});

export const VALIDATE_VERSION_KEYSPACE = defineCommand({
  name: "ValidateVersionKeyspace",
  group: "Validation",
  summary: "Checks that all mysqlds of a keyspace have the same version.",
  examples: ["ValidateVersionKeyspace customer"],
  flags: {},
  positionals: { keyspace: one("keyspace", parseName) },
  run: async (context, { args: { keyspace } }) => {
    await findKeyspace(context, keyspace);
    const shards = await getShards(context.topo, keyspace, context);
    const found = [...shards].map(([shard, record]) => ({ keyspace, shard, record }));
    return failOnIssues(await compareVersions(context, found));
  },
  print: () => "",
});
