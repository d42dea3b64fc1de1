/** Binlogs that are gone from one tablet of the source, then from all. */
import assert from "node:assert/strict";
import { testServers } from "../../tests/harness/mysqld.ts";
import { StreamCluster } from "../../tests/harness/stream_cluster.ts";
import type { TestTablet } from "../../tests/harness/tablet.ts";
import { waitFor } from "../../tests/harness/wait.ts";

async function purge(cluster: StreamCluster, tablet: TestTablet): Promise<void> {
  await cluster.sql(tablet, "FLUSH BINARY LOGS");
  // One that somebody reads, or that a recovery would need, stays for a moment.
  await waitFor("the binlogs to be gone", async () => {
    const logs = await cluster.sql(tablet, "SHOW BINARY LOGS");
    if (logs.length === 1) return true;
    await cluster.sql(tablet, `PURGE BINARY LOGS TO '${logs.at(-1)?.[0]}'`);
    return false;
  });
}

for (const server of testServers()) {
  Deno.test(`a stream reads where binlogs go back as far as it is (${server})`, async () => {
    await using cluster = await StreamCluster.start({ server, sources: 2 });
    const [target] = cluster.targets;
    const [primary, replica] = cluster.sources;
    assert.ok(target !== undefined && primary !== undefined && replica !== undefined);
    await cluster.sqlEverywhere("CREATE TABLE t (id int PRIMARY KEY)");
    const [id = 0] = await cluster.createStreams(() => [{ match: "t", filter: "" }]);
    await cluster.untilState("Running");
    await target.rpc("UpdateStream", { id, state: "Stopped" });
    await cluster.sql(primary, "INSERT INTO t VALUES (1)");
    const rows = (tablet: TestTablet) => cluster.sql(tablet, "SELECT id FROM vt_commerce.t");
    await waitFor("the replica", async () => (await rows(replica)).length === 1);
    await purge(cluster, replica);
    await target.rpc("UpdateStream", { id, state: "Running" });
    await cluster.untilCaughtUp();
    assert.deepEqual(await cluster.sql(target, "SELECT id FROM t"), [["1"]]);

    await target.rpc("UpdateStream", { id, state: "Stopped" });
    await cluster.sql(primary, "INSERT INTO t VALUES (2)");
    await waitFor("the replica", async () => (await rows(replica)).length === 2);
    for (const tablet of [replica, primary]) await purge(cluster, tablet);
    await target.rpc("UpdateStream", { id, state: "Running" });
    await cluster.untilState("Error");
    assert.match(
      (await cluster.stream(target)).message,
      /VT26005: the source can't stream from .* purged, then the copy must start anew/,
    );
  });
}
