/**
 * Runs a workflow from create to complete under writing clients, and kills a process at a moment
 * of it: in the copy, while streams follow, at a step of the switch, of its reversal, of its
 * completion. After each kill the same command is run again until it is through; then every row
 * that was acknowledged must be where traffic goes, on its own shard, and a VDiff of the streams
 * that run must be clean.
 */
import { checkBook, checkPlacement } from "./book_rows.ts";
import { Guestbook, percentile } from "./guestbook.ts";
import { type LocalCluster, vtctlLines } from "./local_cluster.ts";
import { CustomerVisitor } from "./visitors.ts";
import { aim, type Victim } from "./victims.ts";
import type { Place, WorkflowCase } from "./workflow_case.ts";

/** Lines that SwitchTraffic says, in their order; a kill comes when one is said. */
export const SWITCH_STEPS = [
  "Waiting for streams to catch up before writes stop",
  "Stopping source writes",
  "Waiting for streams to catchup",
  "Stopping streams",
  "Creating reverse streams",
  "Creating journals",
  "Allowing writes on target",
  "Updating routing",
  "Starting reverse workflow",
  "Marking workflow frozen",
] as const;

export const COMPLETE_STEPS = [
  "Removing streams",
  "Dropping source tables",
  "Deleting source shards",
];

export type Phase =
  | { readonly in: "copy" | "catch-up" }
  | { readonly in: "switch" | "reverse"; readonly step: string }
  | { readonly in: "complete" };

export interface Row {
  readonly workflow: string;
  readonly victim: Victim;
  readonly phase: string;
  /** How often the command was run until it was through; 1: by itself. */
  readonly runs: number;
  /** Longest write while it happened, ms. */
  readonly pauseMs: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  readonly fault: string;
}

export interface RunOptions {
  readonly cluster: LocalCluster;
  readonly workflowCase: WorkflowCase;
  readonly victim: Victim;
  readonly phases: readonly Phase[];
  readonly clients: number;
  readonly tag: string;
  readonly onRow: (row: Row) => void;
  /** Told of each command: how long it took, and how it failed. */
  readonly onCommand?: (text: string) => void;
}

const WRITES_AFTER = 120;
const RECOVERY_MS_MAX = 90_000;
/** Of one command, again and again. */
const COMMAND_MS_MAX = 150_000;
const AGAIN_MS = 500;

export function printPhase(phase: Phase): string {
  return "step" in phase ? `${phase.in}: ${phase.step}` : phase.in;
}

/** One workflow with these faults in it; throws when the cluster can't be used any more. */
export async function runFaults(options: RunOptions): Promise<void> {
  await new FaultRun(options).run();
}

class FaultRun {
  readonly #options: RunOptions;
  readonly #visitor = new CustomerVisitor();
  readonly #book: Guestbook;
  #before = { refused: 0, unknown: 0, acknowledged: 0 };

