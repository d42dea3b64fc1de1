/** Streams of other workflows that read from, or write to, shards that are to be replaced. */
import { vtError } from "../../shared/error/errors.ts";
import type { OtherStream } from "./checks.ts";
import { FROZEN, isReverse, nameOf, reverseName } from "./facts.ts";

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

function isLive({ stream }: OtherStream): boolean {
  return stream.message !== FROZEN;
}
