/** Tables that selects make: the target's rows are those that the select gives on the source. */
import assert from "node:assert/strict";
import { mysqldKilled, tabletKilled } from "../../tests/harness/kills.ts";
import { compareMade, MADE_TABLES, madeRules } from "../../tests/harness/made_tables.ts";
import { testServers } from "../../tests/harness/mysqld.ts";
import { ORDERS_TABLE, someOrders, startOrderWriter } from "../../tests/harness/order_writer.ts";
import { newRandom, type Random } from "../../tests/harness/random.ts";
import { StreamCluster } from "../../tests/harness/stream_cluster.ts";
import { waitFor } from "../../tests/harness/wait.ts";

const IDS = 2000;

async function prepare(cluster: StreamCluster): Promise<void> {
  await cluster.sql(cluster.source, ORDERS_TABLE);
  for (const target of cluster.targets) {
    for (const { create } of MADE_TABLES) await cluster.sql(target, create);
  }
}

const VDIFF = {
  tabletTypes: "primary",
  sourceCells: "",
  waitMs: 30_000,
  rowsMax: 0,
  samplesMax: 10,
  onlyPks: false,
  sampleCharsMax: 40,
  snapshotMsMax: 0,
  autoRetry: false,
} as const;

/** [matching, mismatched, on the source alone, on the target alone] by table. */
async function diff(
  cluster: StreamCluster,
  tables: readonly string[] = [],
): Promise<Record<string, readonly number[]>> {
  const uuid = crypto.randomUUID();
  const options = { ...VDIFF, tables };
  await cluster.target.rpc("VDiffCreate", { uuid, workflow: "w", options, start: true });
  const done = await waitFor("the comparison to end", async () => {
    const { vdiffs } = await cluster.target.rpc("VDiffShow", { workflow: "w", uuid });
    return vdiffs.find(({ state }) => state === "completed" || state === "error");
  }, { timeoutMs: 60_000 });
  assert.equal(done.lastError, "");
  return Object.fromEntries(done.tables.map(({ table, report }) => [table, [
    report.matchingRows,
    report.mismatchedRows,
    report.extraRowsSource,
    report.extraRowsTarget,
  ]]));
}

/** Differences planted in the target, and what a comparison makes of them. */
const PLANTED = [
  ["by_day", "UPDATE by_day SET total = total + 0.01 ORDER BY day LIMIT 1", [-1, 1, 0, 0]],
  ["by_name", "DELETE FROM by_name ORDER BY name, kind LIMIT 1", [-1, 0, 1, 0]],
  ["labels", "INSERT INTO labels (id) VALUES (-1)", [0, 0, 0, 1]],
  ["codes", "UPDATE codes SET order_id = -1 ORDER BY code DESC LIMIT 1", [-1, 1, 0, 0]],
  ["loud", "UPDATE loud SET weight = 0.25 ORDER BY id LIMIT 1", [-1, 1, 0, 0]],
] as const;

async function compareByVDiff(cluster: StreamCluster): Promise<void> {
  const before = await diff(cluster);
  const clean = Object.entries(before).filter(([, counts]) => counts.slice(1).some((n) => n > 0));
  assert.deepEqual(clean, []);
  for (const [, sql] of PLANTED) await cluster.sql(cluster.target, sql);
  const after = await diff(cluster);
  for (const [table, , [matching, ...others]] of PLANTED) {
    assert.deepEqual(after[table], [(before[table]?.[0] ?? 0) + matching, ...others], table);
  }
}

for (const server of testServers()) {
  Deno.test(`what selects make of random writes is what they give (${server})`, async () => {
    const random = newRandom();
    await using cluster = await StreamCluster.start({ server });
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
      // In the midst of writes.
      const found = Object.values(await diff(cluster, ["by_name", "labels"]));
      assert.ok(found.every(([, ...others]) => others.every((count) => count === 0)));
    } finally {
      await writer.stop();
    }
    await cluster.untilCaughtUp();
    try {
      await compareMade(
        MADE_TABLES,
        (sql) => cluster.sql(cluster.source, sql),
        (sql) => cluster.sql(cluster.target, sql),
      );
      await compareByVDiff(cluster);
    } catch (error) {
      throw new Error(`Fails with TEST_SEED=${random.seed}`, { cause: error });
    }
  });
}

/** Whose keys two halves of the source can't have at once. */
const SHARED_TABLES = MADE_TABLES.filter(({ name }) => name !== "codes" && name !== "renamed");

/** Two streams into the same rows, as from two shards of a source. */
const HALVES = [["w", "-80"], ["w2", "80-"]] as const;

async function createHalves(cluster: StreamCluster): Promise<void> {
  for (const [workflow, range] of HALVES) {
    const half = `in_keyrange(id, 'hash', '${range}')`;
    await cluster.createStreams(() => madeRules(SHARED_TABLES, half), { workflow });
  }
}

