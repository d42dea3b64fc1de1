/**
 * A moment at which target and sources have the same rows, in the midst of writes:
 *
 *     stop the streams ─▶ snapshot each source at P ─▶ let each stream run up to P ─▶
 *     snapshot the target ─▶ let the streams go
 *
 * Streams that stand for it carry a mark in their message, and those that run have a stop position,
 * so that whoever finds them after a death knows that nobody else wanted that.
 */
import { positionContains } from "../../shared/binlog/position.ts";
import { VtError, vtError } from "../../shared/error/errors.ts";
import type { Clock } from "../../shared/io/clock.ts";
import { settleAll } from "../../shared/io/settle_all.ts";
import { FROZEN } from "../vreplication/stream_rows.ts";
import type { StreamStatus, VReplicationAdmin } from "../../shared/rpc/vreplication.ts";

interface Call {
  readonly signal: AbortSignal;
}

/** The streams of this tablet. */
export interface StreamControl {
  readStreams(workflow: string, call: Call): Promise<readonly StreamStatus[]>;
  /** VT27008 when `onlyIf` says no. */
  updateStream(
    change: VReplicationAdmin["UpdateStream"]["request"],
    call: Call,
    onlyIf: (stream: StreamStatus) => boolean,
  ): Promise<VReplicationAdmin["UpdateStream"]["response"]>;
  /** Until it has committed everything of the position, or has ended before. */
  waitForStream(id: number, position: string, timeoutMs: number, call: Call): Promise<string>;
}

export interface PointOptions<Source, Target> {
  readonly streams: StreamControl;
  readonly workflow: string;
  /** Those that bring rows of the table. */
  readonly concerns: (stream: StreamStatus) => boolean;
  /** A snapshot of a source's table that has everything that the stream has applied. */
  readonly openSource: (stream: StreamStatus, call: Call) => Promise<Source>;
  readonly positionOf: (source: Source) => string;
  readonly closeSource: (source: Source) => Promise<void>;
  readonly openTarget: (call: Call) => Promise<Target>;
  readonly closeTarget: (target: Target) => void;
  readonly waitMs: number;
  readonly clock: Clock;
}

export interface Point<Source, Target> {
  readonly sources: readonly Source[];
  readonly target: Target;
}

const MARK = "stopped for vdiff";
/** What a stream says that came to its stop position: one that was marked. */
const REACHED = "Reached stopping position";
const POLL_MS = 100;
/** Streams go again even when the comparison was stopped. */
const RELEASE_MS_MAX = 60_000;

/**
 * Takes the point; the caller closes what it gets, and sees to it that one is taken at a time.
 * VT22002 when the streams can't take part.
 */
export async function takePoint<Source, Target>(
  options: PointOptions<Source, Target>,
  call: Call,
): Promise<Point<Source, Target>> {
  const { streams } = options;
  // What an attempt before could not let go.
  await releaseStreams(streams, options.workflow);
  const ready = await waitUntilRunning(options, call);
  const sources: Source[] = [];
  let target: { readonly opened: Target } | undefined;
  try {
    try {
      target = { opened: await reachPoint(options, ready, sources, call) };
    } finally {
      await releaseStreams(streams, options.workflow);
    }
    return { sources, target: target.opened };
  } catch (error) {
    if (target !== undefined) options.closeTarget(target.opened);
    for (const source of sources) await options.closeSource(source);
    throw error;
  }
}

/** Leaves the streams standing at the point; `sources` gets what is opened on the way. */
async function reachPoint<Source, Target>(
  options: PointOptions<Source, Target>,
  ready: readonly StreamStatus[],
  sources: Source[],
  call: Call,
): Promise<Target> {
  const { streams, waitMs } = options;
  const held = await settleAll(ready, (stream) => hold(streams, stream, call));
  for (const stream of held) sources.push(await options.openSource(stream, call));
  const ends = held.map(({ id }, i) => {
    const source = sources[i];
    if (source === undefined) throw new TypeError("each stream has a source");
    return { id, position: options.positionOf(source) };
  });
  const failed = new AbortController();
  const signal = AbortSignal.any([call.signal, failed.signal]);
  await settleAll(ends, async ({ id, position }) => {
    try {
      await runUpTo(streams, id, position, waitMs, { signal });
    } catch (error) {
      // The others would be waited for in vain.
      failed.abort(error);
      throw error;
    }
  });
  return await options.openTarget(call);
}

