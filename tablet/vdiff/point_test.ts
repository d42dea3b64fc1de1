import { deepStrictEqual, fail, rejects } from "node:assert/strict";
import { VtError, vtError } from "../../shared/error/errors.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import type { StreamStatus } from "../../shared/rpc/vreplication.ts";
import { type PointOptions, releaseStreams, type StreamControl, takePoint } from "./point.ts";

interface Call {
  readonly signal: AbortSignal;
}

const NEVER = { signal: new AbortController().signal };
const START = "MariaDB/0-1-5";
const SNAPSHOT = "MariaDB/0-1-9";

/** One stream that reaches any stop position at once. */
class OneStream implements StreamControl {
  row: Pick<StreamStatus, "id" | "state" | "message" | "position" | "stopPosition">;
  readonly log: string[] = [];

  constructor(state: StreamStatus["state"] = "Running", message = "", id = 1) {
    this.row = { id, state, message, position: START, stopPosition: "" };
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
      return Promise.reject(vtError("VT27008", row.id, row.state, row.message));
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

/** Several of them, of which some calls fail or take their time. */
class SomeStreams implements StreamControl {
  readonly all: readonly OneStream[];
  /** Of an update: what it waits for or fails with. */
  before: (id: number, state: string | undefined) => Promise<void> = () => Promise.resolve();
  /** Of a wait for a position. */
  waiting: (id: number, call: Call) => Promise<void> = () => Promise.resolve();

  constructor(...all: readonly OneStream[]) {
    this.all = all;
  }

  get states(): readonly string[] {
    return this.all.map(({ row: { state, message, stopPosition } }) =>
      `${state} ${message}${stopPosition}`.trim()
    );
  }

  readStreams(): Promise<readonly StreamStatus[]> {
    return Promise.resolve(this.all.map(({ status }) => status));
  }

  updateStream: StreamControl["updateStream"] = async (change, call, onlyIf) => {
    await this.before(change.id, change.state);
    return await this.#find(change.id).updateStream(change, call, onlyIf);
  };

  async waitForStream(id: number, position: string, _ms: number, call: Call): Promise<string> {
    await this.waiting(id, call);
    return await this.#find(id).waitForStream(id, position);
  }

  #find(id: number): OneStream {
    return this.all.find(({ row }) => row.id === id) ?? fail();
  }
}

function options(
  streams: StreamControl,
  more: Partial<PointOptions<string, string>> = {},
): PointOptions<string, string> {
  return {
    streams,
    workflow: "w",
    concerns: () => true,
    openSource: () => Promise.resolve(SNAPSHOT),
    positionOf: (source) => source,
    closeSource: () => Promise.resolve(),
    openTarget: () => Promise.resolve("target"),
    closeTarget: () => {},
    waitMs: 100,
    clock: HOST_CLOCK,
    ...more,
  };
}

Deno.test("the target's snapshot is of the source's position, and the stream goes on", async () => {
  const streams = new OneStream();
  const openTarget = () => Promise.resolve(streams.row.position);
  deepStrictEqual(await takePoint(options(streams, { openTarget }), NEVER), {
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

const AWAY = vtError("VT22005", "cell1-1", "it is away");

Deno.test("a stream that is still being held when another can't be is let go, too", async () => {
  const streams = new SomeStreams(new OneStream(), new OneStream("Running", "", 2));
  const slow = Promise.withResolvers<void>();
  streams.before = (id, state) => {
    if (state === "Running") return Promise.resolve();
    return id === 1 ? Promise.reject(AWAY) : slow.promise;
  };
  const refused = rejects(takePoint(options(streams), NEVER), AWAY);
  await HOST_CLOCK.sleep(0, NEVER);
  slow.resolve();
  await refused;
  deepStrictEqual(streams.states, ["Running", "Running"]);
});

Deno.test("a stream that can't come to the point ends the wait for the others", async () => {
  const streams = new SomeStreams(new OneStream(), new OneStream("Running", "", 2));
  streams.waiting = (id, { signal }) =>
    id === 2 ? Promise.reject(AWAY) : HOST_CLOCK.sleep(60_000, { signal });
  await rejects(takePoint(options(streams), NEVER), AWAY);
  deepStrictEqual(streams.states, ["Running", "Running"]);
});

Deno.test("one stream that can't be let go: the others are, and what was opened is closed", async () => {
  const streams = new SomeStreams(new OneStream(), new OneStream("Running", "", 2));
  let opened = false;
  streams.before = (id, state) =>
    opened && id === 1 && state === "Running" ? Promise.reject(AWAY) : Promise.resolve();
  const closed: string[] = [];
  const more: Partial<PointOptions<string, string>> = {
    openTarget: () => {
      opened = true;
      return Promise.resolve("target");
    },
    closeTarget: (target) => void closed.push(target),
    closeSource: (source) => Promise.resolve(void closed.push(source)),
  };
  await rejects(takePoint(options(streams, more), NEVER), AWAY);
  deepStrictEqual(streams.states, [`Stopped stopped for vdiff${SNAPSHOT}`, "Running"]);
  deepStrictEqual(closed, ["target", SNAPSHOT, SNAPSHOT]);
});
