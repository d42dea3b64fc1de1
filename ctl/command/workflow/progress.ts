/** How far a workflow is: rows, bytes, lag, time to go; once, or line by line until it is done. */
import { vtError } from "../../../shared/error/errors.ts";
import { lagSeconds } from "../../workflow/checks.ts";
import { nameOf, type WorkflowFacts } from "../../workflow/facts.ts";
import { sourceTables, type TableSize } from "../../workflow/copy_sizes.ts";
import { measure, type Progress } from "../../workflow/progress.ts";
import { type EarlierLook, printProgressLine } from "../../workflow/progress_line.ts";
import { printTraffic, readTraffic } from "../../workflow/traffic.ts";
import type { CommandContext } from "../context.ts";
import { type FoundWorkflow, readWorkflow } from "./read_facts.ts";
import type { WorkflowName } from "./switch_traffic.ts";
import { readTableSizes } from "./table_sizes.ts";

/** Between two looks of --wait. */
const LOOK_MS = 1000;
/** A stream that is so close has caught up. */
const CAUGHT_UP_SECONDS = 2;

export interface WorkflowStatus extends WorkflowName {
  readonly facts: WorkflowFacts;
  readonly progress: Progress;
  /** When its first stream was made; 0 seconds ago when nothing is copied any more. */
  readonly begun: EarlierLook;
  readonly trafficState: string;
}

export async function readStatus(
  context: CommandContext,
  name: WorkflowName,
): Promise<WorkflowStatus> {
  const { found, progress } = await look(context, name);
  return {
    ...name,
    facts: found.facts,
    progress,
    begun: {
      percent: 0,
      secondsAgo: progress.state === "copying" ? await readAge(context, found) : 0,
    },
    trafficState: printTraffic(readTraffic(found.facts)),
  };
}

interface Look {
  readonly found: FoundWorkflow;
  readonly progress: Progress;
}

async function look(context: CommandContext, { keyspace, workflow }: WorkflowName): Promise<Look> {
  const found = await readWorkflow(context, keyspace, workflow);
  return { found, progress: await readProgress(context, found) };
}

/** How long ago the oldest stream's first entry was written to its log. */
async function readAge(
  context: CommandContext,
  { facts, primaries }: FoundWorkflow,
): Promise<number> {
  const ages = await Promise.all(facts.streams.map(async ({ shard, stream }) => {
    const primary = primaries.get(nameOf({ keyspace: facts.targetKeyspace, shard }));
    if (primary === undefined) return 0;
    const { rows } = await context.tablets.call(primary, "VReplicationExec", {
      sql: "SELECT UNIX_TIMESTAMP() - UNIX_TIMESTAMP(MIN(created_at)) " +
        `FROM _vt.vreplication_log WHERE vrepl_id = ${stream.id}`,
    }, { signal: context.signal });
    return Number(rows[0]?.[0] ?? 0);
  }));
  return Math.max(0, ...ages);
}

async function readProgress(context: CommandContext, found: FoundWorkflow): Promise<Progress> {
  const { facts, primaries } = found;
  const isCopying = facts.streams.some(({ stream }) =>
    stream.copyState.length > 0 || stream.position === ""
  );
  const sizes = async (
    shards: WorkflowFacts["sources"],
    tables: Iterable<string>,
  ): Promise<readonly TableSize[]> => {
    if (!isCopying) return [];
    const all = await Promise.all(shards.map((shard) => {
      const primary = primaries.get(nameOf(shard));
      return primary === undefined ? [] : readTableSizes(context, shard, primary, tables);
    }));
    return all.flat();
  };
  const [source, target] = await Promise.all([
    sizes(facts.sources, sourceTables(facts.streams)),
    sizes(facts.targets, facts.tables),
  ]);
  return measure(facts, source, target, Math.floor(context.clock.now() / 1000));
}

/**
 * Until everything is copied and the streams have caught up, telling how it goes. VT22006 with the
 * stream's own words when one stops with an error; VT22008 when time is up.
 */
export async function waitForCopy(
  context: CommandContext,
  name: WorkflowName,
  timeoutMs: number,
): Promise<void> {
  const { clock } = context;
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  let first: { readonly percent: number; readonly atMs: number } | undefined;
  let last = "";
  for (;;) {
    const { found: { facts }, progress } = await look(context, name);
    const nowMs = clock.monotonicMs();
    const { percent } = progress;
    // Less than before: it began anew.
    if (first === undefined || percent < first.percent) first = { percent, atMs: nowMs };
    const line = printProgressLine(progress, {
      percent: first.percent,
      secondsAgo: (nowMs - first.atMs) / 1000,
    });
    if (line !== last) context.say(line, "progress");
    last = line;
    if (isCaughtUp(context, facts)) return;
    const broken = facts.streams.find(({ stream }) => stream.state === "Error");
    if (broken !== undefined) {
      throw vtError(
        "VT22006",
        `stream ${broken.stream.id} on ${name.keyspace}/${broken.shard}: ${broken.stream.message}; remove the cause, then Workflow --keyspace ${name.keyspace} start --workflow ${name.workflow}`,
      );
    }
    if (clock.monotonicMs() > deadlineMs) {
      throw vtError(
        "VT22008",
        `workflow ${name.workflow} has not caught up in ${
          timeoutMs / 1000
        } s; it goes on by itself, status tells how far it is`,
      );
    }
    await clock.sleep(LOOK_MS, context);
  }
}

function isCaughtUp(context: CommandContext, { streams }: WorkflowFacts): boolean {
  const nowSeconds = Math.floor(context.clock.now() / 1000);
  return streams.every(({ stream }) =>
    stream.copyState.length === 0 && (
      (stream.state === "Running" && stream.position !== "" &&
        lagSeconds(stream, nowSeconds) <= CAUGHT_UP_SECONDS) ||
      (stream.state === "Stopped" && stream.position !== "")
    )
  );
}
