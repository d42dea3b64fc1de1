/** Asks the primaries of a workflow's target shards about their part of a VDiff. */
import { VtError, vtError } from "../../shared/error/errors.ts";
import type { VDiffOptions, VDiffStatus } from "../../shared/rpc/vdiff.ts";
import type { CommandContext } from "./context.ts";
import { findKeyspace } from "./lookup.ts";
import { summarize, type VDiffSummary } from "./vdiff_summary.ts";
import { readShards, readStreams, type ShardAt } from "./workflow/read_facts.ts";
import type { WorkflowName } from "./workflow/switch_traffic.ts";

export interface VDiffName extends WorkflowName {
  readonly uuid: string;
}

/** Stopping waits for a chunk to end. */
const CALL_MS_MAX = 60_000;
/** While it runs, a primary that is being replaced or restarted is waited for. */
const AWAY_MS_MAX = 60_000;

/** Those that streams of the workflow run on. VT22003 when there are none. */
async function targetShards(
  context: CommandContext,
  { keyspace, workflow }: WorkflowName,
): Promise<readonly ShardAt[]> {
  await findKeyspace(context, keyspace);
  const shards = await readShards(context, keyspace);
  const streams = await Promise.all(shards.map((at) => readStreams(context, at, workflow)));
  const targets = shards.filter((_, i) => (streams[i] ?? []).length > 0);
  if (targets.length > 0) return targets;
  throw vtError(
    "VT22003",
    `${workflow} workflow not found in the ${keyspace} keyspace; Workflow --keyspace ${keyspace} list shows what there is`,
  );
}

export async function createVDiff(
  context: CommandContext,
  { uuid, ...name }: VDiffName,
  options: VDiffOptions,
  start: boolean,
): Promise<void> {
  const request = { uuid, workflow: name.workflow, options, start };
  const call = { signal: context.signal, timeoutMs: CALL_MS_MAX };
  await Promise.all(
    (await targetShards(context, name)).map(({ primary }) =>
      context.tablets.call(primary, "VDiffCreate", request, call)
    ),
  );
}

/** Of all shards; uuid "" for all VDiffs of the workflow, newest first. */
export async function readVDiffs(
  context: CommandContext,
  { keyspace, workflow, uuid }: VDiffName,
): Promise<readonly VDiffStatus[]> {
  await findKeyspace(context, keyspace);
  const shards = await readShards(context, keyspace);
  const call = { signal: context.signal, timeoutMs: CALL_MS_MAX };
  const found = await Promise.all(shards.map(async ({ primary }) => {
    return (await context.tablets.call(primary, "VDiffShow", { workflow, uuid }, call)).vdiffs;
  }));
  return found.flat().toSorted((a, b) => a.createdAt < b.createdAt ? 1 : -1);
}

/** Stops, resumes or deletes it on every shard, or on these, that has it. */
export async function changeVDiff(
  context: CommandContext,
  name: VDiffName,
  method: "VDiffStop" | "VDiffResume" | "VDiffDelete",
  only: readonly string[],
): Promise<void> {
  const { keyspace, workflow, uuid } = name;
  const having = new Set((await readVDiffs(context, name)).map(({ shard }) => shard));
  if (having.size === 0) {
    if (method === "VDiffDelete" && uuid === "") return;
    throw noVDiff(name);
  }
  const unknown = only.find((shard) => !having.has(shard));
  if (unknown !== undefined) {
    throw vtError("VT22003", `vdiff ${uuid} does not run on shard ${keyspace}/${unknown}`);
  }
  const chosen = (await readShards(context, keyspace)).filter(({ facts }) =>
    having.has(facts.shard) && (only.length === 0 || only.includes(facts.shard))
  );
  const call = { signal: context.signal, timeoutMs: CALL_MS_MAX };
  await Promise.all(
    chosen.map(({ primary }) => context.tablets.call(primary, method, { workflow, uuid }, call)),
  );
}

export interface VDiffWait {
  readonly everyMs: number;
  /** 0: as long as it takes. */
  readonly timeoutMs: number;
}

/**
 * Until it is completed, stopped or failed on every shard. VT22003 when somebody deletes it
 * meanwhile, VT22008 when time is up.
 */
export async function waitForVDiff(
  context: CommandContext,
  name: VDiffName,
  { everyMs, timeoutMs }: VDiffWait,
): Promise<VDiffSummary> {
  const startMs = context.clock.monotonicMs();
  let seenMs = startMs;
  let said = "";
  while (true) {
    try {
      const parts = await readVDiffs(context, name);
      if (parts.length === 0) throw noVDiff(name);
      const summary = summarize(name, parts);
      seenMs = context.clock.monotonicMs();
      if (!["started", "pending", "unknown"].includes(summary.state)) return summary;
      const line = `${summary.rowsCompared} rows compared, ${summary.percent.toFixed(2)}%`;
      if (line !== said) context.say(line, "progress");
      said = line;
    } catch (error) {
      const away = error instanceof VtError && error.status === "unavailable";
      if (!away || context.clock.monotonicMs() - seenMs > AWAY_MS_MAX) throw error;
      context.say(`waiting: ${error.message}`);
    }
    if (timeoutMs > 0 && context.clock.monotonicMs() - startMs >= timeoutMs) {
      throw vtError(
        "VT22008",
        `vdiff ${name.uuid} has not ended in ${timeoutMs / 1000} s; it goes on by itself, ` +
          `VDiff show ${name.uuid} tells how far it is`,
      );
    }
    await context.clock.sleep(everyMs, context);
  }
}

export function noVDiff({ keyspace, workflow, uuid }: VDiffName): Error {
  return vtError("VT22003", `there is no vdiff ${uuid} of ${keyspace}.${workflow}`);
}
