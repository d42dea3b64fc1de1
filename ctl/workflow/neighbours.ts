/** Streams of other workflows that read from, or write to, shards that are to be replaced. */
import { vtError } from "../../shared/error/errors.ts";
import type { OtherStream } from "./checks.ts";
import { parseExpression } from "./materialize.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import { FROZEN, isReverse, nameOf, reverseName, type WorkflowFacts } from "./facts.ts";
import { sharedTables } from "./rivals.ts";

export interface StreamsAround {
  /** Bring rows into the shards. */
  readonly into: readonly OtherStream[];
  /** Take rows from them, into wherever they are. */
  readonly from: readonly OtherStream[];
}

/** VT22002: such a stream would go on with a shard that nobody writes to, and say nothing of it. */
export function checkNeighbours(keyspace: string, { into, from }: StreamsAround): void {
  const [writer] = into.filter(isLive);
  if (writer !== undefined) {
    throw vtError(
      "VT22002",
      `workflow ${writer.stream.workflow} brings rows into ${
        nameOf(writer)
      }, which is to be replaced; ${wayOut(writer)}, and create it anew when the shards are`,
    );
  }
  const [reader] = from.filter(isLive);
  if (reader === undefined) return;
  const { workflow, source } = reader.stream;
  // It ends with the workflow whose rows it brings back.
  const way = isReverse(workflow)
    ? `complete or reverse ${reverseName(workflow)} of keyspace ${source.keyspace}`
    : `${wayOut(reader)}, and create it anew when the shards are`;
  throw vtError(
    "VT22002",
    `workflow ${workflow} of keyspace ${reader.keyspace} takes rows from ${keyspace}/${source.shard}, which is to be replaced; ${way}`,
  );
}

/**
 * VT22002 when another workflow reads one of the tables where nobody writes to them any more: it
 * would stand still, and say nothing of it.
 */
export function checkReaders(
  { name, sourceKeyspace, targetKeyspace, tables }: Pick<
    WorkflowFacts,
    "name" | "sourceKeyspace" | "targetKeyspace" | "tables"
  >,
  streams: readonly OtherStream[],
): void {
  for (const other of streams.filter(isLive)) {
    const { workflow, source } = other.stream;
    const isOwn = workflow === name && other.keyspace === targetKeyspace;
    if (source.keyspace !== sourceKeyspace || isOwn) continue;
    const table = readTable(other, tables);
    if (table === undefined) continue;
    throw vtError(
      "VT22002",
      `workflow ${workflow} of keyspace ${other.keyspace} takes rows of ${table} from ${sourceKeyspace}, where nobody would write them any more; ${
        wayOut(other)
      }, and create it anew from ${targetKeyspace}`,
    );
  }
}

/**
 * VT22002 when a shard must not refuse the tables, or no more refuse them, by hand: while a move or
 * a reshard has one, both sides would take writes, or none; and what reads one that is refused would
 * stand still. A Materialize that writes one neither refuses it nor minds.
 */
export function checkDenial(
  place: { readonly keyspace: string; readonly shard: string },
  tables: readonly string[],
  { into, from }: StreamsAround,
  denied: boolean,
): void {
  const moves = [
    ...into.map((other) => ({ other, table: sharedTables(other, tables)[0] })),
    ...from.map((other) => ({ other, table: readTable(other, tables) })),
  ].filter(({ other }) => other.stream.workflowType !== "materialize");
  for (const { other: { keyspace, stream }, table } of moves) {
    if (table === undefined) continue;
    throw vtError(
      "VT22002",
      `workflow ${stream.workflow} of keyspace ${keyspace} has ${table} of ${
        nameOf(place)
      }, and says itself who refuses it; complete or cancel it first`,
    );
  }
  if (!denied) return;
  for (const other of from.filter(isLive)) {
    const table = readTable(other, tables);
    if (table === undefined) continue;
    throw vtError(
      "VT22002",
      `workflow ${other.stream.workflow} of keyspace ${other.keyspace} takes rows of ${table} from ${
        nameOf(place)
      }, where nobody would write them any more; ${wayOut(other)} first`,
    );
  }
}

/** The first of the source's tables that the stream takes rows of. */
function readTable({ stream }: OtherStream, tables: readonly string[]): string | undefined {
  const { rules } = stream.source.filter;
  return tables.find((table) => rules.some((rule) => reads(rule, table)));
}

/** Whether the rule takes rows of this table of the source. */
function reads({ match, filter }: FilterRule, table: string): boolean {
  if (/^select\s/i.test(filter)) {
    const setting = { targetTable: match, sourceExpression: filter, createDdl: "" };
    return parseExpression(setting).sourceTable === table;
  }
  return filter !== "exclude" && (match === table || match.startsWith("/"));
}

/** A Materialize has no complete, and what it made may be all that it is for. */
function wayOut({ keyspace, stream: { workflow, workflowType } }: OtherStream): string {
  return workflowType === "materialize"
    ? `cancel it (Materialize --workflow ${workflow} --target-keyspace ${keyspace} cancel; that drops its tables, --keep-data or Workflow --keyspace ${keyspace} delete --workflow ${workflow} leaves them)`
    : "complete or cancel it";
}

/** Whether rows go on to come by it. */
function isLive({ stream }: OtherStream): boolean {
  return stream.message !== FROZEN && !hasCopiedForGood(stream);
}

/**
 * A Materialize that was to stop behind its copy, and has (tablet/vreplication/controller.ts). Moves
 * and reshards only pause there: they are started again before their traffic is switched.
 */
function hasCopiedForGood(
  { workflowType, state, position, copyState, source }: OtherStream["stream"],
): boolean {
  return workflowType === "materialize" && source.stopAfterCopy && state === "Stopped" &&
    position !== "" && copyState.length === 0;
}
