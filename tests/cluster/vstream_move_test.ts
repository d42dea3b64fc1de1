/**
 * One stream of two keyspaces while tables move from one to the other under writes: a program that
 * reads it has both keyspaces' tables as they are. And one that does not read costs nothing.
 */
import assert from "node:assert/strict";
import { FaultWorld } from "./fault_world.ts";
import { Guestbook } from "./guestbook.ts";
import type { LocalCluster } from "./local_cluster.ts";
import { tabletOf } from "./tablets_of.ts";
import { CustomerVisitor } from "./visitors.ts";
import { VStreamConsumer } from "./vstream_consumer.ts";

const ROWS = 2000;
const WRITES = 150;
const WAIT_MS_MAX = 90_000;
const MB = 1024 * 1024;
const BIG_ROWS = 60;
/** What sockets and streams hold on the way, and what a running program needs now and then. */
const GROWTH_BYTES_MAX = 40 * MB;

/** As its primary's mysqld has it, also where it no longer serves. */
async function rowsOf(
  cluster: LocalCluster,
  keyspace: string,
  table: string,
): Promise<readonly string[]> {
  const primary = await tabletOf(cluster, { keyspace, shard: "-", type: "primary" });
  const sql = `select * from ${table}`;
  const args = ["ExecuteFetchAsDba", "--json", "--max-rows", "100000", primary, sql];
  const { rows } = JSON.parse(await cluster.vtctl(...args)) as {
    readonly rows: readonly (readonly (string | null)[])[];
  };
  return rows.map((row) => row.map((cell) => cell ?? "NULL").join("\t")).toSorted();
}

async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

async function createBig(cluster: LocalCluster): Promise<void> {
  const sql = "create table big(id bigint not null, b longblob, primary key(id))";
  await cluster.vtctl("ApplySchema", "--sql", sql, "commerce");
}

async function writeBig(cluster: LocalCluster): Promise<void> {
  for (let id = 0; id < BIG_ROWS; id++) {
    const sql = `insert into commerce.big values (${id}, repeat('ab', ${MB / 2}));\n`;
    const { code, stderr } = await cluster.mysql([], sql);
    assert.equal(code, 0, stderr);
  }
}

Deno.test("a program has the tables of two keyspaces between which they move", async (t) => {
  const dataDir = await Deno.makeTempDir({ prefix: "vtvstream" });
  try {
    const world = new FaultWorld({
      kind: "move",
      dataDir,
      mysqld: undefined,
      rows: ROWS,
      rdonly: false,
    });
    await using cluster = await world.start();
    await createBig(cluster);
    const visitor = new CustomerVisitor();
    const book = new Guestbook({ port: cluster.mysqlPort, clients: 4, visitor, pauseMs: 5 });
    await using consumer = new VStreamConsumer(cluster, {
      filter: { rules: [{ match: "/^(customer|corder|big)$/" }] },
      flags: { minimize_skew: true, heartbeat_interval: 1 },
    });
    const { replica } = consumer;
    const shard_gtids = ["commerce", "customer"].map((keyspace) => ({ keyspace, gtid: "" }));
    try {
      await t.step("its rows come first, of a keyspace without tables too", async () => {
        consumer.start({ shard_gtids });
        await consumer.until("the end of the copy", () => replica.seen("COPY_COMPLETED") === 3);
        assert.ok(replica.rows("commerce.customer").length >= ROWS);
      });
      await t.step("MoveTables and the switch of all traffic", async () => {
        const move = await world.next(cluster);
        await cluster.vtctl(...move.create, "--wait");
        await cluster.vtctl(...move.action("switchtraffic"));
        const before = replica.transactions.get("customer/-") ?? 0;
        await book.more(WRITES, WAIT_MS_MAX);
        const moved = () => (replica.transactions.get("customer/-") ?? 0) > before + WRITES / 4;
        await consumer.until("writes of the new side", moved, WAIT_MS_MAX);
      });
    } finally {
      await book.stop();
    }
    await t.step("both keyspaces' tables are the program's", async () => {
      for (const keyspace of ["commerce", "customer"]) {
        for (const table of ["customer", "corder"]) {
          const name = `${keyspace}.${table}`;
          const want = (await rowsOf(cluster, keyspace, table)).join("\n");
          const same = () => replica.rows(name).join("\n") === want;
          await consumer.until(name, same, 30_000)
            .catch(() => assert.equal(replica.rows(name).join("\n"), want, name));
        }
      }
      assert.equal(replica.seen("JOURNAL"), 0);
    });
    await t.step("what it does not read is kept nowhere", async () => {
      const beats = replica.seen("HEARTBEAT");
      await consumer.holdWhen("a heartbeat", () => replica.seen("HEARTBEAT") > beats);
      const { pid } = await cluster.pidOf("vtctld");
      const before = await residentBytes(pid);
      await writeBig(cluster);
      const grown = await residentBytes(pid) - before;
      assert.ok(grown < GROWTH_BYTES_MAX, `vtctld grew by ${Math.round(grown / MB)} MB`);
      consumer.release();
      const all = () => replica.rows("commerce.big").length === BIG_ROWS;
      await consumer.until("what was written meanwhile", all, WAIT_MS_MAX);
      await consumer.stop();
    });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
