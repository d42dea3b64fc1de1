/** Why traffic isn't switched: each refusal says the cause and what to do about it. */
import assert from "node:assert/strict";
import type { StreamStatus } from "../../shared/rpc/vreplication.ts";
import { World } from "../../tests/harness/workflow_world.ts";
import { advance } from "../../tests/harness/workflow_stages.ts";
import {
  checkCanCancel,
  checkCanComplete,
  checkCanSwitch,
  checkGoesOn,
  lagSeconds,
} from "./checks.ts";
import type { WorkflowFacts } from "./facts.ts";

const NOW = 1000;
const CURRENT: Partial<StreamStatus> = {
  state: "Running",
  position: "MariaDB/0-1-9",
  timeUpdated: NOW,
  timeHeartbeat: NOW,
};
const NAME = "MoveTables --workflow w --target-keyspace customer";

/** A move of tables to two shards, whose streams are current but for `second`. */
function facts(second: Partial<StreamStatus>): WorkflowFacts {
  const world = new World("move_tables", ["-"], ["-80", "80-"]);
  world.addStreams("w");
  const found = world.facts("w");
  return {
    ...found,
    streams: found.streams.map(({ shard, stream }, i) => ({
      shard,
      stream: { ...stream, id: 7 + i, ...CURRENT, ...(i === 1 ? second : {}) },
    })),
  };
}

/** The refusal's text; "" when it may be switched. */
function refusal(found: WorkflowFacts, lagMaxSeconds = 30): string {
  return textOf(() => checkCanSwitch(found, { lagMaxSeconds, nowSeconds: NOW }));
}

