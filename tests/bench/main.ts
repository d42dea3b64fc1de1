// deno-lint-ignore-file no-console
/**
 * deno task bench [--seconds N] [--rounds N] [--rows N] [--clients-idle N]
 *
 * Each workload runs against mysqld directly and through gate and tablet, in turns, in one run;
 * what counts is the ratio. Absolute figures depend on the machine.
 */
import { parseArgs } from "node:util";
import { type LocalCluster, run, startLocalCluster } from "../cluster/local_cluster.ts";
import { openIdle } from "./idle_connections.ts";
import {
  cpuMicros,
  measure,
  prepare,
  residentBytes,
  type SysbenchOptions,
  type SysbenchTarget,
} from "./sysbench.ts";

interface Workload {
  readonly name: string;
  readonly options: SysbenchOptions;
  readonly gateDatabase: string;
  /** Least ratio to direct that the design asks for; 0: none. */
  readonly goal: number;
}

interface Server {
  readonly target: SysbenchTarget;
  readonly pids: readonly number[];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

async function cpuOf(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(pids.map(cpuMicros));
  return each.reduce((sum, micros) => sum + micros, 0);
}

/** Runs direct and gate in turns; prints one line. */
async function compare(
  workload: Workload,
  direct: Server,
  gate: Server,
  rounds: number,
): Promise<boolean> {
  const directQps: number[] = [];
  const gateQps: number[] = [];
  const hopMicros: number[] = [];
  const p95: number[] = [];
  for (let round = 0; round < rounds; round++) {
    directQps.push((await measure(direct.target, workload.options)).queriesPerSecond);
    const before = await cpuOf(gate.pids);
    const result = await measure(gate.target, workload.options);
    hopMicros.push((await cpuOf(gate.pids) - before) / result.queries);
    gateQps.push(result.queriesPerSecond);
    p95.push(result.p95Ms);
  }
  const ratio = median(gateQps.map((qps, i) => qps / (directQps[i] ?? NaN)));
  const reached = ratio >= workload.goal;
  console.log(
    [
      workload.name.padEnd(34),
      `direct ${median(directQps).toFixed(0).padStart(7)}/s`,
      `gate ${median(gateQps).toFixed(0).padStart(7)}/s`,
      `ratio ${ratio.toFixed(2)}`,
      workload.goal > 0
        ? `(goal ${workload.goal.toFixed(2)}: ${reached ? "reached" : "missed"})`
        : "",
      `gate+tablet ${median(hopMicros).toFixed(1)} µs CPU/query`,
      `p95 ${median(p95).toFixed(1)} ms`,
    ].join("  "),
  );
  return reached;
}

async function idleMemory(cluster: LocalCluster, gatePid: number, count: number): Promise<void> {
  const before = await residentBytes(gatePid);
  await using _connections = await openIdle(cluster.mysqlPort, count);
  const after = await residentBytes(gatePid);
  const each = (after - before) / count / 1024;
  console.log(
    `${count} idle connections: gate ${(before / 2 ** 20).toFixed(0)} MB -> ` +
      `${(after / 2 ** 20).toFixed(0)} MB, ${each.toFixed(1)} kB each`,
  );
}

async function loadTables(cluster: LocalCluster, direct: Server, rows: number): Promise<void> {
  const columns = `{"column_vindexes":[{"column":"id","name":"hash"}]}`;
  await cluster.vtctl("ApplyVSchema", "--vschema", `{"tables":{"sbtest1":{}}}`, "sbtest");
  await cluster.vtctl(
    "ApplyVSchema",
    "--vschema",
    `{"sharded":true,"vindexes":{"hash":{"type":"hash"}},"tables":{"sbtest1":${columns}}}`,
    "sbsharded",
  );
  await prepare(direct.target, rows);
  await prepare({ port: cluster.mysqlPort, database: "sbsharded" }, rows);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "8" },
      rounds: { type: "string", default: "3" },
      rows: { type: "string", default: "20000" },
      "clients-idle": { type: "string", default: "10000" },
    },
  });
  if ((await run("sh", ["-c", "command -v sysbench"])).code !== 0) {
    console.error("sysbench is not on PATH; install it: apt-get install sysbench");
    return 1;
  }
  const dataDir = await Deno.makeTempDir({ prefix: "vtbench" });
  try {
    await using cluster = await startLocalCluster({ file: "tests/bench/cluster.yaml", dataDir });
    const rows = Number(values.rows);
    const state = JSON.parse(await Deno.readTextFile(`${dataDir}/cluster.json`));
    const tablets = Object.keys(state.tablets);
    const gatePid = (await cluster.pidOf("zone1-gate-1")).pid;
    const tabletPids = await Promise.all(
      tablets.map(async (name) => (await cluster.pidOf(name)).pid),
    );
    const first = tablets[0] ?? "";
    const direct: Server = {
      target: { port: state.tablets[first].mysql, database: "vt_sbtest" },
      pids: [],
    };
    await loadTables(cluster, direct, rows);
    const through = (database: string): Server => ({
      target: { port: cluster.mysqlPort, database },
      pids: [gatePid, ...tabletPids],
    });
    const options = { seconds: Number(values.seconds), rows };
    let reached = true;
    for (const workload of workloads(options)) {
      const gate = through(workload.gateDatabase);
      reached = await compare(workload, direct, gate, Number(values.rounds)) && reached;
    }
    await idleMemory(cluster, gatePid, Number(values["clients-idle"]));
    return reached ? 0 : 3;
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

function workloads(
  base: { readonly seconds: number; readonly rows: number },
): readonly Workload[] {
  const point = { ...base, script: "oltp_point_select", threads: 32 } as const;
  const mixed = { ...base, script: "oltp_read_write", threads: 16 } as const;
  return [
    {
      name: "point select, text, 2 shards",
      options: { ...point, prepared: false },
      gateDatabase: "sbsharded",
      goal: 0.55,
    },
    {
      name: "point select, prepared, 2 shards",
      options: { ...point, prepared: true },
      gateDatabase: "sbsharded",
      goal: 0.55,
    },
    {
      name: "point select, text, unsharded",
      options: { ...point, prepared: false },
      gateDatabase: "sbtest",
      goal: 0,
    },
    {
      name: "oltp_read_write, text",
      options: { ...mixed, prepared: false },
      gateDatabase: "sbtest",
      goal: 0.6,
    },
    {
      name: "oltp_read_write, prepared",
      options: { ...mixed, prepared: true },
      gateDatabase: "sbtest",
      goal: 0.6,
    },
  ];
}

Deno.exit(await main());
