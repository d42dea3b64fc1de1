/** What a switch refuses, each brought about by real means, and that the remedy it names helps. */
import assert from "node:assert/strict";
import { waitFor } from "../harness/wait.ts";
import { moveOf } from "./refused_creates.ts";
import type { Refusal, Workshop } from "./workshop.ts";

const FIRST = ["MoveTables", "--workflow", "first", "--target-keyspace", "archive"];
const SWITCH = [...FIRST, "switchtraffic"];
const START = /MoveTables --workflow first --target-keyspace archive start/;

const WAIT = ["--wait", "--wait-timeout", "1s"];
const notCaughtUp = (workflow: string): Refusal => ({
  id: "VT22008",
  cause: new RegExp(`workflow ${workflow} has not caught up in 1 s`),
  remedy: /it goes on by itself, status tells how far it is/,
});

/** Streams that were never started: nothing is copied, and no name leads elsewhere. */
export async function createStopped(shop: Workshop): Promise<void> {
  const flags = ["--tables", "note", "--auto-start=false", "--no-routing-rules"];
  const created = await shop.vtctl(...moveOf("first", "archive", ...flags));
  assert.match(created, /Status: Stopped/);
  assert.equal(await shop.rules(), 0);
  assert.deepEqual(await shop.onPrimary("archive", "select count(*) from note"), ["0"]);
  await shop.refused(
    { id: "VT22002", cause: /workflow is stopped: stream \d+ on archive\/-/, remedy: START },
    ...SWITCH,
  );
  const vain = {
    id: "VT22002",
    cause: /stream \d+ on archive\/- is stopped before its rows are copied/,
    remedy: START,
  };
  await shop.refused(vain, ...FIRST, "status", "--wait");
}

/** Somebody holds the target's table while it is copied. */
export async function copyInProgress(shop: Workshop): Promise<void> {
  {
    await using _held = await shop.lock("archive", "note");
    await shop.vtctl(...FIRST, "start");
    await waitFor("the copy", async () => /Copying/.test(await shop.vtctl(...FIRST, "status")));
    await shop.refused(
      {
        id: "VT22002",
        cause: /copy is still in progress: stream \d+ on archive\/-/,
        remedy: /first --target-keyspace archive status tells how far it is, .*--wait waits/,
      },
      ...SWITCH,
    );
    assert.match(await shop.vtctl(...FIRST, "status"), /\n\tnote: RowsCopied:0, RowsTotal:3/);
    for (const action of ["switchtraffic", "status"]) {
      await shop.refused(notCaughtUp("first"), ...FIRST, action, ...WAIT);
    }
  }
  assert.match(await shop.vtctl(...FIRST, "status", "--wait"), /Status: Running/);
}

/** Until a workflow's status says that it lags. */
async function untilLag(shop: Workshop, name: readonly string[], seconds: number): Promise<void> {
  await waitFor("the lag", async () => {
    const [, lag = "0"] = /VStream Lag: (\d+)s/.exec(await shop.vtctl(...name, "status")) ?? [];
    return Number(lag) >= seconds;
  });
}

/** Somebody holds the target's table, so that what the source writes isn't applied. */
export async function lagTooHigh(shop: Workshop): Promise<void> {
  {
    await using _held = await shop.lock("archive", "note");
    await shop.run("insert into commerce.note values (101, 1)");
    await untilLag(shop, FIRST, 2);
    await shop.refused(
      {
        id: "VT22002",
        cause: /replication lag \d+s is higher than allowed lag 1s: stream \d+ on archive\/-/,
        remedy:
          /wait \(.* status shows the lag\), or allow more with --max-replication-lag-allowed/,
      },
      ...SWITCH,
      "--max-replication-lag-allowed",
      "1s",
    );
  }
  await shop.vtctl(...FIRST, "status", "--wait");
  assert.deepEqual(await shop.onPrimary("archive", "select id from note where id > 100"), ["101"]);
}

export async function stopped(shop: Workshop): Promise<void> {
  await shop.vtctl(...FIRST, "stop");
  await shop.refused({ id: "VT22002", cause: /workflow is stopped/, remedy: START }, ...SWITCH);
  assert.match(await shop.vtctl(...FIRST, "status"), /Status: Stopped/);
  await shop.vtctl(...FIRST, "start", "--wait");
}

