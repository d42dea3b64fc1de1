/**
 * The matrix of faults: processes killed, stopped for a while or cut off in each phase of MoveTables
 * and Reshard, under eight writing clients. Prints a line for each run; the exit code says whether
 * all came out right. docs/faults.md says what was run.
 *
 *     deno run -A tests/cluster/reshard_faults.ts --kinds "1->2" --faults "kill gate,kill etcd" \
 *       --moments "copy,switch: Creating journals" --results matrix.jsonl
 *     deno run -A tests/cluster/reshard_faults.ts --list runs.txt --results matrix.jsonl
 *     deno run -A tests/cluster/reshard_faults.ts --table --results matrix.jsonl
 */
import { parseArgs } from "node:util";
import {
  type Group,
  groupOf,
  KINDS,
  parseRun,
  type PlannedRun,
  planRuns,
  printRun,
} from "./fault_list.ts";
import { addResult, printRow, printTables, readResults } from "./fault_results.ts";
import { type Row, runWorkflow } from "./fault_runs.ts";
import { FaultWorld } from "./fault_world.ts";
import { run } from "./local_cluster.ts";
import { SecondCtld } from "./second_ctld.ts";
import { parseFault } from "./victims.ts";

export interface MatrixOptions {
  readonly runs: readonly PlannedRun[];
  readonly clients: number;
  /** Rows that are there to be copied, where the copy is looked at and where not. */
  readonly rows: { readonly large: number; readonly small: number };
  readonly onRow: (run: PlannedRun, row: Row) => void | Promise<void>;
  readonly onCommand?: (text: string) => void;
  /** Behind the run that is under way. */
  readonly stop?: AbortSignal;
  /** Where a cluster's logs are kept when a run of it failed. */
  readonly keep?: string;
}

/** How often a cluster is begun anew behind a failed run before the rest of its runs is given up. */
const FAILURES_MAX = 8;

/** All runs, one cluster after the other. Gives what failed. */
export async function runMatrix(options: MatrixOptions): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  const groups = Map.groupBy(options.runs, (one) => JSON.stringify(groupOf(one)));
  for (const [key, runs] of groups) {
    const left = new Set(runs);
    for (let failed = 0; left.size > 0 && failed < FAILURES_MAX; failed++) {
      if (options.stop?.aborted === true) return failures;
      try {
        await runGroup(JSON.parse(key) as Group, left, options);
      } catch (error) {
        failures.push(error);
      }
    }
  }
  return failures;
}

