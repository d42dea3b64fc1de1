/** `create` run again: whether the workflow that is there is the one that is asked for. */
import type { NewStream, StreamStatus } from "../../shared/rpc/vreplication.ts";
import type { OtherStream } from "./checks.ts";
import type { PlannedStream } from "./streams.ts";

export type Known =
  | { readonly is: "new" }
  /** Made by an attempt that was cut before all its streams were started. */
  | { readonly is: "unfinished" }
  | { readonly is: "same" }
  /** "tables: a instead of a, b". */
  | { readonly is: "different"; readonly what: string };

/** `there`: the streams of that name on the target shards. */
export function compareWorkflow(
  planned: readonly PlannedStream[],
  there: readonly OtherStream[],
): Known {
  if (there.length === 0) return { is: "new" };
  for (const other of there) {
    const wanted = planned.find(({ at, stream }) =>
      at.shard === other.shard && at.keyspace === other.keyspace &&
      sourceOf(stream) === sourceOf(other.stream)
    );
    const what = wanted === undefined
      ? `it takes rows from ${sourceOf(other.stream)} into ${other.keyspace}/${other.shard}`
      : difference(wanted.stream, other.stream);
    if (what !== undefined) return { is: "different", what };
  }
  const complete = there.length === planned.length && !there.some(isUnstarted);
  return { is: complete ? "same" : "unfinished" };
}

function sourceOf({ source }: Pick<NewStream, "source">): string {
  return `${source.keyspace}/${source.shard}`;
}

function difference(wanted: NewStream, there: StreamStatus): string | undefined {
  const pairs: readonly (readonly [string, string, string])[] = [
    ["type", wanted.workflowType, there.workflowType],
    ["rules", printRules(wanted), printRules(there)],
    ["cells", wanted.cells, there.cells],
    ["tablet types", wanted.tabletTypes, there.tabletTypes],
    ["on-ddl", wanted.source.onDdl, there.source.onDdl],
    [
      "stop-after-copy",
      String(wanted.source.stopAfterCopy),
      String(there.source.stopAfterCopy),
    ],
    // Streams that keep their keys bring the same rows, and those of older releases do.
    ...(wanted.deferSecondaryKeys
      ? []
      : [["defer-secondary-keys", "false", String(there.deferSecondaryKeys)] as const]),
  ];
  const differing = pairs.find(([, asked, known]) => asked !== known);
  if (differing === undefined) return undefined;
  const [name, asked, known] = differing;
  return `its ${name}: ${known || "none"}; asked for: ${asked || "none"}`;
}

function printRules({ source }: Pick<NewStream, "source">): string {
  return source.filter.rules.map(({ match, filter }) => `${match}: ${filter}`).join("; ");
}

/** Made by an attempt that was cut before it started the streams. */
export function isUnstarted({ stream }: Pick<OtherStream, "stream">): boolean {
  return stream.state === "Stopped" && stream.position === "" && stream.rowsCopied === 0 &&
    stream.message === "";
}
