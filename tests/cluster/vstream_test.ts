/** A consumer of `vtctl VStream` while clients write, its sources die and its shard is split and joined. */
import assert from "node:assert/strict";
import { type LocalCluster, startLocalCluster } from "./local_cluster.ts";
import { eachServer } from "./servers.ts";
import { VStreamReader } from "./vstream_reader.ts";
import { Writer } from "./writer.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;
const RESHARD = ["Reshard", "--workflow", "w", "--target-keyspace", "customer"];
const ROWS = 200;
const WAIT_MS_MAX = 90_000;

/** The default cluster, but for customer, which has one shard. */
async function oneShardFile(folder: string): Promise<string> {
  const text = await Deno.readTextFile(`${EXAMPLES}commerce.yaml`);
  const file = `${folder}/one_shard.yaml`;
  const changed = text.replace("parts: 2", "parts: 1")
    .replaceAll(/(initialSchema|initialVSchema|initialData): /g, `$1: ${EXAMPLES}`);
  await Deno.writeTextFile(file, changed);
  return file;
}

async function replicaOf(cluster: LocalCluster, shard: string): Promise<string> {
  const lines = (await cluster.vtctl("GetTablets", "--keyspace", "customer")).trim().split("\n");
  const found = lines.map((line) => line.split(" "))
    .find((fields) => fields[2] === shard && fields[3] === "replica");
  return found?.[0] ?? assert.fail(`no replica of customer/${shard}`);
}

/** With its mysqld, so that the stream must look for another tablet. */
async function killReplica(cluster: LocalCluster, shard: string): Promise<void> {
  const alias = await replicaOf(cluster, shard);
  const { pid } = await cluster.pidOf(alias);
  const mysqld = await cluster.mysqldPidOf(alias);
  Deno.kill(pid, "SIGKILL");
  Deno.kill(mysqld, "SIGKILL");
}

async function reshard(cluster: LocalCluster): Promise<void> {
  await cluster.vtctl("apply", "-f", `${EXAMPLES}302_new_shards.yaml`);
  const shards = ["--source-shards", "-", "--target-shards", "-80,80-"];
  await cluster.vtctl(...RESHARD, "create", ...shards, "--wait");
  await cluster.vtctl(...RESHARD, "switchtraffic");
}

eachServer("VStream gives each acknowledged row once", async (t, { mysqld }) => {
  const dataDir = await Deno.makeTempDir({ prefix: "vtvstream" });
  try {
    const file = await oneShardFile(dataDir);
    await using cluster = await startLocalCluster(
      mysqld === undefined ? { dataDir, file } : { dataDir, file, mysqld },
    );
    await using reader = new VStreamReader(cluster, "--tables", "customer", "customer");
    await reader.started();
    const before = reader.position;
    const table = "customer.customer";
    const writer = new Writer({ port: cluster.mysqlPort, clients: 4, tag: "v", table });
    const pass = async () => {
      await writer.moreAcknowledged(ROWS, WAIT_MS_MAX);
      const want = writer.acknowledged;
      await reader.until(`${want} rows`, ({ rows }) => rows.length >= want, WAIT_MS_MAX);
    };
    try {
      await pass();
      await t.step("kill -9 its source", async () => {
        await killReplica(cluster, "-");
        await pass();
      });
      await t.step("Reshard 1 to 2", async () => {
        await reshard(cluster);
        await reader.until("journal", ({ journals }) => journals === 1, WAIT_MS_MAX);
        await pass();
      });
      await t.step("kill -9 the source of a new shard", async () => {
        await killReplica(cluster, "-80");
        await pass();
      });
      await t.step("ReverseTraffic: two journals lead back", async () => {
        await cluster.vtctl(...RESHARD, "reversetraffic");
        await reader.until("journal", ({ journals }) => journals === 2, WAIT_MS_MAX);
        await pass();
      });
    } finally {
      await writer.stop();
    }
    await t.step("each row came once", async () => {
      const want = writer.acknowledged;
      await reader.until(`${want} rows`, ({ rows }) => rows.length >= want, WAIT_MS_MAX);
      const beats = reader.heartbeats;
      await reader.until("another heartbeat", ({ heartbeats }) => heartbeats > beats + 1);
      writer.verify(reader.rows);
      assert.deepEqual([...reader.shards].toSorted(), ["-", "-80", "80-"]);
      await reader.stop();
    });
    await t.step("and once more from the first position, across both switches", async () => {
      const all = String(reader.rows.length);
      const args = ["--position", before, "--limit", all, "--tables", "customer", "customer"];
      await using again = new VStreamReader(cluster, ...args);
      const { code, stderr } = await again.ended();
      assert.equal(code, 0, stderr);
      assert.deepEqual([...again.rows].toSorted(), [...reader.rows].toSorted());
    });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
