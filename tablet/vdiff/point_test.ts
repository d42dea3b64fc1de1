import { deepStrictEqual, rejects } from "node:assert/strict";
import { VtError, vtError } from "../../shared/error/errors.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import type { StreamStatus } from "../../shared/rpc/vreplication.ts";
import { type PointOptions, releaseStreams, type StreamControl, takePoint } from "./point.ts";

const NEVER = { signal: new AbortController().signal };
const START = "MariaDB/0-1-5";
const SNAPSHOT = "MariaDB/0-1-9";

/** One stream that reaches any stop position at once. */
class OneStream implements StreamControl {
  row: Pick<StreamStatus, "id" | "state" | "message" | "position" | "stopPosition">;
  readonly log: string[] = [];

  constructor(state: StreamStatus["state"] = "Running", message = "") {
    this.row = { id: 1, state, message, position: START, stopPosition: "" };
  }

  get status(): StreamStatus {
    // Only these fields are looked at.
    return this.row as StreamStatus;
  }

  readStreams(): Promise<readonly StreamStatus[]> {
    return Promise.resolve([this.status]);
  }

  updateStream: StreamControl["updateStream"] = (change, _, onlyIf) => {
    const { row } = this;
    if (!onlyIf(this.status)) {
      return Promise.reject(vtError("VT27008", 1, row.state, row.message));
    }
    const { state = row.state, message = row.message, stopPosition = row.stopPosition } = change;
    // A stream that gets on has no message.
    this.row = { ...row, state, message: state === "Running" ? "" : message, stopPosition };
    this.log.push(`${state} ${stopPosition}`.trim());
    return Promise.resolve({ state, position: this.row.position });
  };

  waitForStream(_id: number, position: string): Promise<string> {
    this.row = {
      ...this.row,
      position,
      state: "Stopped",
      message: `Reached stopping position ${position}`,
    };
    return Promise.resolve(position);
  }
}

function options(
  streams: OneStream,
  more: Partial<PointOptions<string, string>> = {},
): PointOptions<string, string> {
  return {
    streams,
    workflow: "w",
    concerns: () => true,
    openSource: () => Promise.resolve(SNAPSHOT),
    positionOf: (source) => source,
    closeSource: () => Promise.resolve(),
    openTarget: () => Promise.resolve(streams.row.position),
    waitMs: 100,
    clock: HOST_CLOCK,
    ...more,
  };
}

Deno.test("the target's snapshot is of the source's position, and the stream goes on", async () => {
  const streams = new OneStream();
  deepStrictEqual(await takePoint(options(streams), NEVER), {
    sources: [SNAPSHOT],
    target: SNAPSHOT,
  });
  deepStrictEqual(streams.log, [
    "Stopped",
    `Running ${SNAPSHOT}`,
    `Stopped ${SNAPSHOT}`,
    "Running",
  ]);
  deepStrictEqual([streams.row.message, streams.row.stopPosition], ["", ""]);
});

Deno.test("a source that can't be read leaves the stream running", async () => {
  const streams = new OneStream();
  const openSource = () => Promise.reject(new Error("no tablet"));
  await rejects(takePoint(options(streams, { openSource }), NEVER), /no tablet/);
  deepStrictEqual([streams.row.state, streams.row.message], ["Running", ""]);
});

Deno.test("what somebody else does to the stream meanwhile stays", async () => {
  const streams = new OneStream();
  const openSource = () => {
    streams.row = { ...streams.row, state: "Stopped", message: "stopped for cutover" };
    return Promise.resolve(SNAPSHOT);
  };
  await rejects(
    takePoint(options(streams, { openSource }), NEVER),
    (error) => error instanceof VtError && error.id === "VT27008" && error.status === "aborted",
  );
  deepStrictEqual([streams.row.state, streams.row.message], ["Stopped", "stopped for cutover"]);
});

Deno.test("a stream that a dead vdiff has left standing goes on when it is released", async () => {
  for (const message of ["stopped for vdiff", `Reached stopping position ${SNAPSHOT}`]) {
    const streams = new OneStream("Stopped", message);
    await releaseStreams(streams, "w");
    deepStrictEqual([streams.row.state, streams.row.message], ["Running", ""]);
  }
});

for (
  const [state, message] of [["Stopped", ""], ["Error", "no table"], ["Stopped", "FROZEN"]] as const
) {
  Deno.test(`a stream that is ${state} "${message}" is refused and left alone`, async () => {
    const streams = new OneStream(state, message);
    await rejects(takePoint(options(streams), NEVER), /VT22002/);
    deepStrictEqual([streams.row.state, streams.row.message], [state, message]);
    deepStrictEqual(streams.log, []);
  });
}
