/**
 * A program's tables, built from the change stream alone, are the cluster's: all rows copied first
 * and followed then, while clients write, processes die, the primary changes and the shard is split.
 */
import assert from "node:assert/strict";
import { FaultWorld } from "./fault_world.ts";
import { Guestbook } from "./guestbook.ts";
import type { LocalCluster } from "./local_cluster.ts";
import { eachServer } from "./servers.ts";
import { tabletOf } from "./tablets_of.ts";
import { CustomerVisitor } from "./visitors.ts";
import { VStreamConsumer } from "./vstream_consumer.ts";
import type { Line, VStreamReplica } from "./vstream_replica.ts";

/** More than sockets hold: the source is still read when its program stops to read. */
const ROWS = 60_000;
const WRITES = 150;
const WAIT_MS_MAX = 90_000;
const FILTER = "/^(customer|corder)$/";
const TABLES = ["customer.customer", "customer.corder"];

function replicaOf(cluster: LocalCluster, shard: string): Promise<string> {
  return tabletOf(cluster, { keyspace: "customer", shard, type: "replica" });
}

/** With its mysqld: without that the stream must look for another tablet. */
async function pidsOf(cluster: LocalCluster, alias: string): Promise<readonly number[]> {
  return [(await cluster.pidOf(alias)).pid, await cluster.mysqldPidOf(alias)];
}

