// deno-lint-ignore-file no-console
/**
 * How fast a stream copies beside `mariadb-dump | mariadb` of the same rows, in turns, which comes
 * first changing with each round. What counts is the ratio.
 *
 *     deno run -A tests/bench/copy.ts [--rows N] [--rounds N] [--only NAME,...] [--server mysql]
 *
 * Where rows go to two shards, the dump has one target for all of them: as many rows are written.
 */
import { parseArgs } from "node:util";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import { StreamCluster } from "../harness/stream_cluster.ts";
import type { TestTablet } from "../harness/tablet.ts";
import { waitFor } from "../harness/wait.ts";
import { type CopyCase, copyCases } from "./copy_tables.ts";

/** Of one INSERT that fills a table: what is logged of a larger one holds up everything else. */
const FILL_ROWS = 50_000;

async function seconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function fill(cluster: StreamCluster, { tables, create, select, rows }: CopyCase) {
  await cluster.sql(cluster.source, "DROP TABLE IF EXISTS numbers");
  await cluster.sql(cluster.source, "CREATE TABLE numbers (seq int PRIMARY KEY)");
  const each = Math.round(rows / tables.length);
  await cluster.sql(cluster.source, "INSERT INTO numbers VALUES (1)");
  for (let have = 1; have < Math.min(each, FILL_ROWS); have *= 2) {
    const sql =
      `INSERT INTO numbers SELECT seq + ${have} FROM numbers WHERE seq + ${have} <= ${each}`;
    await cluster.sql(cluster.source, sql);
  }
  for (const table of tables) {
    await cluster.sql(cluster.source, create.replace("NAME", table));
    for (let from = 0; from < each; from += FILL_ROWS) {
      const numbers = `(SELECT seq + ${from} AS seq FROM numbers WHERE seq <= ${FILL_ROWS}) AS n`;
      const limit = `WHERE seq <= ${each}`;
      await cluster.sql(
        cluster.source,
        `INSERT INTO ${table} SELECT ${select} FROM ${numbers} ${limit}`,
      );
    }
  }
}

async function empty(cluster: StreamCluster, { tables, create }: CopyCase): Promise<void> {
  for (const target of cluster.targets) {
    await target.rpc("DeleteStreams", { workflow: "w" });
    for (const table of tables) {
      await cluster.sql(target, `DROP TABLE IF EXISTS ${table}`);
      await cluster.sql(target, create.replace("NAME", table));
    }
  }
}

async function dump(cluster: StreamCluster, target: TestTablet, tables: readonly string[]) {
  const login = (tablet: TestTablet) => `--user=vt_dba --socket=${tablet.socketPath}`;
  const pipe = `mariadb-dump ${login(cluster.source)} --single-transaction --no-create-info ` +
    `vt_commerce ${tables.join(" ")} | mariadb ${login(target)} vt_customer`;
  const { success, stderr } = await new Deno.Command("sh", { args: ["-c", pipe] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

async function copy(cluster: StreamCluster, { tables, shards }: CopyCase): Promise<void> {
  const rule = (match: string, shard: string): FilterRule => {
    if (shards.length === 1) return { match, filter: "" };
    return { match, filter: `select * from ${match} where in_keyrange(id, 'hash', '${shard}')` };
  };
  await cluster.createStreams((shard) => tables.map((table) => rule(table, shard)));
  for (const target of cluster.targets) {
    await waitFor("the copy", async () => {
      const { state, message } = await cluster.stream(target);
      if (state === "Error") throw new Error(message);
      return state === "Running";
    }, { timeoutMs: 600_000 });
  }
}

async function countRows(cluster: StreamCluster, { tables }: CopyCase): Promise<number> {
  let rows = 0;
  for (const target of cluster.targets) {
    for (const table of tables) {
      const [[count] = []] = await cluster.sql(target, `SELECT COUNT(*) FROM ${table}`);
      rows += Number(count);
    }
  }
  return rows;
}

async function measure(cluster: StreamCluster, one: CopyCase, rounds: number): Promise<void> {
  await fill(cluster, one);
  const [target] = cluster.targets;
  if (target === undefined) throw new RangeError("There is no target");
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const took = { dump: 0, stream: 0 };
    const order = round % 2 === 0 ? ["dump", "stream"] as const : ["stream", "dump"] as const;
    for (const which of order) {
      await empty(cluster, one);
      took[which] = await seconds(() =>
        which === "dump" ? dump(cluster, target, one.tables) : copy(cluster, one)
      );
      const rows = await countRows(cluster, one);
      if (rows !== one.rows) throw new Error(`${which} brought ${rows} of ${one.rows} rows`);
    }
    ratios.push(took.dump / took.stream);
    console.log(
      `${one.name}, ${order[0]} first: dump ${took.dump.toFixed(2)} s ` +
        `(${Math.round(one.rows / took.dump)} rows/s), stream ${took.stream.toFixed(2)} s ` +
        `(${Math.round(one.rows / took.stream)} rows/s): ${(took.dump / took.stream).toFixed(2)} x`,
    );
  }
  const median = ratios.toSorted((a, b) => a - b)[ratios.length >> 1] ?? NaN;
  console.log(`${one.name}: median ${median.toFixed(2)} x`);
}

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "300000" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    server: { type: "string", default: "mariadb" },
  },
});
const only = values.only.split(",").filter((name) => name !== "");
for (const one of copyCases(Number(values.rows))) {
  if (only.length > 0 && !only.includes(one.name)) continue;
  const server = values.server === "mysql" ? "mysql" : "mariadb";
  await using cluster = await StreamCluster.start({ server, shards: one.shards });
  await measure(cluster, one, Number(values.rounds));
}
