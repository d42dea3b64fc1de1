import assert from "node:assert/strict";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { startGateCluster } from "../../tests/harness/gate_cluster.ts";
import { TEST_SCHEMA } from "../../tests/harness/gate_schema.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { keepLocks } from "./lock_heartbeat.ts";

const IDLE_MS = 1500;

Deno.test("GET_LOCK is kept while the session lives, however idle it is", async () => {
  await using cluster = await startGateCluster({
    schema: TEST_SCHEMA,
    limits: { reservedIdleMs: IDLE_MS },
  });
  const address = { host: "127.0.0.1", port: cluster.port, user: "user", database: "customer" };
  const [holder, other] = await Promise.all([createConnection(address), createConnection(address)]);
  const isFree = async () => {
    const [rows] = await other.query<RowDataPacket[]>("select is_free_lock('job') as f");
    return Number(rows[0]?.["f"]) === 1;
  };
  await holder.query("select get_lock('job', 1)");
  const stop = new AbortController();
  const { sessions } = cluster.gate;
  const beating = keepLocks(sessions, HOST_CLOCK, IDLE_MS / 15, { signal: stop.signal });
  const started = performance.now();
  await waitFor("two idle times", async () => {
    assert.equal(await isFree(), false);
    return performance.now() - started > 2 * IDLE_MS;
  });
  // Without the beat the tablet lets go.
  stop.abort();
  await beating;
  await waitFor("the lock to be lost", isFree);
  await Promise.all([holder.end(), other.end()]);
});