async function until(what: string, probe: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS_MAX;
  while (!await probe()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function rowsOf(cluster: LocalCluster, table: string): Promise<readonly string[]> {
  const sql = `set workload = 'olap'; select * from ${table}`;
  const { code, stdout, stderr } = await cluster.mysql(["-N", "-B", "-e", sql]);
  assert.equal(code, 0, stderr);
  return stdout.trim().split("\n").toSorted();
}

/** The consumer comes to have what the cluster has, now that nobody writes. */
async function assertSame(cluster: LocalCluster, consumer: VStreamConsumer): Promise<void> {
  for (const table of TABLES) {
    const want = (await rowsOf(cluster, table)).join("\n");
    const same = () => consumer.replica.rows(table).join("\n") === want;
    await consumer.until(`rows of ${table}`, same, 30_000).catch(() => {
      assert.equal(consumer.replica.rows(table).join("\n"), want);
    });
  }
}

function isCopying(replica: VStreamReplica): boolean {
  return JSON.stringify(replica.vgtid).includes("table_p_ks");
}

/** So many changes behind where the replica stands, by vtctl. */
async function readAgain(
  cluster: LocalCluster,
  replica: VStreamReplica,
  changes: number,
): Promise<void> {
  const position = JSON.stringify(replica.vgtid);
  const limits = ["--position", position, "--limit", String(changes)];
  const lines = await cluster.vtctl("VStream", ...limits, "--filter", FILTER, "customer");
  for (const line of lines.trim().split("\n")) replica.take(JSON.parse(line) as Line);
}

eachServer("a program has the tables that the stream gave it", async (t, { name, mysqld }) => {
  const dataDir = await Deno.makeTempDir({ prefix: "vtvstream" });
  try {
    const world = new FaultWorld({ kind: "1-2", dataDir, mysqld, rows: ROWS, rdonly: false });
    await using cluster = await world.start();
    const visitor = new CustomerVisitor();
    const book = new Guestbook({ port: cluster.mysqlPort, clients: 4, visitor, pauseMs: 5 });
    await using consumer = new VStreamConsumer(cluster, {
      filter: { rules: [{ match: FILTER }] },
    });
    const { replica } = consumer;
    let copied = replica;
    let copiedRows = 0;
    let back: readonly string[] = [];
    const pass = async (...shards: readonly string[]) => {
      const counts = () =>
        shards.map((shard) => replica.transactions.get(`customer/${shard}`) ?? 0);
      const before = counts();
      await book.more(WRITES, WAIT_MS_MAX);
      const passed = () => counts().every((count, i) => count > (before[i] ?? 0) + WRITES / 4);
      await consumer.until(`transactions of ${shards.join()}`, passed);
    };
    try {
      await t.step(
        "it leaves in the midst of a table, and goes on behind the last key",
        async () => {
          consumer.start({ shard_gtids: [{ keyspace: "customer", gtid: "" }] });
          await consumer.holdWhen("rows", () => replica.rows("customer.corder").length > 0);
          assert.match(JSON.stringify(replica.vgtid), /"table_name":"corder","lastpk"/);
          assert.ok(replica.rows("customer.corder").length < ROWS);
          await consumer.stop();
          await book.more(WRITES, WAIT_MS_MAX);
        },
      );
      await t.step("kill -9 its source in the midst of a table", async () => {
        const source = await pidsOf(cluster, await replicaOf(cluster, "-"));
        consumer.start();
        const before = replica.rows("customer.corder").length;
        await consumer.holdWhen("rows", () => replica.rows("customer.corder").length > before + 99);
        assert.equal(replica.seen("LASTPK"), 0);
        for (const pid of source) Deno.kill(pid, "SIGKILL");
        await book.more(WRITES, WAIT_MS_MAX);
        consumer.release();
        await consumer.holdWhen(
          "the end of the copy",
          () => replica.seen("COPY_COMPLETED") === 2 && !isCopying(replica),
        );
        assert.equal(replica.seen("LASTPK"), 2);
        copied = replica.fork();
        copiedRows = replica.applied;
        consumer.release();
        await pass("-");
      });
      await t.step("another primary", async () => {
        const primary = await replicaOf(cluster, "-");
        // It was killed, and comes back.
        await until("PlannedReparentShard", async () => {
          const args = ["PlannedReparentShard", "customer/-", "--new-primary", primary];
          return (await cluster.tryVtctl(...args)).code === 0;
        });
        await pass("-");
      });
      await t.step("kill -9 of vtctld, and a new start from the last position", async () => {
        await consumer.holdWhen(
          "a row",
          ((rows) => () => replica.seen("ROW") > rows)(
            replica.seen("ROW"),
          ),
        );
        Deno.kill((await cluster.pidOf("vtctld")).pid, "SIGKILL");
        await consumer.stop();
        await until("vtctld", async () => (await cluster.tryVtctl("GetKeyspaces")).code === 0);
        consumer.start();
        await pass("-");
      });
      await t.step("Reshard 1 to 2", async () => {
        const split = await world.next(cluster);
        await cluster.vtctl(...split.create, "--wait");
        await cluster.vtctl(...split.action("switchtraffic"));
        await consumer.until("journal", () => replica.seen("JOURNAL") === 1, WAIT_MS_MAX);
        await pass("-80", "80-");
        back = split.action("reversetraffic");
      });
      if (name === "MariaDB") {
        await t.step("a source whose mysqld stands still is left for another", async () => {
          const stopped = await cluster.mysqldPidOf(await replicaOf(cluster, "-80"));
          Deno.kill(stopped, "SIGSTOP");
          try {
            await pass("-80", "80-");
          } finally {
            Deno.kill(stopped, "SIGCONT");
          }
        });
      }
      await t.step("ReverseTraffic: two journals lead back", async () => {
        await cluster.vtctl(...back);
        await consumer.until("journals", () => replica.seen("JOURNAL") === 2, WAIT_MS_MAX);
        await pass("-");
      });
    } finally {
      await book.stop();
    }
    await t.step("both have the same rows", async () => {
      await assertSame(cluster, consumer);
      assert.deepEqual([...replica.transactions.keys()].toSorted(), [
        "customer/-",
        "customer/-80",
        "customer/80-",
      ]);
      await consumer.stop();
    });
    await t.step("vtctl gives the same changes once more, from the end of the copy", async () => {
      await readAgain(cluster, copied, replica.applied - copiedRows);
      for (const table of TABLES) assert.deepEqual(copied.rows(table), replica.rows(table), table);
    });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
