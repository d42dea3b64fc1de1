/** What a VDiff would do: the lines of its --dry-run. */
import { vtError } from "../../shared/error/errors.ts";
import { nameOf } from "../workflow/facts.ts";
import type { CommandContext } from "./context.ts";
import { noVDiff, readVDiffs, type VDiffName } from "./vdiff_shards.ts";
import { readWorkflow } from "./workflow/read_facts.ts";
import type { WorkflowName } from "./workflow/switch_traffic.ts";

/** A line for each target shard. VT22003 for tables that the workflow has not. */
export async function planComparison(
  context: CommandContext,
  { keyspace, workflow }: WorkflowName,
  only: readonly string[],
): Promise<readonly string[]> {
  const { facts } = await readWorkflow(context, keyspace, workflow);
  const unknown = only.filter((table) => !facts.tables.includes(table));
  if (unknown.length > 0) {
    throw vtError(
      "VT22003",
      `workflow ${workflow} has no table ${unknown.join(", ")}; it has ${facts.tables.join(", ")}`,
    );
  }
  const tables = (only.length > 0 ? only : facts.tables).join(", ");
  return facts.targets.map((target) => {
    const streams = facts.streams.filter(({ shard }) => shard === target.shard);
    const sources = streams.map(({ stream: { source } }) => `${source.keyspace}/${source.shard}`);
    const made = facts.kind === "materialize" ? "what their streams make of" : "those of";
    return `Compare rows of ${tables} on ${nameOf(target)} with ${made} ${sources.join(", ")}`;
  });
}

/** "Stop", "Resume", "Delete": a line for each shard that has it. VT22003 when none has. */
export async function planChange(
  context: CommandContext,
  verb: string,
  name: VDiffName,
  only: readonly string[],
): Promise<readonly string[]> {
  const found = await readVDiffs(context, name);
  if (found.length === 0 && name.uuid !== "") throw noVDiff(name);
  return found.filter(({ shard }) => only.length === 0 || only.includes(shard))
    .map(({ uuid, shard, state }) =>
      `${verb} vdiff ${uuid} on ${name.keyspace}/${shard}, which is ${state}`
    );
}