/** Somebody else has written to the target. */
export async function failed(shop: Workshop): Promise<void> {
  await shop.onPrimary("archive", "insert into note values (102, 7)");
  await shop.run("insert into commerce.note values (102, 1)");
  await waitFor("it to fail", async () => /Error/.test(await shop.vtctl(...FIRST, "status")));
  await shop.refused(
    {
      id: "VT22002",
      cause: /workflow has errors: stream \d+ on archive\/-: .*Duplicate entry '102'/,
      remedy: START,
    },
    ...SWITCH,
  );
  await shop.onPrimary("archive", "delete from note where id = 102");
  await shop.vtctl(...FIRST, "start", "--wait");
  assert.deepEqual(await shop.onPrimary("archive", "select v from note where id = 102"), ["1"]);
}

/** The table has gone elsewhere since, and to cancel it changes nothing about that. */
async function unseen(shop: Workshop): Promise<void> {
  const name = ["MoveTables", "--workflow", "unseen", "--target-keyspace", "customer"];
  await shop.refused(
    {
      id: "VT22002",
      cause: /table note is refused by commerce\/-, so another workflow has switched its writes/,
      remedy: /GetRoutingRules tells where, .*--workflow unseen .* cancel ends this one/,
    },
    ...name,
    "switchtraffic",
  );
  const rules = await shop.rules();
  await shop.vtctl(...name, "cancel");
  assert.equal(await shop.rules(), rules);
}

/** Its writes are switched: streams stay as they are, and the source refuses the table. */
export async function frozen(shop: Workshop): Promise<void> {
  await shop.vtctl(...SWITCH);
  assert.equal(await shop.run("select count(*) from note where id > 100", "commerce"), "2");
  await unseen(shop);
  await shop.refused(
    {
      id: "VT22002",
      cause: /workflow first is frozen: its writes were switched/,
      remedy: /reversetraffic brings the writes back, complete ends it/,
    },
    ...FIRST,
    "start",
  );
  await shop.refusedByGate(
    {
      id: "VT20004",
      cause: /enforce denied tables \(table note\)/,
      remedy: /GetRoutingRules says who serves it, .*Workflow --keyspace KEYSPACE show/,
    },
    "insert into note values (103, 1)",
    "commerce/-",
  );
  await shop.refused(
    {
      id: "VT22002",
      cause: /workflow first_reverse on commerce\/- has note already/,
      remedy: /complete or reverse first of keyspace archive/,
    },
    ...moveOf("second", "customer", "--tables", "note", "--no-routing-rules"),
  );
}

/** Somebody has removed the rules by hand: going back would say that all is well. */
export async function rulesGone(shop: Workshop): Promise<void> {
  await shop.saveRules({});
  await shop.refused(
    {
      id: "VT22002",
      cause: /writes of workflow first were switched, but no routing rule says so/,
      remedy: /--target-keyspace archive switchtraffic puts the rules back/,
    },
    ...FIRST,
    "reversetraffic",
  );
  await shop.vtctl(...SWITCH);
  assert.match(
    await shop.vtctl(...FIRST, "status"),
    /Traffic State: All Reads Switched. Writes Switched/,
  );
}

/** --wait of reversetraffic is for the streams that it goes by: those that bring writes back. */
export async function wayBackLags(shop: Workshop): Promise<void> {
  {
    await using _held = await shop.lock("commerce", "note");
    await shop.run("insert into note values (104, 1)");
    const back = ["MoveTables", "--workflow", "first_reverse", "--target-keyspace", "commerce"];
    await untilLag(shop, back, 3);
    await shop.refused(notCaughtUp("first_reverse"), ...FIRST, "reversetraffic", ...WAIT);
  }
  await shop.vtctl(...FIRST, "reversetraffic", "--wait");
  assert.deepEqual(await shop.onPrimary("commerce", "select v from note where id = 104"), ["1"]);
  await shop.vtctl(...SWITCH, "--wait");
}