function textOf(check: () => void): string {
  try {
    check();
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function refused(why: string): string {
  return `VT22002: cannot switch traffic for workflow w at this time: ${why}`;
}

Deno.test("a stream that lags more than is allowed: how much, why, and both ways out", () => {
  assert.equal(refusal(facts({ timeUpdated: NOW - 30, timeHeartbeat: NOW - 30 })), "");
  const late = { timeUpdated: NOW - 45, timeHeartbeat: NOW - 45, transactionTimestamp: NOW - 50 };
  const ways = `wait (${NAME} status shows the lag), or allow more with ` +
    "--max-replication-lag-allowed";
  assert.equal(
    refusal(facts(late)),
    refused(
      `replication lag 45s is higher than allowed lag 30s: stream 8 on customer/80-; ${ways}`,
    ),
  );
  assert.match(refusal(facts(late), 44), /replication lag 45s is higher than allowed lag 44s/);
  assert.equal(refusal(facts(late), 45), "");
  // A stream that has lost its source tries again, and says why.
  assert.equal(
    refusal(facts({ ...late, message: "VT20006: connection to zone1-100 lost" })),
    refused(
      "replication lag 45s is higher than allowed lag 30s: stream 8 on customer/80- " +
        `(VT20006: connection to zone1-100 lost); ${ways}`,
    ),
  );
});

Deno.test("lag counts from what the stream last had for certain", () => {
  const lag = (transactionTimestamp: number, timeUpdated: number, timeHeartbeat: number): number =>
    lagSeconds({ transactionTimestamp, timeUpdated, timeHeartbeat }, NOW);
  assert.equal(lag(0, 0, 0), 0);
  // Nothing is written on the source: heartbeats say so.
  assert.equal(lag(500, 998, 998), 2);
  // Its row was touched by somebody else since.
  assert.equal(lag(500, 1000, 900), 100);
  assert.equal(lag(0, 900, 0), 100);
  // The source's clock is ahead.
  assert.equal(lag(1003, 990, 990), 0);
});

Deno.test("a copy that goes on: where it is seen, and what waits for it", () => {
  const copying = refused(
    `copy is still in progress: stream 8 on customer/80-; ${NAME} status tells how far it is, ` +
      "and switchtraffic --wait waits for it",
  );
  const copyState = [{ table: "customer", lastPk: "" }];
  assert.equal(refusal(facts({ state: "Copying", copyState })), copying);
  assert.equal(refusal(facts({ state: "Init", position: "" })), copying);
  // Started again in its midst.
  assert.equal(refusal(facts({ state: "Running", copyState })), copying);
  assert.match(
    refusal(facts({ state: "Copying", copyState, message: "mysqld is away" })),
    /copy is still in progress: stream 8 on customer\/80- \(mysqld is away\); /,
  );
});

Deno.test("a stopped stream: its reason, and that start lets it go on", () => {
  const stopped = (reason: string): string =>
    refused(
      `workflow is stopped: stream 8 on customer/80-${reason}; ${NAME} start lets it go on`,
    );
  assert.equal(refusal(facts({ state: "Stopped" })), stopped(""));
  assert.equal(
    refusal(facts({ state: "Stopped", message: "Stopped after copy." })),
    stopped(" (Stopped after copy.)"),
  );
  // In the midst of its copy or before it, it waits for nothing that comes by itself.
  const copyState = [{ table: "customer", lastPk: "" }];
  assert.equal(refusal(facts({ state: "Stopped", copyState })), stopped(""));
  assert.equal(refusal(facts({ state: "Stopped", position: "" })), stopped(""));
  // A switch that was cut has stopped it, and goes on.
  assert.equal(refusal(facts({ state: "Stopped", message: "stopped for cutover" })), "");
});

Deno.test("who waits is told of a stream that stands still before its rows are copied", () => {
  const waiting = (second: Partial<StreamStatus>) => textOf(() => checkGoesOn(facts(second)));
  const copyState = [{ table: "customer", lastPk: "" }];
  assert.equal(
    waiting({ state: "Stopped", copyState, message: "cancelled" }),
    "VT22002: stream 8 on customer/80- is stopped before its rows are copied (cancelled), so " +
      `there is nothing to wait for; ${NAME} start --wait lets it go on`,
  );
  assert.match(waiting({ state: "Stopped", position: "" }), /stopped before its rows are copied,/);
  assert.deepEqual([
    waiting({ state: "Stopped", message: "Stopped after copy." }),
    waiting({ state: "Copying", copyState }),
    waiting({ state: "Init", position: "" }),
  ], ["", "", ""]);
});

Deno.test("a stream that failed: what it failed of, and that start tries again", () => {
  const message = "Duplicate entry '1' for key 'PRIMARY' (errno 1062) (sqlstate 23000)";
  assert.equal(
    refusal(facts({ state: "Error", message })),
    refused(
      `workflow has errors: stream 8 on customer/80-: ${message}; ` +
        `remove the cause, then ${NAME} start`,
    ),
  );
});

Deno.test("a frozen workflow: that its writes were switched, and both ways on", () => {
  const frozen = facts({});
  const streams = frozen.streams.map(({ shard, stream }) => ({
    shard,
    stream: { ...stream, state: "Stopped", message: "FROZEN" } as const,
  }));
  assert.equal(
    refusal({ ...frozen, streams }),
    refused(
      "workflow is frozen: its writes were switched before; complete it, or reverse it with " +
        `${NAME} reversetraffic`,
    ),
  );
});

Deno.test("past its journals a switch goes on, whatever the streams say", () => {
  assert.equal(refusal({ ...facts({ state: "Error" }), journaled: new Set(["-"]) }), "");
});

Deno.test("complete wants all traffic switched, cancel none: with the command that does it", () => {
  const world = new World("move_tables", ["-"], ["-"]);
  world.addStreams("w");
  const ends = () => {
    const found = world.facts("w");
    return [textOf(() => checkCanComplete(found)), textOf(() => checkCanCancel(found))];
  };
  const cannotComplete = (state: string): string =>
    "VT22002: cannot complete workflow because you have not yet switched all read and write " +
    `traffic (${state}); switch it with ${NAME} switchtraffic`;
  assert.deepEqual(ends(), [cannotComplete("Reads Not Switched. Writes Not Switched"), ""]);
  advance(world, ["replica"]);
  const state = "Reads partially switched. All Replica Reads Switched. Rdonly not switched. " +
    "Writes Not Switched";
  assert.deepEqual(ends(), [
    cannotComplete(state),
    "VT22002: cannot delete workflow because you have already switched some reads " +
    `(${state}); ${NAME} reversetraffic brings them back`,
  ]);
  advance(world, ["rdonly", "writes"]);
  assert.deepEqual(ends(), [
    "",
    "VT22002: cannot delete workflow because you have already switched write traffic; " +
    `${NAME} reversetraffic brings it back, complete ends the workflow`,
  ]);
});