  constructor(options: RunOptions) {
    this.#options = options;
    const { cluster, clients, tag } = options;
    this.#book = new Guestbook({
      port: cluster.mysqlPort,
      clients,
      tag,
      visitor: this.#visitor,
    });
  }

  async run(): Promise<void> {
    try {
      await this.#book.more(WRITES_AFTER, RECOVERY_MS_MAX);
      await this.#phases();
    } finally {
      await this.#book.stop();
    }
  }

  async #phases(): Promise<void> {
    const { phases, workflowCase } = this.#options;
    const has = (name: Phase["in"]) => phases.some((phase) => phase.in === name);
    const copied = () => this.#command(workflowCase.action("status", "--wait"));
    await this.#row(has("copy") ? { in: "copy" } : undefined, async (kill) => {
      const runs = await this.#command(workflowCase.create, "Starting streams", kill);
      await copied();
      return runs;
    }, "source");
    if (has("catch-up")) {
      await this.#row({ in: "catch-up" }, async (kill) => {
        kill?.();
        await this.#book.more(WRITES_AFTER, RECOVERY_MS_MAX);
        await copied();
        return 1;
      }, "source");
    }
    const there = workflowCase.action("switchtraffic");
    const back = workflowCase.action("reversetraffic");
    for (const phase of phases) {
      if (phase.in === "switch") {
        await this.#row(phase, (kill) => this.#command(there, phase.step, kill), "target");
        await this.#command(back);
      } else if (phase.in === "reverse") {
        await this.#command(there);
        await this.#row(phase, (kill) => this.#command(back, phase.step, kill), "source");
      }
    }
    await this.#command(there);
    await this.#row(has("complete") ? { in: "complete" } : undefined, async (kill) => {
      return await this.#command(workflowCase.action("complete"), "", kill);
    }, "gone");
  }

  /** Does it with a kill (without one for no phase), checks everything, and tells. */
  async #row(
    phase: Phase | undefined,
    work: (kill: (() => void) | undefined) => Promise<number>,
    then: "source" | "target" | "gone",
  ): Promise<void> {
    const { cluster, victim, workflowCase, onRow } = this.#options;
    if (phase === undefined) {
      await work(undefined);
      return;
    }
    const kill = await aim(cluster, victim, workflowCase);
    const fromMs = performance.now();
    let runs = 0;
    let fault = "";
    try {
      runs = await work(kill);
      await this.#book.more(WRITES_AFTER, RECOVERY_MS_MAX);
    } catch (error) {
      fault = messageOf(error);
    }
    const pauseMs = Math.round(percentile(this.#book.latencies, 100, fromMs));
    if (fault === "") fault = await this.#check(then);
    const now = this.#book.totals;
    const before = this.#before;
    this.#before = now;
    onRow({
      workflow: workflowCase.name,
      victim,
      phase: printPhase(phase),
      runs,
      pauseMs,
      acknowledged: now.acknowledged - before.acknowledged,
      refused: now.refused - before.refused,
      unknown: now.unknown - before.unknown,
      fault,
    });
    if (fault !== "") throw new Error(`${victim} in ${printPhase(phase)}: ${fault}`);
  }

  /** What is wrong; "" for nothing. */
  async #check(then: "source" | "target" | "gone"): Promise<string> {
    const { cluster, workflowCase } = this.#options;
    const { source, target, vdiff, vdiffBack } = workflowCase;
    try {
      const serving: Place = then === "source" ? source : target;
      if (then !== "gone") await this.#vdiff(then === "source" ? vdiff : vdiffBack);
      await this.#book.quiet(async () => {
        const book = { visitor: this.#visitor, tag: this.#book.tag };
        await checkBook(cluster, book, serving.shards, serving.keyspace);
        if (serving.shards.length > 1) await checkPlacement(cluster, serving.shards);
      }, { forget: false });
      return "";
    } catch (error) {
      return messageOf(error);
    }
  }

  async #vdiff(name: string): Promise<void> {
    const deadline = performance.now() + COMMAND_MS_MAX;
    for (;;) {
      const startedMs = performance.now();
      const { code, stdout, stderr } = await this.#options.cluster.tryVtctl("VDiff", name);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      this.#options.onCommand?.(`${seconds} s VDiff ${name}: ${code} ${stdout}${stderr}`.trim());
      if (code === 0) {
        const clean =
          /\{ProcessedRows:(\d+) MatchingRows:\1 MismatchedRows:0 ExtraRowsSource:0 ExtraRowsTarget:0\}$/;
        const wrong = stdout.trim().split("\n").filter((line) => !clean.test(line));
        if (wrong.length > 0) throw new Error(`VDiff ${name}: ${wrong.join("; ")}`);
        return;
      }
      if (performance.now() > deadline) throw new Error(`VDiff ${name}: ${stderr}`);
      await pause(AGAIN_MS);
    }
  }

  /** Runs it again and again until it is through; how often. The kill comes with that line. */
  async #command(
    args: readonly string[],
    at?: string,
    kill?: () => void,
  ): Promise<number> {
    const deadline = performance.now() + COMMAND_MS_MAX;
    let armed = kill;
    const seen: string[] = [];
    for (let runs = 1;; runs++) {
      const startedMs = performance.now();
      const { code, stderr } = await vtctlLines(this.#options.cluster, args, (line) => {
        if (armed === undefined || at === undefined || !line.startsWith(at)) return;
        armed();
        armed = undefined;
      });
      const last = stderr.trim().split("\n").at(-1) ?? "";
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      this.#options.onCommand?.(`${seconds} s ${args.join(" ")}: ${code === 0 ? "ok" : last}`);
      if (code === 0 || isDone(args, stderr)) {
        if (armed !== undefined && at !== "") {
          throw new Error(`"${at}" was never said by ${args.join(" ")}: ${stderr}`);
        }
        armed?.();
        return runs;
      }
      seen.push(last);
      if (performance.now() > deadline) {
        throw new Error(`${args.join(" ")} failed ${runs} times: ${seen.slice(-3).join(" | ")}`);
      }
      await pause(AGAIN_MS);
    }
  }
}

/** A second run of what the first has done though it could not say so. */
function isDone(args: readonly string[], stderr: string): boolean {
  if (args.includes("create")) return /already exists/.test(stderr);
  if (args.includes("complete")) return /workflow not found/.test(stderr);
  return false;
}

function messageOf(error: unknown): string {
  return error instanceof Error
    ? error.message.replaceAll(/\s+/g, " ").slice(0, 600)
    : String(error);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
