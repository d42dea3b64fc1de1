/** kill -9 of everything, while a client writes: no row is lost, doubled or on a wrong shard. */
import assert from "node:assert/strict";
import { contains, type KeyspaceId, parseShardName } from "../../shared/key/range.ts";
import { integerValue } from "../../shared/value/value.ts";
import { createVindex } from "../../shared/vindex/registry.ts";
import { mysqldKilled, tabletKilled } from "../../tests/harness/kills.ts";
import { testServers } from "../../tests/harness/mysqld.ts";
import { newRandom, type Random } from "../../tests/harness/random.ts";
import { StreamCluster } from "../../tests/harness/stream_cluster.ts";
import type { TestTablet } from "../../tests/harness/tablet.ts";
import { startStreamWriter, WRITER_TABLES } from "../../tests/harness/stream_writer.ts";
import { waitFor } from "../../tests/harness/wait.ts";

const ROWS = 40_000;

/** Copied beside the writer's tables: with a key of two columns, and without one. */
const MORE_TABLES = [
  "CREATE TABLE v (id bigint, part int, v varchar(700), PRIMARY KEY (part, id))",
  "CREATE TABLE w (id bigint, v varchar(700))",
] as const;

/** Doubles the rows until there are enough. */
async function fill(cluster: StreamCluster): Promise<void> {
  await cluster.sql(cluster.source, "INSERT INTO t VALUES (1, REPEAT('x', 700), 1)");
  for (let rows = 1; rows < ROWS; rows *= 2) {
    await cluster.sql(
      cluster.source,
      `INSERT INTO t SELECT id + ${rows}, v, n + 1 FROM t WHERE id + ${rows} <= ${ROWS}`,
    );
  }
  await cluster.sql(cluster.source, "INSERT INTO v SELECT id, id % 10, v FROM t");
  await cluster.sql(cluster.source, "INSERT INTO w SELECT id, v FROM t WHERE id <= 5000");
}

const rules = (shard: string) =>
  ["t", "u", "v", "w"].map((match) => ({
    match,
    filter: `select * from ${match} where in_keyrange(id, 'hash', '${shard}')`,
  }));

function pickFault(cluster: StreamCluster, random: Random): () => Promise<void> {
  const target = random.pick(cluster.targets);
  const faults = [
    () => mysqldKilled(cluster.source),
    () => mysqldKilled(target),
    () => tabletKilled(target),
    () => tabletKilled(cluster.source),
  ];
  return random.pick(faults);
}

function keyspaceIdOf(id: string | null | undefined): KeyspaceId {
  const keyspaceId = createVindex("hash", "hash", {})?.map([integerValue(BigInt(id ?? 0))]);
  assert.ok(keyspaceId);
  return keyspaceId;
}

async function isCopying(cluster: StreamCluster): Promise<boolean> {
  const streams = await Promise.all(cluster.targets.map((target) => cluster.stream(target)));
  return streams.some(({ copyState }) => copyState.some(({ lastPk }) => lastPk !== ""));
}

/** The rows and keys that a target must have, and that it has. */
async function compare(cluster: StreamCluster): Promise<void> {
  const show = (tablet: TestTablet) => cluster.sql(tablet, "SHOW CREATE TABLE t");
  const definition = await show(cluster.source);
  for (const target of cluster.targets) assert.deepEqual(await show(target), definition);
  const tables = [
    ["t", 0, "id, SHA2(v, 256), n", "id"],
    ["u", 2, "*", "name, k"],
    ["v", 0, "id, part, LENGTH(v)", "part, id"],
    ["w", 0, "id, LENGTH(v)", "id"],
  ] as const;
  for (const [table, place, columns, order] of tables) {
    const select = `SELECT ${columns} FROM ${table} ORDER BY ${order}`;
    const rows = await cluster.sql(cluster.source, select);
    for (const [i, target] of cluster.targets.entries()) {
      const range = parseShardName(cluster.shards[i] ?? "");
      const wanted = rows.filter((row) => contains(range, keyspaceIdOf(row[place])));
      const got = await cluster.sql(target, select);
      assert.equal(got.length, wanted.length, `rows of ${table} on ${cluster.shards[i]}`);
      assert.deepEqual(got, wanted);
    }
  }
}

for (const server of testServers()) {
  Deno.test(`kill -9 in copy and catch-up loses and doubles nothing (${server})`, async () => {
    const random = newRandom();
    await using cluster = await StreamCluster.start({ server, shards: ["-80", "80-"] });
    for (const sql of [...WRITER_TABLES, ...MORE_TABLES]) await cluster.sqlEverywhere(sql);
    await fill(cluster);
    const writer = startStreamWriter(cluster.source, random, ROWS * 2);
    try {
      await cluster.createStreams(rules);
      let inCopy = 0;
      for (let i = 0; i < 4; i++) {
        const before = writer.written;
        if (i === 0) await waitFor("the copy to begin", () => isCopying(cluster));
        inCopy += Number(await isCopying(cluster));
        await pickFault(cluster, random)();
        await waitFor("writes to go on", () => writer.written > before + 20);
      }
      assert.ok(inCopy > 0);
      await cluster.untilState("Running");
      for (let i = 0; i < 4; i++) {
        const before = writer.written;
        await pickFault(cluster, random)();
        await waitFor("writes to go on", () => writer.written > before + 50);
      }
    } finally {
      await writer.stop();
    }
    await cluster.untilCaughtUp();
    try {
      await compare(cluster);
    } catch (error) {
      throw new Error(`Fails with TEST_SEED=${random.seed}`, { cause: error });
    }
  });
}
