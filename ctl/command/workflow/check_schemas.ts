import { vtError } from "../../../shared/error/errors.ts";
import { nameOf, type ShardFacts } from "../../workflow/facts.ts";
import { findDrift, type ShardSchema } from "../../workflow/schema_drift.ts";
import type { CommandContext } from "../context.ts";
import type { FoundWorkflow } from "./read_facts.ts";

/** VT22002 when tables of source and target have drifted apart since the workflow began. */
export async function checkSchemas(
  context: CommandContext,
  { facts, primaries }: FoundWorkflow,
): Promise<void> {
  const request = {
    tables: facts.kind === "reshard" ? [] : facts.tables,
    excludeTables: [],
    includeViews: facts.kind === "reshard",
  };
  const read = (shards: readonly ShardFacts[]): Promise<readonly ShardSchema[]> =>
    Promise.all(shards.map(async (at) => {
      const primary = primaries.get(nameOf(at));
      if (primary === undefined) throw new TypeError(`no primary of ${nameOf(at)} was read`);
      const options = { signal: context.signal };
      return { at, schema: await context.tablets.call(primary, "GetSchema", request, options) };
    }));
  const [sources, targets] = await Promise.all([read(facts.sources), read(facts.targets)]);
  const drift = findDrift(facts, sources, targets);
  if (drift === undefined) return;
  throw vtError(
    "VT22002",
    `cannot switch traffic for workflow ${facts.name} at this time: ${drift}`,
  );
}
