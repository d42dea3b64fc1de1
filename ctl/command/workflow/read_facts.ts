/** Reads what a workflow's decisions look at: the topology's records, the primaries' streams. */
import { vtError } from "../../../shared/error/errors.ts";
import {
  databaseName,
  type JsonObject,
  type ShardRecord,
  type SrvKeyspace,
  type TabletRecord,
} from "../../../shared/model/records.ts";
import { printTabletAlias } from "../../../shared/model/tablet.ts";
import type { StreamStatus, WorkflowType } from "../../../shared/rpc/vreplication.ts";
import { listCells } from "../../../topo/cells.ts";
import { hasId } from "../../../topo/records.ts";
import { getRoutingRules } from "../../../topo/routing_rules.ts";
import { getShards } from "../../../topo/shards.ts";
import { getSrvKeyspace } from "../../../topo/srv_keyspaces.ts";
import { listVSchemas } from "../../../topo/vschemas.ts";
import {
  nameOf,
  type PlacedStream,
  reverseName,
  type ShardFacts,
  type WorkflowFacts,
  type WorkflowKind,
} from "../../workflow/facts.ts";
import { migrationId } from "../../workflow/journal.ts";
import type { CommandContext } from "../context.ts";
import { findKeyspace, findPrimary } from "../lookup.ts";

/** Asking a primary how its streams are: it has the answer in a table. */
const READ_TIMEOUT_MS = 10_000;

/** A shard, its primary, and what the record says. */
export interface ShardAt {
  readonly facts: ShardFacts;
  readonly primary: TabletRecord;
}

export interface FoundWorkflow {
  readonly facts: WorkflowFacts;
  /** Primaries of all shards involved, by "keyspace/shard". */
  readonly primaries: ReadonlyMap<string, TabletRecord>;
}

/** The shards of a keyspace that have a primary. */
export async function readShards(
  context: CommandContext,
  keyspace: string,
): Promise<readonly ShardAt[]> {
  const shards = await getShards(context.topo, keyspace, context);
  const found = await Promise.all(
    [...shards].filter(([, record]) => record.primaryAlias !== undefined)
      .map(([shard, record]) => readShard(context, keyspace, shard, record)),
  );
  return found;
}

/** VT22002 when it has no primary. */
export async function readShard(
  context: CommandContext,
  keyspace: string,
  shard: string,
  record: ShardRecord,
): Promise<ShardAt> {
  const primary = await findPrimary(context, { keyspace, shard, record });
  return {
    primary,
    facts: {
      keyspace,
      shard,
      primary: printTabletAlias(primary.alias),
      dbName: databaseName(primary),
      isPrimaryServing: record.isPrimaryServing,
      tabletControls: record.tabletControls,
    },
  };
}

/** The streams on a shard's primary; "" for those of all workflows. VT22005 when it can't say. */
export async function readStreams(
  context: CommandContext,
  { primary }: ShardAt,
  workflow: string,
): Promise<readonly StreamStatus[]> {
  const call = { signal: context.signal, timeoutMs: READ_TIMEOUT_MS };
  return (await context.tablets.call(primary, "ReadStreams", { workflow }, call)).streams;
}

async function placeStreams(
  context: CommandContext,
  shards: readonly ShardAt[],
  workflow: string,
): Promise<readonly PlacedStream[]> {
  const found = await Promise.all(shards.map(async (at) => {
    const streams = await readStreams(context, at, workflow);
    return streams.map((stream) => ({ shard: at.facts.shard, stream }));
  }));
  return found.flat();
}

const KINDS: Readonly<Partial<Record<WorkflowType, WorkflowKind>>> = {
  move_tables: "move_tables",
  reshard: "reshard",
  materialize: "materialize",
};

/** VT22003 when the keyspace has no such workflow; VT22005 when a primary can't be asked. */
export async function readWorkflow(
  context: CommandContext,
  keyspace: string,
  workflow: string,
): Promise<FoundWorkflow> {
  await findKeyspace(context, keyspace);
  const here = await readShards(context, keyspace);
  const streams = await placeStreams(context, here, workflow);
  const [first] = streams;
  if (first === undefined) {
    throw vtError(
      "VT22003",
      `${workflow} workflow not found in the ${keyspace} keyspace; Workflow --keyspace ${keyspace} list shows what there is`,
    );
  }
  const kind = KINDS[first.stream.workflowType];
  if (kind === undefined) {
    throw vtError("VT12001", `${first.stream.workflowType} workflows`);
  }
  const sourceKeyspace = first.stream.source.keyspace;
  const there = sourceKeyspace === keyspace ? here : await readShards(context, sourceKeyspace);
  const fromShards = new Set(streams.map(({ stream }) => stream.source.shard));
  const toShards = new Set(streams.map(({ shard }) => shard));
  const sources = there.filter(({ facts }) => fromShards.has(facts.shard));
  const targets = here.filter(({ facts }) => toShards.has(facts.shard));
  const id = migrationId(keyspace, streams);
  const [reverseStreams, journaled, routingRules, srvKeyspaces, vschemas] = await Promise.all([
    placeStreams(context, sources, reverseName(workflow)),
    readJournals(context, sources, id),
    getRoutingRules(context.topo, context),
    readSrvKeyspaces(context, keyspace),
    listVSchemas(context.topo, context),
  ]);
  return {
    primaries: new Map(
      [...sources, ...targets].map(({ facts, primary }) => [nameOf(facts), primary]),
    ),
    facts: {
      name: workflow,
      kind,
      sourceKeyspace,
      targetKeyspace: keyspace,
      sources: sources.map(({ facts }) => facts),
      targets: targets.map(({ facts }) => facts),
      tables: tablesOf(streams),
      streams,
      reverseStreams,
      routingRules,
      srvKeyspaces,
      vschemas: new Map<string, JsonObject>(vschemas),
      journaled,
    },
  };
}

/** In the order of the first rules; each table once. */
function tablesOf(streams: readonly PlacedStream[]): readonly string[] {
  return [
    ...new Set(
      streams.flatMap(({ stream }) => stream.source.filter.rules.map(({ match }) => match)),
    ),
  ];
}

async function readJournals(
  context: CommandContext,
  sources: readonly ShardAt[],
  id: string,
): Promise<ReadonlySet<string>> {
  const shards = await Promise.all(sources.map(async ({ facts, primary }) => {
    const found = await hasJournal(context, primary, id, context.signal);
    return found ? [facts.shard] : [];
  }));
  return new Set(shards.flat());
}

export async function hasJournal(
  context: CommandContext,
  primary: TabletRecord,
  id: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { rows } = await context.tablets.call(primary, "ExecuteFetchAsDba", {
    sql: `SELECT id FROM _vt.resharding_journal WHERE id = ${BigInt(id)}`,
    rowsMax: 1,
    disableBinlogs: false,
  }, { signal, timeoutMs: READ_TIMEOUT_MS });
  return rows.length > 0;
}

/** Of the cells that serve the keyspace. */
export async function readSrvKeyspaces(
  context: CommandContext,
  keyspace: string,
): Promise<ReadonlyMap<string, SrvKeyspace>> {
  const found = new Map<string, SrvKeyspace>();
  for (const cell of await listCells(context.topo, context)) {
    try {
      found.set(cell, await getSrvKeyspace(context.topo, cell, keyspace, context));
    } catch (error) {
      if (!hasId(error, "VT21001")) throw error;
    }
  }
  return found;
}
