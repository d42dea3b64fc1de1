/** MoveTables create: what it needs is read and checked, then the program of ctl/workflow runs. */
import { vtError } from "../../../shared/error/errors.ts";
import { printStreamOptions } from "../../../shared/flags/stream_flags.ts";
import type { RoutingRules } from "../../../shared/model/records.ts";
import type { OnDdl } from "../../../shared/rpc/vreplication.ts";
import { getRoutingRules } from "../../../topo/routing_rules.ts";
import { listVSchemas } from "../../../topo/vschemas.ts";
import { checkCanCreate, type OtherStream } from "../../workflow/checks.ts";
import { createWorkflow, type Creation } from "../../workflow/create.ts";
import { nameOf } from "../../workflow/facts.ts";
import { printPlan } from "../../workflow/program.ts";
import { checkNewName, checkRivals } from "../../workflow/rivals.ts";
import { type MovedTables, routedTables } from "../../workflow/routing.ts";
import { planStreams, type StreamOptions } from "../../workflow/streams.ts";
import { checkPlacements, chooseTables } from "../../workflow/tables.ts";
import { addTables, readDocument } from "../../workflow/vschema_change.ts";
import type { CommandContext } from "../context.ts";
import { findKeyspace } from "../lookup.ts";
import { refuseForeignKeys } from "./read_foreign_keys.ts";
import { readShards, type ShardAt } from "./read_facts.ts";
import { findKnown } from "./known_workflow.ts";
import { planTables, readSchema } from "./plan_tables.ts";
import { lockKeyspaces, runProgram } from "./run_program.ts";
import { otherStreams, streamsElsewhere } from "./streams_around.ts";

export interface CreateOptions {
  readonly workflow: string;
  readonly targetKeyspace: string;
  readonly cells: string;
  readonly tabletTypes: string;
  readonly onDdl: OnDdl;
  readonly configOverrides: readonly string[];
  readonly stopAfterCopy: boolean;
  readonly deferSecondaryKeys: boolean;
  readonly autoStart: boolean;
  readonly dryRun: boolean;
}

export interface MoveTablesOptions extends CreateOptions {
  readonly sourceKeyspace: string;
  readonly tables: readonly string[];
  readonly allTables: boolean;
  readonly excludeTables: readonly string[];
  readonly sourceShards: readonly string[];
  readonly noRoutingRules: boolean;
}

/** Lines of a dry run; empty after a real one. */
export async function createMoveTables(
  context: CommandContext,
  options: MoveTablesOptions,
): Promise<readonly string[]> {
  const { sourceKeyspace, targetKeyspace, workflow } = options;
  checkNewName(workflow);
  if (sourceKeyspace === targetKeyspace) {
    throw vtError(
      "VT22001",
      "source and target keyspace must be different for MoveTables workflows; Reshard splits a keyspace",
    );
  }
  await findKeyspace(context, sourceKeyspace);
  await findKeyspace(context, targetKeyspace);
  await using locks = await lockKeyspaces(
    context,
    [sourceKeyspace, targetKeyspace],
    `MoveTablesCreate(${workflow})`,
  );
  const [allSources, targets] = await Promise.all([
    readShards(context, sourceKeyspace),
    readShards(context, targetKeyspace),
  ]);
  const sources = pickSources(sourceKeyspace, allSources, options.sourceShards);
  const serving = targets.filter(({ facts }) => facts.isPrimaryServing);
  requireShards(targetKeyspace, serving);
  const creation = await planMove(context, options, sources, serving);
  if (creation === undefined) return [];
  const program = createWorkflow(creation);
  if (options.dryRun) return printPlan(program);
  const primaries = new Map(
    [...sources, ...serving].map(({ facts, primary }) => [nameOf(facts), primary]),
  );
  await runProgram(context, program, primaries, locks);
  return [];
}

