/** Streams of other workflows that read from, or write to, shards that are to be replaced. */
import { vtError } from "../../shared/error/errors.ts";
import type { OtherStream } from "./checks.ts";
import { parseExpression } from "./materialize.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import { FROZEN, isReverse, nameOf, reverseName, type WorkflowFacts } from "./facts.ts";

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
      }, which is to be replaced; complete or cancel it, and create it anew when the shards are`,
    );
  }
  const [reader] = from.filter(isLive);
  if (reader === undefined) return;
  const { workflow, source } = reader.stream;
  // It ends with the workflow whose rows it brings back.
  const way = isReverse(workflow)
    ? `complete or reverse ${reverseName(workflow)} of keyspace ${source.keyspace}`
    : "complete or cancel it, and create it anew when the shards are";
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
    const table = tables.find((one) => source.filter.rules.some((rule) => reads(rule, one)));
    if (table === undefined) continue;
    throw vtError(
      "VT22002",
      `workflow ${workflow} of keyspace ${other.keyspace} takes rows of ${table} from ${sourceKeyspace}, where nobody would write them any more; cancel it, and create it anew from ${targetKeyspace}`,
    );
  }
}

/** Whether the rule takes rows of this table of the source. */
function reads({ match, filter }: FilterRule, table: string): boolean {
  if (/^select\s/i.test(filter)) {
    const setting = { targetTable: match, sourceExpression: filter, createDdl: "" };
    return parseExpression(setting).sourceTable === table;
  }
  return filter !== "exclude" && (match === table || match.startsWith("/"));
}

function isLive({ stream }: OtherStream): boolean {
  return stream.message !== FROZEN;
}
