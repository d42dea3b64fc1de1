/** Reshard create: shards are checked, schemas copied, streams made by key range. */
import { vtError } from "../../../shared/error/errors.ts";
import { listVSchemas } from "../../../topo/vschemas.ts";
import { databaseName } from "../../../shared/model/records.ts";
import { checkCanCreate } from "../../workflow/checks.ts";
import { checkNeighbours } from "../../workflow/neighbours.ts";
import { createWorkflow } from "../../workflow/create.ts";
import { nameOf } from "../../workflow/facts.ts";
import { printPlan } from "../../workflow/program.ts";
import { checkNewName } from "../../workflow/rivals.ts";
import { checkShards } from "../../workflow/shards.ts";
import { planStreams } from "../../workflow/streams.ts";
import { checkPlacements } from "../../workflow/tables.ts";
import { readDocument } from "../../workflow/vschema_change.ts";
import type { CommandContext } from "../context.ts";
import { findKeyspace, findShard } from "../lookup.ts";
import { type CreateOptions, streamOptions } from "./create_move_tables.ts";
import { findKnown } from "./known_workflow.ts";
import { planTables, readSchema, type TablesPlan } from "./plan_tables.ts";
import { refuseForeignKeys } from "./read_foreign_keys.ts";
import { readShards, type ShardAt } from "./read_facts.ts";
import { quoteText } from "./quote.ts";
import { otherStreams, streamsAround } from "./streams_around.ts";
import { lockKeyspaces, runProgram } from "./run_program.ts";

/** What one line may name. */
const STORED_PROGRAMS_MAX = 100;

export interface ReshardOptions extends CreateOptions {
  readonly sourceShards: readonly string[];
  readonly targetShards: readonly string[];
  readonly skipSchemaCopy: boolean;
}

/** Lines of a dry run; empty after a real one. */
export async function createReshard(
  context: CommandContext,
  options: ReshardOptions,
): Promise<readonly string[]> {
  const { targetKeyspace: keyspace, workflow } = options;
  checkNewName(workflow);
  await findKeyspace(context, keyspace);
  await using locks = await lockKeyspaces(context, [keyspace], `ReshardCreate(${workflow})`);
  const shards = await readShards(context, keyspace);
  const sources = await pick(context, keyspace, shards, options.sourceShards, "source");
  const targets = await pick(context, keyspace, shards, options.targetShards, "target");
  const [first] = sources;
  if (first === undefined) throw new TypeError("sources were picked");
  const [schema, vschemas, onSources, onTargets] = await Promise.all([
    readSchema(context, first, { views: true }),
    listVSchemas(context.topo, context),
    otherStreams(context, sources),
    otherStreams(context, targets),
  ]);
  const tables = schema.tableDefinitions.filter(({ type }) => type === "BASE TABLE")
    .map(({ name }) => name);
  const target = { keyspace, document: readDocument(vschemas.get(keyspace)) };
  const streams = planStreams({
    sources: sources.map(({ facts }) => facts),
    targets: targets.map(({ facts }) => facts),
    tables,
    source: target,
    target,
  }, { ...streamOptions(options), workflowType: "reshard" });
  const { whole, own, copying } = findKnown(context, workflow, streams, onTargets);
  if (whole) return [];
  checkShards(keyspace, sources.map(({ facts }) => facts), targets.map(({ facts }) => facts));
  const others = [...onSources, ...onTargets];
  checkCanCreate(workflow, others, tables, (other) => own.includes(other));
  checkNeighbours(keyspace, await streamsAround(context, keyspace, sources, workflow));
  if (!target.document.sharded && targets.length > 1) {
    throw vtError(
      "VT22002",
      `the VSchema of keyspace ${keyspace} doesn't say how rows are sharded; apply one with "sharded": true and a primary vindex for each table (ApplyVSchema)`,
    );
  }
  await refuseForeignKeys(context, first.primary, tables);
  checkPlacements(target, tables);
  const program = createWorkflow({
    workflow,
    streams,
    newTables: copying ? [] : await planNewTables(context, options, {
      sources,
      targets,
      schema,
      tables: schema.tableDefinitions.map(({ name }) => name),
      sharded: false,
      leftOut: [],
      mayHaveTriggers: true,
    }),
    rules: undefined,
    vschema: undefined,
    start: options.autoStart,
    begun: copying,
    command:
      `Reshard --workflow ${workflow} --target-keyspace ${keyspace} create --source-shards ... --target-shards ...`,
  });
  await sayStoredPrograms(context, first);
  if (options.dryRun) return printPlan(program);
  const primaries = new Map(
    [...sources, ...targets].map(({ facts, primary }) => [nameOf(facts), primary]),
  );
  await runProgram(context, program, primaries, locks);
  return [];
}

async function planNewTables(
  context: CommandContext,
  { skipSchemaCopy }: ReshardOptions,
  plan: TablesPlan,
) {
  // The definitions are taken as they are: a column that numbers itself did so before.
  const planned = await planTables(context, plan);
  if (!skipSchemaCopy) return planned;
  const lacking = planned.filter(({ tables: missing }) => missing.length > 0);
  if (lacking.length === 0) return planned;
  throw vtError(
    "VT22002",
    `${
      lacking.map(({ at, tables: missing }) =>
        `${nameOf(at)} lacks ${missing.map(({ name }) => name).join(", ")}`
      ).join("; ")
    }; leave --skip-schema-copy out, or create them with CopySchemaShard`,
  );
}

/** Triggers and the like would act twice on rows that are copied: they are not taken along. */
async function sayStoredPrograms(context: CommandContext, { primary }: ShardAt): Promise<void> {
  const database = quoteText(databaseName(primary));
  const { rows } = await context.tablets.call(primary, "ExecuteFetchAsDba", {
    sql: "SELECT CONCAT('trigger ', trigger_name) FROM information_schema.triggers " +
      `WHERE trigger_schema = ${database} UNION ALL ` +
      "SELECT CONCAT(LOWER(routine_type), ' ', routine_name) FROM information_schema.routines " +
      `WHERE routine_schema = ${database} UNION ALL ` +
      "SELECT CONCAT('event ', event_name) FROM information_schema.events " +
      `WHERE event_schema = ${database} LIMIT ${STORED_PROGRAMS_MAX}`,
    rowsMax: STORED_PROGRAMS_MAX,
    disableBinlogs: false,
  }, { signal: context.signal });
  if (rows.length === 0) return;
  context.say(
    `not taken along, create them on the target shards when writes are switched: ${
      rows.map(([name]) => name).join(", ")
    }`,
  );
}

/** In the order of their names on the command line; VT22003, VT22002 for what isn't there. */
async function pick(
  context: CommandContext,
  keyspace: string,
  shards: readonly ShardAt[],
  names: readonly string[],
  side: string,
): Promise<readonly ShardAt[]> {
  if (names.length === 0) throw vtError("VT22001", `no ${side} shards: give --${side}-shards`);
  const picked: ShardAt[] = [];
  for (const shard of new Set(names)) {
    const found = await findShard(context, { keyspace, shard });
    const at = shards.find(({ facts }) => facts.shard === found.shard);
    if (at === undefined) {
      throw vtError(
        "VT22002",
        `${side} shard ${keyspace}/${shard} has no primary; start its tablets, then PlannedReparentShard ${keyspace}/${shard}`,
      );
    }
    picked.push(at);
  }
  return picked;
}
