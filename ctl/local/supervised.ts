/**
 * One process of the cluster, kept running: started again with a growing pause when it dies, until
 * the signal says stop. Its pid is on record, so that the next run finds what a killed one left.
 *
 *     starting ──▶ running ──exit──▶ pausing ──▶ starting
 *        └───────────┴── signal ──▶ stopping ──▶ stopped
 */
import { type Child, type ExitStatus, startChild } from "../../shared/host/child.ts";
import { sleep } from "../../shared/host/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { Launch } from "./layout.ts";
import { writePidRecord } from "./pid_record.ts";

export interface SupervisedOptions {
  /** Asked at each start, so that a new port or address takes effect. */
  readonly launch: () => Launch | Promise<Launch>;
  readonly command: (
    launch: Launch,
  ) => { readonly command: string; readonly args: readonly string[] };
  readonly dataDir: string;
  readonly graceMs: number;
  readonly log: Log;
}

export type SupervisedState =
  | { readonly at: "starting" }
  | { readonly at: "running"; readonly pid: number }
  | { readonly at: "pausing"; readonly exit: ExitStatus }
  | { readonly at: "stopped" };

const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 5000;
/** A process that lived this long starts over with the shortest pause. */
const HEALTHY_MS = 10_000;

export class Supervised {
  readonly name: string;
  readonly #options: SupervisedOptions;
  #state: SupervisedState = { at: "starting" };
  #restarts = 0;

  constructor(name: string, options: SupervisedOptions) {
    this.name = name;
    this.#options = options;
  }

  get state(): SupervisedState {
    return this.#state;
  }

  /** How often it had to be started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Runs until the signal; then stops the process and returns. */
  async run(signal: AbortSignal): Promise<void> {
    let pauseMs = PAUSE_MS_MIN;
    while (!signal.aborted) {
      this.#state = { at: "starting" };
      const startedMs = performance.now();
      const exit = await this.#runOnce(signal).catch((error): ExitStatus => {
        // The program isn't there, the disk is full: said, and tried again like any other death.
        const cause = error instanceof Error ? error.message : String(error);
        this.#options.log.error("process can't be started", { process: this.name, error: cause });
        return { code: 1, signal: undefined };
      });
      if (signal.aborted) break;
      if (performance.now() - startedMs > HEALTHY_MS) pauseMs = PAUSE_MS_MIN;
      this.#options.log.warn("process ended; starting it again", {
        process: this.name,
        code: exit.code,
        signal: exit.signal,
        pauseMs,
      });
      this.#state = { at: "pausing", exit };
      this.#restarts++;
      await sleep(pauseMs, { signal }).catch(() => {}); // An abort ends the loop above.
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
    }
    this.#state = { at: "stopped" };
  }

  async #runOnce(signal: AbortSignal): Promise<ExitStatus> {
    const launch = await this.#options.launch();
    const { command, args } = this.#options.command(launch);
    const child: Child = startChild({
      command,
      args,
      env: launch.env,
      logFile: `${this.#options.dataDir}/logs/${this.name}.log`,
      graceMs: this.#options.graceMs,
    });
    this.#state = { at: "running", pid: child.pid };
    const stop = () => void child.stop().catch(() => {}); // The exit below is what counts.
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      await writePidRecord(`${this.#options.dataDir}/run/${this.name}.pid`, this.name, child.pid);
      return await child.exited;
    } catch (error) {
      // Without a record a later run would not know it, so it doesn't stay.
      await child.stop();
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}
