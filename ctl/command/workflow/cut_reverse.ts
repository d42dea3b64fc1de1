/**
 * A reverse that was cut in the moment when the first workflow's frozen streams made place for new
 * ones: the reverse workflow alone is there, and switching it is what is left to do.
 */
import { VtError } from "../../../shared/error/errors.ts";
import { listKeyspaces } from "../../../topo/keyspaces.ts";
import { reverseName } from "../../workflow/facts.ts";
import type { CommandContext } from "../context.ts";
import { type FoundWorkflow, readShards, readStreams, readWorkflow } from "./read_facts.ts";

/** The reverse workflow of one that isn't there; undefined when that isn't either. */
export async function findCutReverse(
  context: CommandContext,
  name: { readonly keyspace: string; readonly workflow: string },
): Promise<FoundWorkflow | undefined> {
  const reverse = reverseName(name.workflow);
  for (const keyspace of await listKeyspaces(context.topo, context)) {
    for (const shard of await readShards(context, keyspace)) {
      const streams = await readStreams(context, shard, reverse);
      if (!streams.some(({ source }) => source.keyspace === name.keyspace)) continue;
      return await readWorkflow(context, keyspace, reverse);
    }
  }
  return undefined;
}

export function isNotFound(error: unknown): boolean {
  return error instanceof VtError && error.id === "VT22003";
}
