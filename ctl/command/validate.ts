/** Validate, ValidateKeyspace, ValidateShard: do records, tablets and graphs fit together? */
import { toggle } from "../../shared/flags/flag.ts";
import { VtError } from "../../shared/error/errors.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import { listCells } from "../../topo/cells.ts";
import { listKeyspaces } from "../../topo/keyspaces.ts";
import { hasId } from "../../topo/records.ts";
import { getShardReplication } from "../../topo/replication.ts";
import { getShards } from "../../topo/shards.ts";
import { buildSrvKeyspace, getSrvKeyspace } from "../../topo/srv_keyspaces.ts";
import { buildSrvVSchema, getSrvVSchema } from "../../topo/srv_vschemas.ts";
import { listAllTablets } from "../../topo/tablets.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { eachTablet } from "./each_tablet.ts";
import { findKeyspace, findShard, type FoundShard, tabletsOf } from "./lookup.ts";
import { one, parseKeyspaceShard, parseName } from "./positional.ts";
import {
  failOnIssues,
  findPartitionIssues,
  findShardIssues,
  type TabletAnswer,
} from "./validation.ts";

const FLAGS = {
  "ping-tablets": toggle({ help: "ask the tablets too, not only the records", fallback: false }),
} as const;

async function shardIssues(
  context: CommandContext,
  found: FoundShard,
  ping: boolean,
): Promise<readonly string[]> {
  const { keyspace, shard, record } = found;
  const tablets = await tabletsOf(context, found);
  const replication = new Map(
    await Promise.all((await listCells(context.topo, context)).map(async (cell) => {
      const { nodes } = await getShardReplication(context.topo, cell, keyspace, shard, context);
      return [cell, nodes] as const;
    })),
  );
  const answers = new Map<string, TabletAnswer>();
  if (ping) {
    const call = { signal: context.signal };
    const failures = await eachTablet(context, tablets, async (tablet) => {
      await context.tablets.call(tablet, "Ping", {}, call);
      const status = tablet.type === "primary"
        ? undefined
        : await context.tablets.call(tablet, "ReplicationStatus", {}, call);
      answers.set(printTabletAlias(tablet.alias), { status });
    });
    for (const { tablet, error } of failures) answers.set(tablet, { error });
  }
  return findShardIssues({ keyspace, shard, record, tablets, replication, answers });
}

async function keyspaceIssues(
  context: CommandContext,
  keyspace: string,
  ping: boolean,
): Promise<readonly string[]> {
  const shards = await getShards(context.topo, keyspace, context);
  const issues = [...findPartitionIssues(keyspace, shards)];
  for (const [shard, record] of shards) {
    issues.push(...await shardIssues(context, { keyspace, shard, record }, ping));
  }
  if (issues.length > 0) return issues;
  const wanted = JSON.stringify(buildSrvKeyspace(keyspace, shards, {}));
  for (const cell of await listCells(context.topo, context)) {
    const built = await readOr(() => getSrvKeyspace(context.topo, cell, keyspace, context));
    if (built !== undefined && JSON.stringify(built) === wanted) continue;
    issues.push(
      `SrvKeyspace of ${keyspace} in ${cell} ${
        built === undefined ? "is missing" : "is not what the shards amount to"
      }; RebuildKeyspaceGraph ${keyspace}`,
    );
  }
  return issues;
}

/** Undefined when the record is absent. */
async function readOr<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!hasId(error, "VT21001")) throw error;
    return undefined;
  }
}

async function clusterIssues(context: CommandContext, ping: boolean): Promise<readonly string[]> {
  const keyspaces = await listKeyspaces(context.topo, context);
  const issues: string[] = [];
  for (const keyspace of keyspaces) issues.push(...await keyspaceIssues(context, keyspace, ping));
  for (const tablet of await listAllTablets(context.topo, context)) {
    try {
      await findShard(context, tablet);
    } catch (error) {
      if (!(error instanceof VtError) || error.id !== "VT22003") throw error;
      const { keyspace, shard } = tablet;
      issues.push(
        `${printTabletAlias(tablet.alias)} belongs to ${keyspace}/${shard}, which doesn't exist`,
      );
    }
  }
  const wanted = JSON.stringify(await buildSrvVSchema(context.topo, context));
  for (const cell of await listCells(context.topo, context)) {
    const built = await readOr(() => getSrvVSchema(context.topo, cell, context));
    if (built !== undefined && JSON.stringify(built) === wanted) continue;
    issues.push(
      `SrvVSchema in ${cell} ${built === undefined ? "is missing" : "is old"}; RebuildVSchemaGraph`,
    );
  }
  return issues;
}

export const VALIDATE = defineCommand({
  name: "Validate",
  group: "Validation",
  summary: "Checks that records, tablets and serving graphs of the cluster fit together.",
  details: ["Issues are errors: the exit code is not 0, and each line says what to do."],
  examples: ["Validate", "Validate --ping-tablets"],
  flags: FLAGS,
  positionals: {},
  run: async (context, { flags }) => failOnIssues(await clusterIssues(context, flags.pingTablets)),
  print: () => "Validation complete; no issues found.",
});

export const VALIDATE_KEYSPACE = defineCommand({
  name: "ValidateKeyspace",
  group: "Validation",
  summary: "Checks that a keyspace's records, tablets and serving graph fit together.",
  examples: ["ValidateKeyspace --ping-tablets customer"],
  flags: FLAGS,
  positionals: { keyspace: one("keyspace", parseName) },
  run: async (context, { args: { keyspace }, flags }) => {
    await findKeyspace(context, keyspace);
    return failOnIssues(await keyspaceIssues(context, keyspace, flags.pingTablets));
  },
  print: (_, { args }) => `Validation of ${args.keyspace} complete; no issues found.`,
});

export const VALIDATE_SHARD = defineCommand({
  name: "ValidateShard",
  group: "Validation",
  summary: "Checks that a shard has one primary, and records and tablets that fit together.",
  examples: ["ValidateShard --ping-tablets customer/-80"],
  flags: FLAGS,
  positionals: { shard: one("keyspace/shard", parseKeyspaceShard) },
  run: async (context, { args, flags }) =>
    failOnIssues(
      await shardIssues(context, await findShard(context, args.shard), flags.pingTablets),
    ),
  print: (_, { args: { shard } }) =>
    `Validation of ${shard.keyspace}/${shard.shard} complete; no issues found.`,
});