/** All streams that bring the table, once they have copied it. */
async function waitUntilRunning<Source, Target>(
  options: PointOptions<Source, Target>,
  call: Call,
): Promise<readonly StreamStatus[]> {
  const { streams, workflow, clock, waitMs } = options;
  const deadlineMs = clock.monotonicMs() + waitMs;
  while (true) {
    const all = (await streams.readStreams(workflow, call)).filter(options.concerns);
    if (all.length === 0) {
      throw vtError("VT22003", `no stream of workflow ${workflow} brings rows here`);
    }
    const late = all.find((stream) => stream.state !== "Running");
    if (late === undefined) return all;
    checkComing(late);
    if (clock.monotonicMs() > deadlineMs) {
      throw vtError(
        "VT22002",
        `stream ${late.id} of workflow ${workflow} is ${late.state}: vdiff starts when its copy is done`,
      );
    }
    await clock.sleep(POLL_MS, call);
  }
}

/** VT22002 for a stream that won't run by itself. */
function checkComing({ id, state, message }: StreamStatus): void {
  if (message === FROZEN) {
    throw vtError(
      "VT22002",
      `stream ${id} is frozen: its writes were switched; compare the reverse workflow instead`,
    );
  }
  if (state === "Init" || state === "Copying") return;
  if (state === "Stopped" && isOurs(message)) return;
  throw vtError(
    "VT22002",
    `stream ${id} is ${state}${message === "" ? "" : `: ${message}`}; start it with Workflow start`,
  );
}

function isOurs(message: string): boolean {
  return message.startsWith(MARK) || message.startsWith(REACHED);
}

async function hold(
  streams: StreamControl,
  stream: StreamStatus,
  call: Call,
): Promise<StreamStatus> {
  const change = { id: stream.id, state: "Stopped", message: MARK } as const;
  // A switch of traffic may have stopped it meanwhile: then it must stay so.
  const runs = ({ state, message }: StreamStatus) => state === "Running" && message !== FROZEN;
  return { ...stream, ...await streams.updateStream(change, call, runs) };
}

async function runUpTo(
  streams: StreamControl,
  id: number,
  position: string,
  waitMs: number,
  call: Call,
): Promise<void> {
  await streams.updateStream(
    { id, state: "Running", stopPosition: position },
    call,
    isHeld,
  );
  await streams.waitForStream(id, position, waitMs, call);
  const change = { id, state: "Stopped", message: MARK } as const;
  const { position: reached } = await streams.updateStream(change, call, isHeld);
  if (positionContains(position, reached)) return;
  throw vtError("VT20014", `stream ${id} to stop at ${position}; it is at ${reached}`);
}

/** Lets streams go that stand for a comparison's sake, and no others. All are tried. */
export async function releaseStreams(streams: StreamControl, workflow: string): Promise<void> {
  const call = { signal: AbortSignal.timeout(RELEASE_MS_MAX) };
  const held = (await streams.readStreams(workflow, call)).filter(isHeld);
  await settleAll(held, async ({ id }) => {
    const change = { id, state: "Running", message: "", stopPosition: "" } as const;
    try {
      await streams.updateStream(change, call, isHeld);
    } catch (error) {
      // Somebody else took it over, and does with it as he likes.
      if (!(error instanceof VtError) || error.id !== "VT27008") throw error;
    }
  });
}

/**
 * It stands, or runs up to a position, for a comparison's sake: nobody else sets one. A stream that
 * runs has no message.
 */
function isHeld({ state, message, stopPosition }: StreamStatus): boolean {
  if (message === FROZEN) return false;
  return state === "Stopped" ? isOurs(message) : state === "Running" && stopPosition !== "";
}
