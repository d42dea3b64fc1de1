/** Materialize create: tables made, a stream per source and target shard. */
import { vtError } from "../../../shared/error/errors.ts";
import type { NewStream } from "../../../shared/rpc/vreplication.ts";
import { listVSchemas } from "../../../topo/vschemas.ts";
import { addTables, readDocument } from "../../workflow/vschema_change.ts";
import { checkCanCreate } from "../../workflow/checks.ts";
import { createWorkflow, type Creation } from "../../workflow/create.ts";
import { nameOf } from "../../workflow/facts.ts";
import { placementOf, type ShardedBy } from "../../workflow/filter.ts";
import {
  checkExpression,
  materializeRule,
  parseExpression,
  type TableSetting,
} from "../../workflow/materialize.ts";
import { printPlan } from "../../workflow/program.ts";
import { checkNewName } from "../../workflow/rivals.ts";
import { newStream, type PlannedStream } from "../../workflow/streams.ts";
import { checkPlacements, newDefinition } from "../../workflow/tables.ts";
import type { CommandContext } from "../context.ts";
import { findKeyspace } from "../lookup.ts";
import { type CreateOptions, streamOptions } from "./create_move_tables.ts";
import { countRows } from "./count_rows.ts";
import { readSchema } from "./plan_tables.ts";
import { readShards, type ShardAt } from "./read_facts.ts";
import { findKnown } from "./known_workflow.ts";
import { lockKeyspaces, runProgram } from "./run_program.ts";
import { otherStreams } from "./streams_around.ts";

export interface MaterializeOptions extends CreateOptions {
  readonly sourceKeyspace: string;
  readonly settings: readonly TableSetting[];
}

/** Lines of a dry run; empty after a real one. */
export async function createMaterialize(
  context: CommandContext,
  options: MaterializeOptions,
): Promise<readonly string[]> {
  const { sourceKeyspace, targetKeyspace, workflow, settings } = options;
  checkNewName(workflow);
  await findKeyspace(context, sourceKeyspace);
  await findKeyspace(context, targetKeyspace);
  await using locks = await lockKeyspaces(
    context,
    [sourceKeyspace, targetKeyspace],
    `MaterializeCreate(${workflow})`,
  );
  const serving = (shards: readonly ShardAt[]): readonly ShardAt[] =>
    shards.filter(({ facts }) => facts.isPrimaryServing);
  const sources = serving(await readShards(context, sourceKeyspace));
  const targets = serving(await readShards(context, targetKeyspace));
  const names = settings.map(({ targetTable }) => targetTable);
  const vschemas = await listVSchemas(context.topo, context);
  const before = vschemas.get(targetKeyspace) ?? {};
  const target = { keyspace: targetKeyspace, document: readDocument(before) };
  checkPlacements(target, names);
  const source = { keyspace: sourceKeyspace, document: readDocument(vschemas.get(sourceKeyspace)) };
  const streams = planStreams(options, sources, targets, source, target);
  const others = await otherStreams(context, targets);
  const { whole, own, copying } = findKnown(context, workflow, streams, others);
  if (whole) return [];
  checkCanCreate(workflow, others, names, (other) => own.includes(other));
  const after = target.document.sharded ? before : addTables(before, names);
  const program = createWorkflow({
    workflow,
    streams,
    newTables: copying ? [] : await planTables(context, options, sources, targets),
    rules: undefined,
    vschema: after === before ? undefined : { keyspace: targetKeyspace, before, after },
    start: options.autoStart,
    begun: copying,
    command:
      `Materialize --workflow ${workflow} --target-keyspace ${targetKeyspace} create --source-keyspace ${sourceKeyspace} ...`,
  });
  if (options.dryRun) return printPlan(program);
  const primaries = new Map(
    [...sources, ...targets].map(({ facts, primary }) => [nameOf(facts), primary]),
  );
  await runProgram(context, program, primaries, locks);
  return [];
}

/** A table that every source shard has whole comes from the first alone. */
function planStreams(
  options: MaterializeOptions,
  sources: readonly ShardAt[],
  targets: readonly ShardAt[],
  source: ShardedBy,
  target: ShardedBy,
): readonly PlannedStream[] {
  const streamed = { ...streamOptions(options), workflowType: "materialize" } as const;
  return targets.flatMap(({ facts: at }) =>
    sources.flatMap(({ facts: from }, i): readonly PlannedStream[] => {
      const rules = options.settings.filter((setting) =>
        i === 0 || placementOf(source, parseExpression(setting).sourceTable).is !== "everywhere"
      ).map((setting) => materializeRule(setting, target, at.shard));
      if (rules.length === 0) return [];
      const stream: NewStream = newStream(from, rules, streamed, "");
      return [{ at, stream }];
    })
  );
}

async function planTables(
  context: CommandContext,
  options: MaterializeOptions,
  [source]: readonly ShardAt[],
  targets: readonly ShardAt[],
): Promise<Creation["newTables"]> {
  if (source === undefined) {
    throw vtError("VT22002", `keyspace ${options.sourceKeyspace} has no serving shard`);
  }
  const schema = await readSchema(context, source);
  for (const setting of options.settings) checkExpression(setting, schema);
  const from = { keyspace: source.facts.keyspace, shard: source.facts.shard };
  return await Promise.all(targets.map(async (target) => {
    const at = { keyspace: target.facts.keyspace, shard: target.facts.shard };
    const there = (await readSchema(context, target)).tableDefinitions.map(({ name }) => name);
    const known = options.settings.filter(({ targetTable }) => there.includes(targetTable));
    const rows = await countRows(context, target.primary, known.map((one) => one.targetTable));
    const filled = known.find(({ targetTable }) => (rows.get(targetTable) ?? 0) > 0);
    if (filled !== undefined) {
      throw vtError(
        "VT22002",
        `table ${filled.targetTable} of ${nameOf(at)} is not empty; empty it or drop it first`,
      );
    }
    const missing = options.settings.filter(({ targetTable }) => !there.includes(targetTable));
    return {
      at,
      from,
      tables: missing.map((setting) => ({
        name: setting.targetTable,
        sql: definitionOf(setting, schema),
      })),
    };
  }));
}

function definitionOf(
  setting: TableSetting,
  schema: Awaited<ReturnType<typeof readSchema>>,
): string {
  const { targetTable, createDdl } = setting;
  if (createDdl === "") {
    throw vtError(
      "VT22002",
      `table ${targetTable} is not there; create it, or say how with "create_ddl": "copy" or a CREATE TABLE`,
    );
  }
  if (createDdl !== "copy") return createDdl;
  const { sourceTable } = parseExpression(setting);
  const found = schema.tableDefinitions.find(({ name }) => name === sourceTable);
  if (found === undefined) {
    throw vtError("VT22003", `the source has no table ${sourceTable} to copy ${targetTable} from`);
  }
  const sql = newDefinition(found.schema, true);
  return sql.replace(/^CREATE TABLE `(?:[^`]|``)*`/, `CREATE TABLE \`${targetTable}\``);
}
