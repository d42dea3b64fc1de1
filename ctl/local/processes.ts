/** The processes of a cluster by name: started, kept up and stopped each on its own. */
import type { Log } from "../../shared/io/log.ts";
import type { Launch } from "./layout.ts";
import { commandOf } from "./programs.ts";
import { Supervised, type SupervisedState } from "./supervised.ts";

/** A tablet drains transactions and then stops its mysqld, which flushes. */
const GRACE_MS = 40_000;

interface Entry {
  readonly process: Supervised;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

export interface ProcessStatus {
  readonly name: string;
  readonly state: SupervisedState["at"];
  readonly pid: number | undefined;
  readonly restarts: number;
}

export class Processes {
  readonly #dataDir: string;
  readonly #log: Log;
  readonly #entries = new Map<string, Entry>();

  constructor(dataDir: string, log: Log) {
    this.#dataDir = dataDir;
    this.#log = log;
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#entries.keys());
  }

  /** Starts a process unless one of that name runs. `launch` is asked again at each restart. */
  start(name: string, launch: () => Launch): void {
    if (this.#entries.has(name)) return;
    const process = new Supervised(name, {
      launch,
      command: commandOf,
      dataDir: this.#dataDir,
      graceMs: GRACE_MS,
      log: this.#log,
    });
    const stop = new AbortController();
    this.#entries.set(name, { process, stop, ended: process.run(stop.signal) });
  }

  /** Stops a process for good; does nothing when none has that name. */
  async stop(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    entry.stop.abort();
    await entry.ended;
    this.#entries.delete(name);
    await Deno.remove(`${this.#dataDir}/run/${name}.pid`).catch(() => {}); // Never got that far.
  }

  /** How often a process had to be started again; 0 when there is none. */
  restartsOf(name: string): number {
    return this.#entries.get(name)?.process.restarts ?? 0;
  }

  status(): readonly ProcessStatus[] {
    return [...this.#entries.values()].map(({ process }) => ({
      name: process.name,
      state: process.state.at,
      pid: process.state.at === "running" ? process.state.pid : undefined,
      restarts: process.restarts,
    }));
  }
}
