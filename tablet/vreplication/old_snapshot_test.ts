/** A copy whose snapshots are too old after their first rows: each goes on from a new one. */
import assert from "node:assert/strict";
import { testServers } from "../../tests/harness/mysqld.ts";
import { StreamCluster } from "../../tests/harness/stream_cluster.ts";

const TABLES = ["a", "b", "c"] as const;
const ROWS = 3000;

for (const server of testServers()) {
  Deno.test(`tables go on from a new snapshot, with the changes between (${server})`, async () => {
    await using cluster = await StreamCluster.start({ server });
    const [target] = cluster.targets;
    assert.ok(target !== undefined);
    for (const table of TABLES) {
      await cluster.sqlEverywhere(
        `CREATE TABLE ${table} (id int PRIMARY KEY, n int, v varchar(1000))`,
      );
      await cluster.sql(cluster.source, `INSERT INTO ${table} VALUES (1, 0, REPEAT('v', 900))`);
      for (let have = 1; have < ROWS; have *= 2) {
        const sql = `INSERT INTO ${table} SELECT id + ${have}, 0, v FROM ${table} ` +
          `WHERE id + ${have} <= ${ROWS}`;
        await cluster.sql(cluster.source, sql);
      }
    }
    await cluster.createStreams(
      () => TABLES.map((match) => ({ match, filter: "" })),
      {
        options: JSON.stringify({
          config: {
            "vreplication-copy-phase-duration": "1ms",
            "vreplication-parallel-tables": "2",
          },
        }),
      },
    );
    let changes = 0;
    for (; (await cluster.stream(target)).state !== "Running"; changes++) {
      const table = TABLES[changes % TABLES.length];
      const id = 1 + changes * 37 % ROWS;
      const changed = changes % 5 === 4
        ? `DELETE FROM ${table} WHERE id = ${id}`
        : `UPDATE ${table} SET n = n + 1, id = id + ${changes % 2 * 10_000} WHERE id = ${id}`;
      await cluster.sql(cluster.source, changed);
      assert.notEqual((await cluster.stream(target)).state, "Error");
    }
    await cluster.untilCaughtUp();
    for (const table of TABLES) {
      const select = `SELECT id, n, LENGTH(v) FROM ${table} ORDER BY id`;
      const rows = await cluster.sql(cluster.source, select);
      assert.deepEqual(await cluster.sql(target, select), rows);
    }
    const log = await Deno.readTextFile(target.logFile);
    assert.equal([...log.matchAll(/msg="table copied"/g)].length, TABLES.length);
    assert.ok(changes > 3, "the copy was over before anything changed");
  });
}
