import assert from "node:assert/strict";
import { testServers } from "../../tests/harness/mysqld.ts";
import { StreamCluster, type StreamClusterOptions } from "../../tests/harness/stream_cluster.ts";

function onEach(
  name: string,
  options: StreamClusterOptions,
  run: (cluster: StreamCluster) => Promise<void>,
): void {
  for (const server of testServers()) {
    Deno.test(`${name} (${server})`, async () => {
      await using cluster = await StreamCluster.start({ ...options, server });
      await run(cluster);
    });
  }
}

onEach("rows are copied, then changes follow", {}, async (cluster) => {
  const [target] = cluster.targets;
  assert.ok(target);
  await cluster.sqlEverywhere(
    "CREATE TABLE t (id bigint PRIMARY KEY, v varchar(40) CHARACTER SET latin1, b varbinary(10), " +
      "d decimal(10,2), UNIQUE KEY (v))",
  );
  await cluster.sql(
    cluster.source,
    "INSERT INTO t VALUES (1,'é''\\\\x',0x00ff27,-1.50),(2,'b','',NULL)",
  );
  await cluster.createStreams(() => [{ match: "t", filter: "" }]);
  await cluster.untilState("Running");
  const rows = () => cluster.sql(target, "SELECT id, HEX(v), HEX(b), d FROM t ORDER BY id");
  assert.deepEqual(await rows(), [["1", "E9275C78", "00FF27", "-1.50"], ["2", "62", "", null]]);

  // Unique values that change places, keys that change, and rows that come and go.
  for (
    const sql of [
      "UPDATE t SET v = 'tmp' WHERE id = 1",
      "UPDATE t SET v = 'é''\\\\x' WHERE id = 2",
      "UPDATE t SET v = 'b' WHERE id = 1",
      "UPDATE t SET id = 3 WHERE id = 2",
      "INSERT INTO t VALUES (4,'gone',NULL,1),(0,'zero',NULL,0)",
      "DELETE FROM t WHERE id = 4",
    ]
  ) await cluster.sql(cluster.source, sql);
  await cluster.untilCaughtUp();
  assert.deepEqual(await rows(), [
    ["0", "7A65726F", null, "0.00"],
    ["1", "62", "00FF27", "-1.50"],
    ["3", "E9275C78", "", null],
  ]);
  const stream = await cluster.stream(target);
  assert.equal(stream.state, "Running");
  assert.equal(stream.rowsCopied, 2);
  assert.deepEqual(stream.copyState, []);
});
