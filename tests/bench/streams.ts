/**
 * How fast rows get from one shard to another: the copy phase beside `mariadb-dump | mariadb` of
 * the same rows, in turns, and how many single-row transactions a second a stream applies.
 *
 *     deno run -A tests/bench/streams.ts [ROWS] [TRANSACTIONS]
 */
import { StreamCluster } from "../harness/stream_cluster.ts";
import type { TestTablet } from "../harness/tablet.ts";
import { waitFor } from "../harness/wait.ts";

const ROUNDS = 3;
const TABLE = "CREATE TABLE sbtest1 (id int NOT NULL AUTO_INCREMENT, k int NOT NULL DEFAULT 0, " +
  "c char(120) NOT NULL DEFAULT '', pad char(60) NOT NULL DEFAULT '', PRIMARY KEY (id), KEY k_1 (k))";

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

async function fill(cluster: StreamCluster, rows: number): Promise<void> {
  const columns = "FLOOR(RAND() * 1000000), " +
    "RPAD(RAND(), 119, RAND()), RPAD(RAND(), 59, RAND())";
  await cluster.sql(cluster.source, `INSERT INTO sbtest1 (k, c, pad) SELECT ${columns}`);
  for (let have = 1; have < rows; have *= 2) {
    const more = Math.min(have, rows - have);
    await cluster.sql(
      cluster.source,
      `INSERT INTO sbtest1 (k, c, pad) SELECT ${columns} FROM sbtest1 LIMIT ${more}`,
    );
  }
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function dump(cluster: StreamCluster, target: TestTablet): Promise<void> {
  const login = (tablet: TestTablet) => `--user=vt_dba --socket=${tablet.socketPath}`;
  const pipe = `mariadb-dump ${login(cluster.source)} --single-transaction vt_commerce sbtest1 | ` +
    `mariadb ${login(target)} vt_customer`;
  const { success } = await new Deno.Command("sh", { args: ["-c", pipe] }).output();
  if (!success) throw new Error("mariadb-dump | mariadb failed");
}

async function copy(cluster: StreamCluster, target: TestTablet): Promise<void> {
  await cluster.createStreams(() => [{ match: "sbtest1", filter: "" }]);
  await waitFor("the copy", async () => (await cluster.stream(target)).state === "Running", {
    timeoutMs: 600_000,
  });
}

async function measureCopy(cluster: StreamCluster, target: TestTablet): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await cluster.sql(target, "DROP TABLE IF EXISTS sbtest1");
    const dumped = await seconds(() => dump(cluster, target));
    await cluster.sql(target, "DROP TABLE sbtest1");
    await cluster.sql(target, TABLE);
    await target.rpc("DeleteStreams", { workflow: "w" });
    const copied = await seconds(() => copy(cluster, target));
    const ratio = (dumped / copied).toFixed(2);
    print(`copy: dump | mariadb ${dumped.toFixed(2)} s, stream ${copied.toFixed(2)} s: ${ratio} x`);
  }
}

/** Transactions gather while the stream stands still, then it applies them. */
async function measureApply(
  cluster: StreamCluster,
  target: TestTablet,
  name: string,
  transactions: number,
  statement: string,
): Promise<void> {
  const { id } = await cluster.stream(target);
  await target.rpc("UpdateStream", { id, state: "Stopped" });
  await cluster.sql(cluster.source, "DROP PROCEDURE IF EXISTS p");
  await cluster.sql(
    cluster.source,
    "CREATE PROCEDURE p() BEGIN DECLARE i INT DEFAULT 1; " +
      `WHILE i <= ${transactions} DO ${statement}; SET i = i + 1; END WHILE; END`,
  );
  await cluster.sql(cluster.source, "SET GLOBAL sync_binlog = 0");
  await cluster.sql(cluster.source, "SET GLOBAL innodb_flush_log_at_trx_commit = 2");
  await cluster.sql(cluster.source, "CALL p()");
  const taken = await seconds(async () => {
    await target.rpc("UpdateStream", { id, state: "Running" });
    await cluster.untilCaughtUp(600_000);
  });
  print(`apply: ${name}: ${Math.round(transactions / taken)} transactions/s`);
}

const rows = Number(Deno.args[0] ?? 300_000);
const transactions = Number(Deno.args[1] ?? 100_000);
await using cluster = await StreamCluster.start();
const [target] = cluster.targets;
if (target === undefined) throw new RangeError("There is no target");
await cluster.sql(cluster.source, TABLE);
await fill(cluster, rows);
await measureCopy(cluster, target);
const random = `FLOOR(1 + RAND() * ${rows})`;
const cases: readonly (readonly [string, string])[] = [
  ["inserts", "INSERT INTO sbtest1 (k, c, pad) VALUES (i, 'c', 'pad')"],
  ["updates of random rows", `SET @id = ${random}; UPDATE sbtest1 SET k = k + 1 WHERE id = @id`],
  ["updates of 100 rows", "UPDATE sbtest1 SET k = k + 1 WHERE id = 1 + i % 100"],
  ["deletes", `DELETE FROM sbtest1 WHERE id = i`],
];
for (const [name, statement] of cases) {
  await measureApply(cluster, target, name, transactions, statement);
}
