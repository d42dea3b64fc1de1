/** Whether rows still belong where a workflow's streams have brought them. */
import { vtError } from "../../shared/error/errors.ts";
import { nameOf, type WorkflowFacts } from "./facts.ts";
import { ruleFor } from "./filter.ts";
import { readDocument } from "./vschema_change.ts";

/**
 * VT22002 when the VSchema places a table's rows otherwise than it did when the streams were made:
 * gates would look for them on other shards, and VDiff goes by the streams and finds nothing wrong.
 */
export function checkPlacementKept(
  { name, streams, targetKeyspace: keyspace, vschemas }: Pick<
    WorkflowFacts,
    "name" | "streams" | "targetKeyspace" | "vschemas"
  >,
): void {
  const target = { keyspace, document: readDocument(vschemas.get(keyspace)) };
  for (const { shard, stream } of streams) {
    for (const { match, filter } of stream.source.filter.rules) {
      const wanted = ruleFor(match, target, shard).filter;
      if (filter === wanted) continue;
      throw vtError(
        "VT22002",
        `cannot switch traffic for workflow ${name} at this time: rows of ${match} came to ${
          nameOf({ keyspace, shard })
        } by "${filter}", but by the VSchema of ${keyspace} it is "${wanted}" now; put back with ApplyVSchema what it was, or end the workflow and create it anew`,
      );
    }
  }
}
