/** SplitClone, SplitDiff and MigrateServedTypes: resharding as it was before workflows had names. */
import { integer, toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { overlaps } from "../../shared/key/range.ts";
import type { TabletType } from "../../shared/model/tablet.ts";
import type { ShardFacts } from "../workflow/facts.ts";
import { rangeOf } from "../workflow/serving.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { findShard } from "./lookup.ts";
import { type KeyspaceShard, one, parseKeyspaceShard, parseType } from "./positional.ts";
import { createReshard } from "./workflow/create_reshard.ts";
import { servedTypes, SOURCE_TYPES } from "./workflow/flags.ts";
import { readCopiedRows } from "./workflow/copied_rows.ts";
import { waitForCopy } from "./workflow/progress.ts";
import { readShards, readStreams, type ShardAt } from "./workflow/read_facts.ts";
import { switchTraffic } from "./workflow/switch_traffic.ts";

/** The name that Vitess gave them. */
const WORKFLOW = "SplitClone";
const COPY_TIMEOUT_MS = 4 * 3_600_000 - 60_000;

export const SPLIT_CLONE = defineCommand({
  name: "SplitClone",
  group: "Workflows",
  summary: "Copies a shard to the shards that overlap it, and keeps them in step (the old form).",
  details: ["Reshard create does the same, and lets shards be named. The workflow is SplitClone."],
  examples: ["SplitClone test_keyspace/0"],
  flags: {
    "min-healthy-rdonly-tablets": integer({ help: "not needed: any tablet will do", fallback: 0 }),
    "wait": toggle({ help: "until rows are copied", fallback: true }),
  },
  positionals: { shard: one("keyspace/shard", parseKeyspaceShard) },
  run: async (context, { args: { shard }, flags }) => {
    const { keyspace, sources, targets } = await sides(context, shard);
    await createReshard(context, {
      workflow: WORKFLOW,
      targetKeyspace: keyspace,
      sourceShards: sources,
      targetShards: targets,
      skipSchemaCopy: false,
      cells: "",
      tabletTypes: SOURCE_TYPES,
      onDdl: "IGNORE",
      configOverrides: [],
      stopAfterCopy: false,
      deferSecondaryKeys: true,
      autoStart: true,
      dryRun: false,
    });
    if (flags.wait) await waitForCopy(context, { keyspace, workflow: WORKFLOW }, COPY_TIMEOUT_MS);
    return await readCopiedRows(context, { keyspace, workflow: WORKFLOW });
  },
  print: (copied) =>
    [
      "State: done",
      "Success:",
      ...copied.map(({ table, rows }) => `${table}: copy done, copied ${rows} rows`),
    ].join("\n"),
});

interface Sides {
  readonly sources: readonly string[];
  readonly targets: readonly string[];
}

/** Which shards serve and which wait to, around the one that was named. VT22002. */
async function sides(
  context: CommandContext,
  named: KeyspaceShard,
): Promise<Sides & { readonly keyspace: string }> {
  const { keyspace, shard } = await findShard(context, named);
  const shards = await readShards(context, keyspace);
  const all = shards.map(({ facts }) => facts);
  const touches = (one: ShardFacts, others: readonly ShardFacts[]): boolean =>
    others.some((other) => overlaps(rangeOf(one.shard), rangeOf(other.shard)));
  const seeds = all.filter((one) => one.shard === shard);
  const isAlone = !all.some((one) => one.shard !== shard && touches(one, seeds));
  const begun = isAlone ? undefined : await begunSides(context, shards, shard);
  if (begun !== undefined) return { keyspace, ...begun };
  const serving = all.filter(({ isPrimaryServing }) => isPrimaryServing);
  const waiting = all.filter(({ isPrimaryServing }) => !isPrimaryServing);
  const sources = serving.filter((one) =>
    seeds.some((seed) => seed.isPrimaryServing ? seed === one : touches(one, [seed]))
  );
  const targets = waiting.filter((one) => touches(one, sources));
  if (sources.length === 0 || targets.length === 0) {
    throw vtError(
      "VT22002",
      `no shard of ${keyspace} that doesn't serve overlaps ${shard}; create the new shards and start their tablets first`,
    );
  }
  return {
    keyspace,
    sources: sources.map((one) => one.shard),
    targets: targets.map((one) => one.shard),
  };
}

/** Those of the split that an earlier SplitClone has begun: some of its traffic may have gone over. */
async function begunSides(
  context: CommandContext,
  shards: readonly ShardAt[],
  shard: string,
): Promise<Sides | undefined> {
  const [sources, targets] = [new Set<string>(), new Set<string>()];
  for (const at of shards) {
    for (const { source } of await readStreams(context, at, WORKFLOW)) {
      sources.add(source.shard);
      targets.add(at.facts.shard);
    }
  }
  const isOurs = sources.has(shard) || targets.has(shard);
  return isOurs ? { sources: [...sources], targets: [...targets] } : undefined;
}

export const MIGRATE_SERVED_TYPES = defineCommand({
  name: "MigrateServedTypes",
  group: "Workflows",
  summary: "Sends one tablet type's traffic of a shard to those that took its rows (the old form).",
  details: [
    "Reshard switchtraffic does the same. rdonly, replica, then master is the usual order.",
    "From master on the old shard stands still, and its rows are those of that moment. The streams that bring later writes back are made and stopped; --reverse master needs them running.",
  ],
  examples: [
    "MigrateServedTypes test_keyspace/0 rdonly",
    "MigrateServedTypes test_keyspace/0 master",
  ],
  flags: {
    "reverse": toggle({ help: "take it back", fallback: false }),
    "reverse-replication": toggle({
      help: "master: bring later writes back to the old shard",
      fallback: false,
    }),
  },
  positionals: {
    shard: one("keyspace/shard", parseKeyspaceShard),
    type: one("tablet type", parseType),
  },
  run: async (context, { args: { shard, type }, flags }) => {
    const { keyspace, shard: name } = await findShard(context, shard);
    const workflow = await reshardOf(context, keyspace, name);
    return await switchTraffic(
      context,
      { keyspace, workflow },
      flags.reverse ? "back" : "there",
      {
        types: servedTypes([type satisfies TabletType]),
        cells: [],
        timeoutMs: 30_000,
        lagMaxMs: 30_000,
        reverse: true,
        // Taken back, all is as before: rows come to the new shards.
        reverseStopped: !flags.reverse && !flags.reverseReplication,
        initSequences: false,
        dryRun: false,
      },
    );
  },
  print: () => "",
});

/** The reshard that the shard takes part in, on either side. VT22003. */
export async function reshardOf(
  context: CommandContext,
  keyspace: string,
  shard: string,
): Promise<string> {
  const shards = await readShards(context, keyspace);
  const found = new Set<string>();
  for (const at of shards) {
    for (const stream of await readStreams(context, at, "")) {
      const isReshard = stream.workflowType === "reshard" && stream.source.keyspace === keyspace;
      if (!isReshard || stream.workflow.endsWith("_reverse")) continue;
      if (at.facts.shard === shard || stream.source.shard === shard) found.add(stream.workflow);
    }
  }
  const [workflow, more] = found;
  if (workflow !== undefined && more === undefined) return workflow;
  throw vtError(
    "VT22003",
    workflow === undefined
      ? `no reshard of ${keyspace}/${shard} is under way; SplitClone or Reshard create begins one`
      : `several reshards have to do with ${keyspace}/${shard}: ${
        [...found].join(", ")
      }; name one with Reshard --workflow`,
  );
}