async function isCopying(cluster: StreamCluster): Promise<boolean> {
  const { streams } = await cluster.target.rpc("ReadStreams", { workflow: "" });
  const failed = streams.find(({ state }) => state === "Error");
  if (failed !== undefined) throw new Error(failed.message);
  return streams.some(({ state, copyState }) => state === "Copying" || copyState.length > 0);
}

async function killSome(cluster: StreamCluster, random: Random, kills: number): Promise<void> {
  for (let i = 0; i < kills; i++) {
    await random.pick([
      () => mysqldKilled(cluster.target),
      () => tabletKilled(cluster.target),
      () => mysqldKilled(cluster.source),
    ])();
  }
}

for (const server of testServers()) {
  Deno.test(`kill -9 counts no row twice, from two streams into one row (${server})`, async () => {
    const random = newRandom();
    await using cluster = await StreamCluster.start({ server });
    await prepare(cluster);
    for (let id = 1; id < IDS * 5; id += 1000) {
      await cluster.sql(cluster.source, someOrders(random, id, 1000));
    }
    const writer = startOrderWriter(cluster.source, random, IDS * 5);
    const moreWrites = async () => {
      const before = writer.written;
      await waitFor("writes to go on", () => writer.written > before + 50);
    };
    try {
      await createHalves(cluster);
      await waitFor("the copy to begin", () => isCopying(cluster));
      await killSome(cluster, random, 1);
      await waitFor("the copy to end", async () => !await isCopying(cluster), {
        timeoutMs: 60_000,
      });
      for (let i = 0; i < 2; i++) {
        await moreWrites();
        await killSome(cluster, random, 1);
      }
      await moreWrites();
    } finally {
      await writer.stop();
    }
    for (const [workflow] of HALVES) await cluster.untilCaughtUp(60_000, workflow);
    try {
      await compareMade(
        SHARED_TABLES,
        (sql) => cluster.sql(cluster.source, sql),
        (sql) => cluster.sql(cluster.target, sql),
      );
    } catch (error) {
      throw new Error(`Fails with TEST_SEED=${random.seed}`, { cause: error });
    }
  });
}

/** [the target's table, the select, what the stream stops with] */
const STOPPING = [
  [
    "(day date, n int)",
    "select date(created) as day, count(*) as n from orders group by day",
    /VT27009.*primary key must be what it is grouped by: \(day\)/,
  ],
  [
    "(name varchar(20) COLLATE utf8mb4_bin PRIMARY KEY, n int)",
    "select name, count(*) as n from orders group by name",
    /VT27009.*column name varchar\(20\) doesn't hold groups by name/,
  ],
  [
    "(status varchar(12) CHARACTER SET latin1 COLLATE latin1_swedish_ci PRIMARY KEY, n int)",
    "select status, count(*) as n from orders group by status",
    /VT27007.*status is NULL.*coalesce/,
  ],
  [
    "(vip int PRIMARY KEY, w double)",
    "select coalesce(vip, 0) as vip, sum(weight) as w from orders group by vip",
    /VT12001.*sum\(weight\).*sum\(cast\(weight as decimal\(30,6\)\)\)/,
  ],
  [
    "(kind varchar(9) COLLATE utf8mb4_general_ci PRIMARY KEY, id bigint)",
    "select upper(kind) as kind, id from orders",
    /Duplicate entry.*errno 1062/,
  ],
  [
    "(name varchar(20) COLLATE utf8mb4_general_ci PRIMARY KEY, n int)",
    "select name, count(*) as n from orders where name is not null and in_keyrange(name, 'xxhash', '-80') group by name",
    /VT12001.*sharded by text column name of collation utf8mb4_general_ci/,
  ],
  ["(id bigint PRIMARY KEY, x bigint)", "select id, nix + 1 as x from orders", /VT03019.*nix/],
] as const;

Deno.test("what can't be exact stops the stream, and says what to do", async () => {
  await using cluster = await StreamCluster.start();
  await cluster.sql(cluster.source, ORDERS_TABLE);
  await cluster.sql(cluster.source, someOrders(newRandom(), 1, 100));
  for (const [i, [columns, filter]] of STOPPING.entries()) {
    await cluster.sql(cluster.target, `CREATE TABLE t${i} ${columns}`);
    await cluster.createStreams(() => [{ match: `t${i}`, filter }], { workflow: `w${i}` });
  }
  for (const [i, [, filter, wanted]] of STOPPING.entries()) {
    const stopped = await waitFor(`stream ${i} to stop`, async () => {
      const stream = await cluster.stream(cluster.target, `w${i}`);
      return stream.state === "Error" ? stream : undefined;
    });
    assert.match(stopped.message, wanted, filter);
    assert.deepEqual(await cluster.sql(cluster.target, `SELECT * FROM t${i}`), []);
  }
});