/** On one cluster; takes the runs that were done from `left`. Throws behind the first that fails. */
async function runGroup(
  group: Group,
  left: Set<PlannedRun>,
  options: MatrixOptions,
): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "vtmatrix" });
  try {
    const rows = group.size === "large" ? options.rows.large : options.rows.small;
    const mysqld = group.server === "mysql" ? Deno.env.get("VT_MYSQLD_MYSQL") : undefined;
    if (group.server === "mysql" && mysqld === undefined) {
      throw new Error("VT_MYSQLD_MYSQL names no mysqld of MySQL");
    }
    const world = new FaultWorld({
      kind: group.world,
      dataDir,
      mysqld,
      rows,
      rdonly: group.size === "reads",
    });
    await using cluster = await world.start();
    await using second = new SecondCtld(cluster);
    const definitions = await world.definitions(cluster);
    for (let n = 0; left.size > 0; n++) {
      const now = runsOfOneWorkflow([...left].filter(({ kind }) => kind === world.kind));
      const queue = [...now];
      const workflowCase = await world.next(cluster);
      const rowDone = async (row: Row): Promise<void> => {
        const index = queue.findIndex((one) =>
          printRun(one).endsWith(`${row.moment} | ${row.fault}`)
        );
        const [planned] = queue.splice(index, 1);
        if (planned === undefined) throw new TypeError(`nobody asked for ${row.moment}`);
        left.delete(planned);
        await options.onRow(planned, row);
        options.stop?.throwIfAborted();
      };
      const end = await runWorkflow({
        ...options,
        cluster,
        second,
        workflowCase,
        runs: now,
        rows,
        definitions,
        tag: `r${n}c`,
        turn: now.some(({ moment }) => moment.phase === "complete") ||
          [...left].every(({ kind }) => kind !== world.kind),
        onRow: rowDone,
      });
      if (end === "completed") world.turn();
    }
  } catch (error) {
    if (options.keep !== undefined) await keepLogs(`${dataDir}/cluster`, options.keep);
    throw error;
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** All of them, but for completions: a workflow has one. */
function runsOfOneWorkflow(runs: readonly PlannedRun[]): readonly PlannedRun[] {
  const [end] = runs.filter(({ moment }) => moment.phase === "complete");
  return runs.filter((one) => one.moment.phase !== "complete" || one === end);
}

async function keepLogs(dataDir: string, keep: string): Promise<void> {
  const to = `${keep}/${new Date().toISOString().replaceAll(":", "")}`;
  await Deno.mkdir(to, { recursive: true });
  await run("cp", ["-r", `${dataDir}/logs`, `${dataDir}/cluster.json`, to]);
  for await (const { name } of Deno.readDir(`${dataDir}/tablets`)) {
    await run("cp", [`${dataDir}/tablets/${name}/error.log`, `${to}/logs/${name}.mysqld.log`]);
  }
}

async function chosenRuns(values: {
  readonly list?: string | undefined;
  readonly servers: string;
  readonly kinds: string;
  readonly moments: string;
  readonly faults: string;
}): Promise<readonly PlannedRun[]> {
  if (values.list !== undefined) {
    const text = await Deno.readTextFile(values.list);
    return text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map(parseRun);
  }
  const words = (text: string) => text.split(",").map((word) => word.trim()).filter(Boolean);
  return planRuns({
    servers: words(values.servers).map((name) => name === "mysql" ? "mysql" : "mariadb"),
    kinds: KINDS.filter((kind) => words(values.kinds).includes(kind)),
    moments: words(values.moments),
    faults: words(values.faults).map(parseFault),
  });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      list: { type: "string" },
      results: { type: "string" },
      table: { type: "boolean", default: false },
      "print-list": { type: "boolean", default: false },
      servers: { type: "string", default: "mariadb" },
      kinds: { type: "string", default: KINDS.join(",") },
      moments: { type: "string", default: "" },
      faults: { type: "string", default: "none" },
      rows: { type: "string", default: "3000" },
      "rows-to-copy": { type: "string", default: "60000" },
      clients: { type: "string", default: "8" },
      keep: { type: "string" },
      verbose: { type: "boolean", default: false },
    },
  });
  const write = (line: string) => {
    Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  };
  const results = values.results === undefined ? [] : await readResults(values.results);
  if (values.table) {
    write(printTables(results));
    return 0;
  }
  const done = new Set(results.map((result) => result.run));
  const runs = (await chosenRuns(values)).filter((one) => !done.has(printRun(one)));
  if (values["print-list"]) {
    for (const one of runs) write(printRun(one));
    return 0;
  }
  write(`${runs.length} runs`);
  const stop = new AbortController();
  const onSignal = () => stop.abort(new DOMException("stopped by a signal", "AbortError"));
  for (const name of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(name, onSignal);
  const { stdout } = await run("git", ["rev-parse", "--short", "HEAD"]);
  const failures = await runMatrix({
    runs,
    clients: Number(values.clients),
    rows: { large: Number(values["rows-to-copy"]), small: Number(values.rows) },
    onRow: async (planned, row) => {
      write(`${new Date().toISOString().slice(11, 19)} ${planned.server} ${printRow(row)}`);
      if (values.results !== undefined) {
        await addResult(values.results, planned, stdout.trim(), row);
      }
    },
    stop: stop.signal,
    ...(values.keep === undefined ? {} : { keep: values.keep }),
    ...(values.verbose ? { onCommand: (text: string) => write(`  ${text}`) } : {}),
  });
  for (const error of failures) write(error instanceof Error ? `${error.stack}` : String(error));
  return failures.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
