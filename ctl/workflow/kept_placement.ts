/** Whether rows still belong where a workflow's streams have brought them. */
import { vtError } from "../../shared/error/errors.ts";
import type { StreamStatus } from "../../shared/rpc/vreplication.ts";
import type { KeyspaceDocument } from "../../shared/vschema/document.ts";
import { nameOf, type WorkflowFacts } from "./facts.ts";
import { placementOf, ruleFor, type ShardedBy } from "./filter.ts";
import { readNotes, withNote } from "./stream_notes.ts";
import { readDocument } from "./vschema_change.ts";

const VINDEXES = "vindexes";

/**
 * A stream's options with what decides the place of its rows, where its rules don't say it: they
 * only name a vindex that has parameters.
 */
export function notePlacement(
  options: string,
  target: ShardedBy,
  tables: readonly string[],
): string {
  const named = tables.flatMap((table) => {
    const placement = placementOf(target, table);
    // "keyspace.vindex".
    return placement.is === "by_vindex" && placement.vindex.includes(".")
      ? [placement.vindex.slice(target.keyspace.length + 1)]
      : [];
  });
  if (named.length === 0) return options;
  const notes = [...new Set(named)].sort().map((name) => [name, describe(target.document, name)]);
  return withNote(options, VINDEXES, Object.fromEntries(notes));
}

function describe({ vindexes }: KeyspaceDocument, name: string): string {
  const vindex = vindexes.get(name);
  if (vindex === undefined) return "";
  return JSON.stringify([vindex.type, Object.entries(vindex.params).sort()]);
}

type Placed = Pick<WorkflowFacts, "name" | "targetKeyspace" | "vschemas"> & {
  readonly streams: readonly {
    readonly shard: string;
    readonly stream: Pick<StreamStatus, "source" | "options">;
  }[];
};

/**
 * VT22002 when the VSchema places a table's rows otherwise than it did when the streams were made:
 * gates would look for them on other shards, and VDiff goes by the streams and finds nothing wrong.
 */
export function checkPlacementKept(
  { name, streams, targetKeyspace: keyspace, vschemas }: Placed,
): void {
  const target = { keyspace, document: readDocument(vschemas.get(keyspace)) };
  const refuse = (why: string): never => {
    throw vtError(
      "VT22002",
      `cannot switch traffic for workflow ${name} at this time: ${why}; put back with ApplyVSchema what it was, or end the workflow and create it anew`,
    );
  };
  for (const { shard, stream } of streams) {
    const at = nameOf({ keyspace, shard });
    for (const { match, filter } of stream.source.filter.rules) {
      const wanted = ruleFor(match, target, shard).filter;
      // Names of columns are the same in other letters.
      if (filter.toLowerCase() === wanted.toLowerCase()) continue;
      refuse(
        `rows of ${match} came to ${at} by "${filter}", but by the VSchema of ${keyspace} it is "${wanted}" now`,
      );
    }
    const changed = changedVindex(stream.options, target.document);
    if (changed !== undefined) {
      refuse(
        `rows came to ${at} by vindex ${changed}, which ${keyspace}'s VSchema has otherwise now`,
      );
    }
  }
}

function changedVindex(options: string, document: KeyspaceDocument): string | undefined {
  const noted = readNotes(options)[VINDEXES];
  return Object.entries(noted ?? {}).find(([name, was]) => describe(document, name) !== was)?.[0];
}