/** Undefined when it is there as asked for. */
async function planMove(
  context: CommandContext,
  options: MoveTablesOptions,
  sources: readonly ShardAt[],
  targets: readonly ShardAt[],
): Promise<Creation | undefined> {
  const { sourceKeyspace, targetKeyspace, workflow } = options;
  const [first] = sources;
  if (first === undefined) throw new TypeError("sources were checked");
  const [schema, vschemas, before, onTargets] = await Promise.all([
    readSchema(context, first),
    listVSchemas(context.topo, context),
    getRoutingRules(context.topo, context),
    otherStreams(context, targets),
  ]);
  const tables = chooseTables(sourceKeyspace, schema, {
    tables: options.tables,
    all: options.allTables,
    exclude: options.excludeTables,
  });
  const target = { keyspace: targetKeyspace, document: readDocument(vschemas.get(targetKeyspace)) };
  const source = { keyspace: sourceKeyspace, document: readDocument(vschemas.get(sourceKeyspace)) };
  const streams = planStreams({
    sources: sources.map(({ facts }) => facts),
    targets: targets.map(({ facts }) => facts),
    tables,
    source,
    target,
  }, { ...streamOptions(options), workflowType: "move_tables" });
  const { whole, own, copying } = findKnown(context, workflow, streams, onTargets);
  if (whole) return undefined;
  const moved = { sourceKeyspace, targetKeyspace, tables };
  await refuseOthers(context, { workflow, moved, rules: before, sources, targets, onTargets, own });
  await refuseForeignKeys(context, first.primary, tables);
  checkPlacements(target, tables);
  const routed = routedTables(before, [sourceKeyspace, targetKeyspace], tables);
  if (own.length === 0 && !options.noRoutingRules) refuseRouted(routed);
  const vschema = vschemas.get(targetKeyspace) ?? {};
  const added = target.document.sharded ? vschema : addTables(vschema, tables);
  return {
    workflow,
    streams,
    newTables: copying ? [] : await planTables(context, {
      sources,
      targets,
      schema,
      tables,
      sharded: target.document.sharded,
      leftOut: options.allTables ? options.excludeTables : undefined,
      mayHaveTriggers: false,
    }),
    rules: options.noRoutingRules ? undefined : {
      moved,
      served: { primary: "source", replica: "source", rdonly: "source" },
    },
    vschema: added === vschema
      ? undefined
      : { keyspace: targetKeyspace, before: vschema, after: added },
    start: options.autoStart,
    begun: copying,
    command:
      `MoveTables --workflow ${workflow} --target-keyspace ${targetKeyspace} create --source-keyspace ${sourceKeyspace} ...`,
  };
}

interface NewMove {
  readonly workflow: string;
  readonly moved: MovedTables;
  readonly rules: RoutingRules;
  readonly sources: readonly ShardAt[];
  readonly targets: readonly ShardAt[];
  readonly onTargets: readonly OtherStream[];
  /** Those of an attempt that was cut. */
  readonly own: readonly OtherStream[];
}

/** VT22002, VT22004 when another workflow has to do with the tables or has the name. */
async function refuseOthers(
  context: CommandContext,
  { workflow, moved, rules, sources, targets, onTargets, own }: NewMove,
): Promise<void> {
  const [onSources, elsewhere] = await Promise.all([
    otherStreams(context, sources),
    streamsElsewhere(
      context,
      [...sources, ...targets],
      "one there that takes the same tables, too (the later switch of the two will be refused),",
    ),
  ]);
  const others = [...onTargets, ...onSources];
  checkCanCreate(workflow, others, moved.tables, (other) => own.includes(other));
  checkRivals(workflow, moved, {
    streams: [...others.filter((other) => !own.includes(other)), ...elsewhere],
    rules,
    sources: sources.map(({ facts }) => facts),
  });
}

function refuseRouted(tables: readonly string[]): void {
  if (tables.length === 0) return;
  throw vtError(
    "VT22002",
    `routing rules of ${
      tables.join(", ")
    } exist already, so another workflow moves them or has moved them; GetRoutingRules shows them, ApplyRoutingRules removes what is left over`,
  );
}

export function streamOptions(options: CreateOptions): Omit<StreamOptions, "workflowType"> {
  return {
    workflow: options.workflow,
    cells: options.cells,
    tabletTypes: options.tabletTypes,
    onDdl: options.onDdl,
    stopAfterCopy: options.stopAfterCopy,
    state: "Stopped",
    deferSecondaryKeys: options.deferSecondaryKeys,
    options: printStreamOptions(options.configOverrides),
  };
}

function pickSources(
  keyspace: string,
  shards: readonly ShardAt[],
  named: readonly string[],
): readonly ShardAt[] {
  const serving = shards.filter(({ facts }) => facts.isPrimaryServing);
  requireShards(keyspace, serving);
  if (named.length === 0) return serving;
  if (named.length < serving.length) {
    throw vtError("VT12001", "MoveTables of some source shards; leave --source-shards out");
  }
  return serving;
}

function requireShards(keyspace: string, shards: readonly ShardAt[]): void {
  if (shards.length > 0) return;
  throw vtError(
    "VT22002",
    `keyspace ${keyspace} has no serving shard with a primary; start its tablets, then PlannedReparentShard`,
  );
}
