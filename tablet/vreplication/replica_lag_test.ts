import assert from "node:assert/strict";
import { StreamCluster } from "../../tests/harness/stream_cluster.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { Dba } from "../mysqld/dba.ts";

const NEVER = { signal: new AbortController().signal };

Deno.test("a copy waits for its shard's replicas, says so, and goes on", async () => {
  await using cluster = await StreamCluster.start({ replica: true });
  const [target] = cluster.targets;
  const { replica } = cluster;
  assert.ok(target !== undefined && replica !== undefined);
  await cluster.sqlEverywhere("CREATE TABLE t (id int PRIMARY KEY)");
  await cluster.sql(cluster.source, "INSERT INTO t VALUES (1), (2)");
  const onReplica = { address: { socketPath: replica.socketPath }, user: "vt_dba", password: "" };
  await using dba = new Dba(onReplica);
  const there = "SELECT 1 FROM information_schema.tables WHERE table_schema = 'vt_customer' " +
    "AND table_name = 't'";
  await waitFor("the replica", async () => (await dba.query(there, NEVER)).rows.length > 0);
  await dba.session(async (session) => {
    // What is replicated stands behind this lock.
    await session.query("LOCK TABLES vt_customer.t WRITE", NEVER);
    await cluster.sql(target, "INSERT INTO t VALUES (3)");
    await waitFor("the replica to lag", async () => {
      return Number((await replica.status())["Health"]?.["replication lag, seconds"]) > 6;
    });
    await cluster.createStreams(() => [{ match: "t", filter: "" }]);
    await waitFor("the copy to wait", async () => (await cluster.stream(target)).timeThrottled > 0);
    const stream = await cluster.stream(target);
    assert.equal(stream.state, "Copying");
    assert.equal(stream.componentThrottled, "vcopier");
    assert.match(
      stream.reasonThrottled,
      /^replica zone1-0000000300 is \d+ s behind, more than 5 s/,
    );
    assert.equal(stream.rowsCopied, 0);
    await session.query("UNLOCK TABLES", NEVER);
  }, NEVER);
  await cluster.untilState("Running");
  assert.deepEqual(await cluster.sql(target, "SELECT id FROM t"), [["1"], ["2"], ["3"]]);
});
