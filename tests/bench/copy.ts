// deno-lint-ignore-file no-console
/**
 * How fast a stream copies beside `mariadb-dump | mariadb` of the same rows, in turns, which comes
 * first changing with each round. What counts is the ratio; where the machine is shared with others,
 * that of the processors' time, of both servers with the tablets or with the pipe's programs.
 *
 *     deno run -A tests/bench/copy.ts [--rows N] [--rounds N] [--only NAME,...] [--server mysql]
 *
 * Where rows go to two shards, the dump has one target for all of them: as many rows are written.
 */
import { parseArgs } from "node:util";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import { StreamCluster } from "../harness/stream_cluster.ts";
import type { TestTablet } from "../harness/tablet.ts";
import { Dba } from "../../tablet/mysqld/dba.ts";
import { type CopyCase, copyCases } from "./copy_tables.ts";
import { cpuMicros } from "./sysbench.ts";

/** Of one INSERT that fills a table: what is logged of a larger one holds up everything else. */
const FILL_ROWS = 50_000;

interface Took {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** `work` may give the processor seconds of programs that have ended. */
async function measureWork(
  cluster: StreamCluster,
  work: () => Promise<number>,
): Promise<Took> {
  const tablets = [cluster.source, ...cluster.targets];
  const pids = [
    ...tablets.map(({ pid }) => pid),
    ...await Promise.all(tablets.map((tablet) => tablet.mysqldPid())),
  ];
  const cpu = async () => (await Promise.all(pids.map(cpuMicros))).reduce((sum, us) => sum + us, 0);
  const before = await cpu();
  const started = performance.now();
  const more = await work();
  const seconds = (performance.now() - started) / 1000;
  return { seconds, cpuSeconds: more + (await cpu() - before) / 1e6 };
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

/**
 * The tablet isn't asked: that costs it as much as copying a few hundred rows, and looks that are
 * far apart would be a tenth of what small tables take.
 */
const LOOK_MS = 5;

async function empty(cluster: StreamCluster, { tables, create }: CopyCase): Promise<void> {
  for (const target of cluster.targets) {
    await target.rpc("DeleteStreams", { workflow: "w" });
    for (const table of tables) {
      await cluster.sql(target, `DROP TABLE IF EXISTS ${table}`);
      await cluster.sql(target, create.replace("NAME", table));
    }
  }
}

/** The processor seconds of its programs. */
async function dump(
  cluster: StreamCluster,
  target: TestTablet,
  tables: readonly string[],
): Promise<number> {
  const login = (tablet: TestTablet) => `--user=vt_dba --socket=${tablet.socketPath}`;
  const pipe = `mariadb-dump ${login(cluster.source)} --single-transaction --no-create-info ` +
    `vt_commerce ${tables.join(" ")} | mariadb ${login(target)} vt_customer`;
  const args = ["-c", `set -o pipefail; ${pipe} && times`];
  const { success, stdout, stderr } = await new Deno.Command("bash", { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  // The second line is of the children, user and system: "0m1.234s 0m0.567s".
  const [, children = ""] = new TextDecoder().decode(stdout).trim().split("\n");
  const times = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  return times.reduce((sum, [, min, sec]) => sum + Number(min) * 60 + Number(sec), 0);
}

async function copy(cluster: StreamCluster, { tables, shards }: CopyCase): Promise<number> {
  const rule = (match: string, shard: string): FilterRule => {
    if (shards.length === 1) return { match, filter: "" };
    return { match, filter: `select * from ${match} where in_keyrange(id, 'hash', '${shard}')` };
  };
  await cluster.createStreams((shard) => tables.map((table) => rule(table, shard)));
  await Promise.all(cluster.targets.map(untilRunning));
  return 0;
}

async function untilRunning({ socketPath }: TestTablet): Promise<void> {
  await using dba = new Dba({ address: { socketPath }, user: "vt_dba", password: "" });
  for (;;) {
    const { rows: [row] } = await dba.query("SELECT state, message FROM _vt.vreplication", NEVER);
    const [state, message] = row ?? [];
    if (state === "Error") throw new Error(message ?? "");
    if (state === "Running") return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

const NEVER = { signal: new AbortController().signal };

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

/** A copy is done when its tables are what they were, with all their keys. */
async function checkDefinitions(cluster: StreamCluster, { tables }: CopyCase): Promise<void> {
  for (const table of tables) {
    const [wanted] = await cluster.sql(cluster.source, `SHOW CREATE TABLE ${table}`);
    for (const target of cluster.targets) {
      const [found] = await cluster.sql(target, `SHOW CREATE TABLE ${table}`);
      if (found?.[1] !== wanted?.[1]) throw new Error(`${table} is ${found?.[1]}`);
    }
  }
}

async function measure(cluster: StreamCluster, one: CopyCase, rounds: number): Promise<void> {
  await fill(cluster, one);
  const [target] = cluster.targets;
  if (target === undefined) throw new RangeError("There is no target");
  const ratios: Took[] = [];
  for (let round = 0; round < rounds; round++) {
    const took: Record<"dump" | "stream", Took> = { dump: NOTHING, stream: NOTHING };
    const order = round % 2 === 0 ? ["dump", "stream"] as const : ["stream", "dump"] as const;
    for (const which of order) {
      await empty(cluster, one);
      took[which] = await measureWork(
        cluster,
        () => which === "dump" ? dump(cluster, target, one.tables) : copy(cluster, one),
      );
      const rows = await countRows(cluster, one);
      if (rows !== one.rows) throw new Error(`${which} brought ${rows} of ${one.rows} rows`);
      await checkDefinitions(cluster, one);
    }
    const ratio = {
      seconds: took.dump.seconds / took.stream.seconds,
      cpuSeconds: took.dump.cpuSeconds / took.stream.cpuSeconds,
    };
    ratios.push(ratio);
    console.log(
      `${one.name}, ${order[0]} first: dump ${printTook(took.dump, one.rows)}, ` +
        `stream ${printTook(took.stream, one.rows)}: ${printRatio(ratio)}`,
    );
  }
  const median = (of: keyof Took) =>
    ratios.map((ratio) => ratio[of]).toSorted((a, b) => a - b)[ratios.length >> 1] ?? NaN;
  const medians = { seconds: median("seconds"), cpuSeconds: median("cpuSeconds") };
  console.log(`${one.name}: median ${printRatio(medians)}`);
}

const NOTHING: Took = { seconds: 0, cpuSeconds: 0 };

function printTook({ seconds, cpuSeconds }: Took, rows: number): string {
  return `${seconds.toFixed(2)} s (${Math.round(rows / seconds)} rows/s, ${
    cpuSeconds.toFixed(2)
  } s of CPU)`;
}

function printRatio({ seconds, cpuSeconds }: Took): string {
  return `${seconds.toFixed(2)} x, CPU ${cpuSeconds.toFixed(2)} x`;
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
