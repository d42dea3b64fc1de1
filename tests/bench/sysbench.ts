/** sysbench as a measuring tool: one run, its throughput, and the CPU time that processes took. */
import { run } from "../cluster/local_cluster.ts";

export interface SysbenchTarget {
  readonly port: number;
  readonly database: string;
}

export interface SysbenchOptions {
  readonly script: "oltp_point_select" | "oltp_read_write" | "oltp_read_only";
  readonly prepared: boolean;
  readonly threads: number;
  readonly seconds: number;
  readonly rows: number;
}

export interface Throughput {
  /** Statements a second, all kinds. */
  readonly queriesPerSecond: number;
  readonly queries: number;
  readonly p95Ms: number;
  readonly errors: number;
}

function args(target: SysbenchTarget, rows: number): string[] {
  return [
    "--db-driver=mysql",
    "--mysql-host=127.0.0.1",
    `--mysql-port=${target.port}`,
    "--mysql-user=user",
    `--mysql-db=${target.database}`,
    "--tables=1",
    `--table-size=${rows}`,
    "--auto_inc=off",
    "--create_secondary=on",
  ];
}

/** Creates and fills sbtest1. */
export async function prepare(target: SysbenchTarget, rows: number): Promise<void> {
  const { code, stdout, stderr } = await run("sysbench", [
    "oltp_point_select",
    ...args(target, rows),
    "prepare",
  ]);
  if (code !== 0) throw new Error(`sysbench prepare: ${stdout}${stderr}`);
}

export async function measure(
  target: SysbenchTarget,
  options: SysbenchOptions,
): Promise<Throughput> {
  const { code, stdout, stderr } = await run("sysbench", [
    options.script,
    ...args(target, options.rows),
    `--threads=${options.threads}`,
    `--time=${options.seconds}`,
    "--report-interval=0",
    `--db-ps-mode=${options.prepared ? "auto" : "disable"}`,
    "run",
  ]);
  if (code !== 0) throw new Error(`sysbench ${options.script}: ${stdout}${stderr}`);
  const match = /queries:\s+(\d+)\s+\(([0-9.]+) per sec/.exec(stdout);
  if (match === null) throw new Error(`sysbench printed no throughput:\n${stdout}`);
  return {
    queries: Number(match[1]),
    queriesPerSecond: Number(match[2]),
    p95Ms: Number(/95th percentile:\s+([0-9.]+)/.exec(stdout)?.[1]),
    errors: Number(/ignored errors:\s+(\d+)/.exec(stdout)?.[1]),
  };
}

/** User and system time of a process so far, in microseconds (proc(5): fields 14 and 15, in ticks of 10 ms). */
export async function cpuMicros(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Resident memory of a process in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
