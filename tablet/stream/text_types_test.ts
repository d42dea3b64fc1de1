/** MariaDB's UUID, INET4 and INET6: streams say what SELECT says, and tables of them arrive alike. */
import assert from "node:assert/strict";
import { recordFromNow, selectRaw, showRow } from "../../tests/harness/change_stream.ts";
import { startTestMysqld, whyNoMysql } from "../../tests/harness/mysqld.ts";
import { newRandom, type Random } from "../../tests/harness/random.ts";
import { StreamCluster } from "../../tests/harness/stream_cluster.ts";

const NEVER = { signal: new AbortController().signal };
const COLUMNS = "k uuid NOT NULL, u uuid, a inet4, b inet6";

/** Bytes with rows of zeros in them, as addresses have. */
function address(random: Random): string {
  const bytes = random.bytes(16);
  const from = random.int(16);
  bytes.fill(0, from, Math.min(16, from + 2 * random.int(9)));
  if (random.int(4) === 0) bytes.fill(0, 0, 10 + 2 * random.int(2));
  if (random.int(8) === 0) bytes.set([255, 255], 10);
  return bytes.toHex();
}

function values(random: Random): string {
  const uuid = () => `CAST(x'${random.bytes(16).toHex()}' AS UUID)`;
  const v4 = Array.from(random.bytes(4)).join(".");
  return `(${uuid()}, ${random.int(5) === 0 ? "NULL" : uuid()}, '${v4}', CAST(x'${
    address(random)
  }' AS INET6))`;
}

Deno.test("the change stream prints UUID, INET4 and INET6 as SELECT does", async () => {
  const random = newRandom();
  await using server = await startTestMysqld();
  const run = (sql: string) => server.root.query(sql, NEVER);
  await run("CREATE DATABASE vt_t");
  await using stream = await recordFromNow(server);
  // Its columns are known only from here on.
  await run(`CREATE TABLE vt_t.t (n int AUTO_INCREMENT PRIMARY KEY, ${COLUMNS})`);
  const rows = Array.from({ length: 300 }, () => values(random));
  rows.push(
    "('00000000-0000-0000-0000-000000000000', NULL, '0.0.0.0', '::')",
    "('ffffffff-ffff-ffff-ffff-ffffffffffff', NULL, '255.255.255.255', '::ffff:1.2.3.0')",
    "('10000000-0000-0000-0000-000000000000', NULL, '1.0.0.0', '1:0:2:0:3:0:4:0')",
  );
  await run(`INSERT INTO vt_t.t (k, u, a, b) VALUES ${rows.join(",")}`);
  await stream.until("all rows", () => stream.changes().length === rows.length);
  const wanted = await selectRaw(server, "SELECT * FROM vt_t.t ORDER BY n");
  const found = stream.changes().map((change) => change.kind === "insert" ? change.after : []);
  assert.deepEqual(found.map(showRow), wanted.map(showRow), `TEST_SEED=${random.seed}`);
});

for (const target of ["mariadb", "mysql"] as const) {
  Deno.test({
    name: `tables with UUID, INET4 and INET6 are copied and followed, to ${target}`,
    ignore: target === "mysql" && whyNoMysql() !== undefined,
    fn: async () => {
      await using cluster = await StreamCluster.start({ targetServer: target });
      const [to] = cluster.targets;
      assert.ok(to);
      const key = "PRIMARY KEY (k)";
      await cluster.sql(cluster.source, `CREATE TABLE t (${COLUMNS}, ${key})`);
      await cluster.sql(
        to,
        target === "mariadb"
          ? `CREATE TABLE t (${COLUMNS}, ${key})`
          : `CREATE TABLE t (k char(36) NOT NULL, u char(36), a varchar(15), b varchar(39), ${key})`,
      );
      const insert = (k: string, n: number) =>
        cluster.sql(
          cluster.source,
          `INSERT INTO t VALUES ('${k}0000000-1111-1111-8000-00000000000${n}', UUID(), '10.0.0.${n}', '2001:db8::${n}')`,
        );
      for (let n = 0; n < 5; n++) await insert("9", n);
      await cluster.createStreams(() => [{ match: "t", filter: "" }]);
      await cluster.untilState("Running");
      for (let n = 5; n < 9; n++) await insert("1", n);
      const two = "k = '90000000-1111-1111-8000-000000000002'";
      await cluster.sql(cluster.source, `UPDATE t SET b = '::1', u = NULL WHERE ${two}`);
      await cluster.sql(
        cluster.source,
        "DELETE FROM t WHERE k = '90000000-1111-1111-8000-000000000003'",
      );
      await cluster.untilCaughtUp();
      const select = "SELECT * FROM t ORDER BY CAST(k AS CHAR)";
      const wanted = await cluster.sql(cluster.source, select);
      assert.equal(wanted.length, 8);
      assert.deepEqual(await cluster.sql(to, select), wanted);
    },
  });
}
