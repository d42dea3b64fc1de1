// deno-lint-ignore-file no-console
/**
 * How long clients wait while writes are switched and switched back: eight of them write through
 * the gate, two read, and SwitchTraffic and ReverseTraffic come in between. For each it prints the
 * latencies of what took place meanwhile, and how long each step of the pause took.
 *
 *     deno run -A tests/bench/switch_pause.ts [--kinds move,1-2,2-4] [--rounds N] [--mysqld PATH] [--disturb transaction,select,lock,alter]
 */
import { parseArgs } from "node:util";
import { Guestbook, percentile } from "../cluster/guestbook.ts";
import { type LocalCluster, run as runProgram } from "../cluster/local_cluster.ts";
import { FaultWorld, WORLD_KINDS, type WorldKind } from "../cluster/fault_world.ts";
import { CustomerVisitor } from "../cluster/visitors.ts";
import type { WorkflowCase } from "../cluster/workflow_case.ts";
import { disturb, type Disturbance, DISTURBANCES } from "./disturb.ts";

interface Options {
  readonly kind: WorldKind;
  readonly clients: number;
  readonly rows: number;
  readonly rounds: number;
  readonly mysqld: string | undefined;
  readonly disturbances: readonly Disturbance[];
}

/** Writes of all clients before and behind each command. */
const WRITES_BETWEEN = 200;
const WRITES_MS_MAX = 60_000;

async function measureKind(options: Options): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "vtpause" });
  try {
    const world = new FaultWorld({ ...options, dataDir, rdonly: false });
    await using cluster = await world.start();
    // There, and back where rows have been before.
    for (let way = 0; way < 2; way++) {
      await measureCase(cluster, `${dataDir}/cluster/logs/vtctld.log`, await world.next(cluster), {
        ...options,
        tag: `w${way}c`,
      });
      world.turn();
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function measureCase(
  cluster: LocalCluster,
  log: string,
  workflowCase: WorkflowCase,
  options: Options & { readonly tag: string },
): Promise<void> {
  await cluster.vtctl(...workflowCase.create, "--wait");
  const book = new Guestbook({
    port: cluster.mysqlPort,
    clients: options.clients,
    readers: 2,
    tag: options.tag,
    visitor: new CustomerVisitor(),
  });
  try {
    for (const disturbance of [undefined, ...options.disturbances]) {
      for (let round = 0; round < (disturbance === undefined ? options.rounds : 1); round++) {
        for (const action of ["switchtraffic", "reversetraffic"]) {
          const place = action === "switchtraffic" ? workflowCase.source : workflowCase.target;
          await book.more(WRITES_BETWEEN, WRITES_MS_MAX);
          const held = disturbance && await disturb(disturbance, cluster, place);
          await measureSwitch(cluster, log, book, workflowCase, action, disturbance);
          if (held !== undefined) console.log(`    ${await held.end()}`);
        }
      }
    }
    await book.more(WRITES_BETWEEN, WRITES_MS_MAX);
    await cluster.vtctl(...workflowCase.action("switchtraffic"));
  } finally {
    const { failedReads, reads, errors, examples } = await book.stop();
    console.log(
      `  ${reads} reads, failed: ${failedReads.length} ${failedReads.slice(0, 3).join("; ")}`,
    );
    for (const [errno, count] of errors) {
      console.log(`  writes refused with ${errno}: ${count}, as ${examples.get(errno)}`);
    }
  }
  await cluster.vtctl(...workflowCase.action("complete"));
}

async function measureSwitch(
  cluster: LocalCluster,
  log: string,
  book: Guestbook,
  workflowCase: WorkflowCase,
  action: string,
  disturbance: Disturbance | undefined,
): Promise<void> {
  const logged = (await Deno.stat(log)).size;
  const fromMs = performance.now();
  const { code, stderr } = await cluster.tryVtctl(...workflowCase.action(action));
  const commandMs = performance.now() - fromMs;
  await book.more(WRITES_BETWEEN / 2, WRITES_MS_MAX);
  const toMs = performance.now();
  const paused = /writes were paused for (\d+) ms/.exec(stderr)?.[1] ?? "-";
  const among = (latencies: Guestbook["latencies"]): string =>
    [50, 99, 100].map((p) => percentile(latencies, p, fromMs, toMs).toFixed(0)).join(" / ");
  console.log(
    `${workflowCase.name} ${action}${disturbance === undefined ? "" : ` with ${disturbance}`}: ` +
      `${code === 0 ? "ok" : `FAILED ${stderr.trim()}`} in ${commandMs.toFixed(0)} ms, ` +
      `pause ${paused} ms; writes p50/p99/max ${among(book.latencies)} ms, ` +
      `reads ${among(book.readLatencies)} ms`,
  );
  console.log(`  ${(await stepsOf(log, logged)).join(", ")}`);
}

/** "deny 12 ms", in the order in which they ended; several of a kind as their longest. */
async function stepsOf(log: string, from: number): Promise<readonly string[]> {
  const bytes = await Deno.readFile(log);
  const text = new TextDecoder().decode(bytes.subarray(from));
  const steps: { name: string; ms: number }[] = [];
  for (const line of text.split("\n")) {
    if (!line.includes("workflow effect")) continue;
    const name = /"?effect"?[=:]"?(\w+)/.exec(line)?.[1] ?? "?";
    const ms = Number(/"?tookMs"?[=:](\d+)/.exec(line)?.[1] ?? 0);
    const last = steps.at(-1);
    if (last?.name === name) last.ms = Math.max(last.ms, ms);
    else steps.push({ name, ms });
  }
  return steps.map(({ name, ms }) => `${name} ${ms}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      kinds: { type: "string", default: WORLD_KINDS.join(",") },
      clients: { type: "string", default: "8" },
      rows: { type: "string", default: "5000" },
      rounds: { type: "string", default: "2" },
      mysqld: { type: "string" },
      disturb: { type: "string", default: "" },
    },
  });
  const server = values.mysqld ?? "mariadbd";
  const version = (await runProgram(server, ["--version"])).stdout.trim();
  console.log(version === "" ? server : version);
  const disturbances = values.disturb.split(",");
  for (const kind of WORLD_KINDS.filter((one) => values.kinds.split(",").includes(one))) {
    await measureKind({
      kind,
      clients: Number(values.clients),
      rows: Number(values.rows),
      rounds: Number(values.rounds),
      mysqld: values.mysqld,
      disturbances: DISTURBANCES.filter((one) => disturbances.includes(one)),
    });
  }
}

if (import.meta.main) await main();
