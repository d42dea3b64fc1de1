/**
 * Runs a workflow's command as a person does: again until it is through. A fault strikes when the
 * command says a certain line, or some time after it began.
 */
import { delayOf, type Moment } from "./fault_moments.ts";
import { type LocalCluster, vtctlLines } from "./local_cluster.ts";
import type { SecondCtld } from "./second_ctld.ts";
import type { Aim } from "./victims.ts";

export interface Ran {
  /** How often it was run until it was through. */
  readonly runs: number;
  /** How long neither side took writes, ms, as the last run says; undefined when it says nothing. */
  readonly stoppedMs: number | undefined;
}

export interface CommandLoopOptions {
  readonly cluster: LocalCluster;
  readonly second: SecondCtld;
  readonly onCommand?: (text: string) => void;
}

/** Of one command, again and again. */
const COMMAND_MS_MAX = 150_000;
const AGAIN_MS = 500;
/** What has come back has been back for long when a command has failed so often. */
const RUNS_MAX = 40;
/** How long the first vtctld may take to find out that it is not needed any more. */
const REPLACED_MS_MAX = 60_000;

const CLEAN =
  /\{ProcessedRows:(\d+) MatchingRows:\1 MismatchedRows:0 ExtraRowsSource:0 ExtraRowsTarget:0\}$/;

/** The moment of a fault never came. */
export class Missed extends Error {}

export class CommandLoop {
  readonly #options: CommandLoopOptions;

  constructor(options: CommandLoopOptions) {
    this.#options = options;
  }

  /** Throws when it isn't through in time; Missed when it was before the fault could strike. */
  async run(args: readonly string[], moment?: Moment, aimed?: Aim): Promise<Ran> {
    const trigger = new Trigger(moment, aimed);
    if (aimed?.replaces === true) return await this.#replaced(args, trigger);
    const ran = await this.#again(
      args,
      (line) => trigger.line(line),
      this.#options.cluster.ctldAddress,
    );
    trigger.ended(args);
    return ran;
  }

  /** Rows compared. Throws unless they are all the same. */
  async vdiff(name: string): Promise<number> {
    const deadline = performance.now() + COMMAND_MS_MAX;
    for (;;) {
      const startedMs = performance.now();
      const { code, stdout, stderr } = await this.#options.cluster.tryVtctl("VDiff", name);
      this.#tell(startedMs, ["VDiff", name], code, `${stdout}${stderr}`);
      if (code === 0) {
        const lines = stdout.trim().split("\n");
        const wrong = lines.filter((line) => !CLEAN.test(line));
        if (wrong.length > 0) throw new Error(`VDiff ${name}: ${wrong.join("; ")}`);
        return lines.reduce((all, line) => all + Number(CLEAN.exec(line)?.[1]), 0);
      }
      if (performance.now() > deadline) throw new Error(`VDiff ${name}: ${stderr}`);
      await pause(AGAIN_MS);
    }
  }

  /**
   * The vtctld that runs the command is stopped and another does it all; then the first goes on
   * where it stood, and must find that it has lost its locks.
   */
  async #replaced(args: readonly string[], trigger: Trigger): Promise<Ran> {
    const { cluster, second } = this.#options;
    const server = await second.address();
    const first = vtctlLines(cluster, args, (line) => trigger.line(line));
    const ended = first.then(() => "ended" as const);
    if (await Promise.race([trigger.struck, ended]) === "ended") trigger.ended(args);
    const ran = await this.#again(args, () => {}, server);
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), REPLACED_MS_MAX);
    const which = await Promise.race([ended, late.promise]);
    clearTimeout(timer);
    if (which === "late") throw new Error(`the first vtctld did not end ${args.join(" ")}`);
    this.#options.onCommand?.(`  the first one: ${lastLine((await first).stderr)}`);
    return { ...ran, runs: ran.runs + 1 };
  }

  async #again(
    args: readonly string[],
    onLine: (line: string) => void,
    server: string,
  ): Promise<Ran> {
    const deadline = performance.now() + COMMAND_MS_MAX;
    const seen: string[] = [];
    for (let runs = 1;; runs++) {
      const startedMs = performance.now();
      const { code, stderr } = await vtctlLines(this.#options.cluster, args, onLine, server);
      this.#tell(startedMs, args, code, lastLine(stderr));
      if (code === 0 || isDone(args, stderr)) {
        const paused = /writes were paused for (\d+) ms/.exec(stderr)?.[1];
        return { runs, stoppedMs: paused === undefined ? undefined : Number(paused) };
      }
      seen.push(stderr.trim().split("\n").slice(-3).join(" / "));
      if (performance.now() > deadline || runs === RUNS_MAX) {
        throw new Error(`${args.join(" ")} failed ${runs} times: ${seen.slice(-3).join(" | ")}`);
      }
      await pause(AGAIN_MS);
    }
  }

  #tell(startedMs: number, args: readonly string[], code: number, text: string): void {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    const outcome = code === 0 ? "ok" : text.trim();
    this.#options.onCommand?.(`${seconds} s ${args.join(" ")}: ${outcome}`);
  }
}

/** Has the fault strike once. */
class Trigger {
  readonly #moment: Moment | undefined;
  readonly #struck = Promise.withResolvers<void>();
  #aimed: Aim | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #error: unknown;

  constructor(moment: Moment | undefined, aimed: Aim | undefined) {
    this.#moment = moment;
    this.#aimed = aimed;
    if (moment === undefined || aimed === undefined) return;
    const delay = delayOf(moment);
    if (delay !== undefined) this.#timer = setTimeout(() => this.#strike(), delay);
    else if (moment.at === "") this.#strike();
  }

  get struck(): Promise<void> {
    return this.#struck.promise;
  }

  line(line: string): void {
    if (
      this.#timer === undefined && this.#moment !== undefined && line.startsWith(this.#moment.at)
    ) {
      this.#strike();
    }
  }

  #strike(): void {
    const aimed = this.#aimed;
    this.#aimed = undefined;
    try {
      aimed?.strike();
    } catch (error) {
      this.#error = error;
    }
    this.#struck.resolve();
  }

  /** The command is through. */
  ended(args: readonly string[]): void {
    clearTimeout(this.#timer);
    if (this.#error !== undefined) throw this.#error;
    if (this.#aimed === undefined || this.#moment === undefined) return;
    this.#aimed = undefined;
    throw new Missed(`${args.join(" ")} was through before "${this.#moment.at}"`);
  }
}

/** A second run of what the first has done though it could not say so. */
function isDone(args: readonly string[], stderr: string): boolean {
  if (args.includes("create")) return /already exists/.test(stderr);
  if (args.includes("complete") || args.includes("cancel")) {
    return /workflow not found/.test(stderr);
  }
  return false;
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
