/** Tables that selects make: the target's rows are those that the select gives on the source. */
import assert from "node:assert/strict";
import { compareMade, MADE_TABLES, madeRules } from "../../tests/harness/made_tables.ts";
import { testServers } from "../../tests/harness/mysqld.ts";
import { ORDERS_TABLE, someOrders, startOrderWriter } from "../../tests/harness/order_writer.ts";
import { newRandom } from "../../tests/harness/random.ts";
import { StreamCluster } from "../../tests/harness/stream_cluster.ts";
import { waitFor } from "../../tests/harness/wait.ts";

const IDS = 2000;

async function prepare(cluster: StreamCluster): Promise<void> {
  await cluster.sql(cluster.source, ORDERS_TABLE);
  for (const target of cluster.targets) {
    for (const { create } of MADE_TABLES) await cluster.sql(target, create);
  }
}

for (const server of testServers()) {
  Deno.test(`what selects make of random writes is what they give (${server})`, async () => {
    const random = newRandom();
    await using cluster = await StreamCluster.start({ server });
    const [target] = cluster.targets;
    assert.ok(target);
    await prepare(cluster);
    for (let id = 1; id < IDS; id += 500) {
      await cluster.sql(cluster.source, someOrders(random, id, 500));
    }
    const writer = startOrderWriter(cluster.source, random, IDS);
    try {
      await cluster.createStreams(() => madeRules(MADE_TABLES));
      await cluster.untilState("Running");
      const before = writer.written;
      await waitFor("more writes", () => writer.written > before + 200);
    } finally {
      await writer.stop();
    }
    await cluster.untilCaughtUp();
    try {
      await compareMade(
        MADE_TABLES,
        (sql) => cluster.sql(cluster.source, sql),
        (sql) => cluster.sql(target, sql),
      );
    } catch (error) {
      throw new Error(`Fails with TEST_SEED=${random.seed}`, { cause: error });
    }
  });
}
