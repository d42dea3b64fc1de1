/**
 * Keeps mysqld up: adopts the one that an earlier tablet left, starts one otherwise, and starts
 * it again when it dies, with growing pauses while it dies at once. An unmanaged mysqld is only
 * watched.
 */
import { sleep } from "../../shared/host/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { PreparedFolder } from "./data_dir.ts";
import type { Dba } from "./dba.ts";
import { adoptMysqld, type MysqldProcess, startMysqld } from "./process.ts";

/** Told about each change; must not wait. */
export interface MysqldListener {
  up(): void;
  down(cause: string): void;
  /** What new sessions log is set otherwise than before; sessions that stand go on as they did. */
  loggingChanged(): void;
}

export interface MysqldLife {
  /** Watches over mysqld until the signal; mysqld itself stays as it is then. */
  run(listener: MysqldListener, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Ends mysqld in order. Does nothing for one that isn't ours. Call it after `run`. */
  stop(): Promise<void>;
  /** Looks now for what `run` sees sooner or later. Nothing to do for one that is ours. */
  look(options: { readonly signal: AbortSignal }): Promise<void>;
  /** Undefined while there is none, and for one that isn't ours. */
  readonly pid: number | undefined;
}

const BACKOFF_MS = [100, 200, 500, 1000, 2000, 5000, 10_000] as const;
/** Having lived so long, a mysqld that dies is started again at once. */
const HEALTHY_MS = 30_000;

export class MysqldSupervisor implements MysqldLife {
  readonly #folder: PreparedFolder;
  readonly #log: Log;
  #process: MysqldProcess | undefined;
  #first: MysqldProcess | undefined;

  /** `first`: started already, for the set-up of a fresh data directory. */
  constructor(folder: PreparedFolder, log: Log, first?: MysqldProcess) {
    this.#folder = folder;
    this.#log = log;
    this.#first = first;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async run(listener: MysqldListener, options: { readonly signal: AbortSignal }): Promise<void> {
    const { signal } = options;
    let failures = 0;
    while (!signal.aborted) {
      const startedMs = performance.now();
      try {
        this.#process = await this.#adoptOrStart(options);
        listener.up();
        await aborted(this.#process.exited, signal);
        if (signal.aborted) return;
        listener.down("mysqld has ended");
      } catch (error) {
        if (signal.aborted) return;
        listener.down(error instanceof Error ? error.message : String(error));
      }
      this.#process = undefined;
      failures = performance.now() - startedMs > HEALTHY_MS ? 0 : failures + 1;
      const pauseMs = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length) - 1] ?? 0;
      this.#log.warn("mysqld is down", { pauseMs, failures });
      // The signal ends the pause and the loop.
      await sleep(pauseMs, options).catch(() => {});
    }
  }

  async stop(): Promise<void> {
    const process = this.#process ?? this.#first;
    this.#first = undefined;
    if (process === undefined) return;
    this.#log.info("stopping mysqld", { pid: process.pid });
    await process.stop();
    this.#process = undefined;
  }

  async look(): Promise<void> {}

  /** Lets a mysqld that shall go on running outlive this process. */
  async release(): Promise<void> {
    await (this.#process ?? this.#first)?.release();
    this.#process = this.#first = undefined;
  }

  async #adoptOrStart(options: { readonly signal: AbortSignal }): Promise<MysqldProcess> {
    const { server, paths } = this.#folder;
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) return first;
    const startedMs = performance.now();
    const process = await adoptMysqld(paths, options) ?? await startMysqld(server, paths, options);
    const tookMs = Math.round(performance.now() - startedMs);
    this.#log.info("mysqld is up", { pid: process.pid, adopted: process.adopted, tookMs });
    return process;
  }
}

/** Watches a mysqld that somebody else runs. */
export class UnmanagedMysqld implements MysqldLife {
  readonly #dba: Dba;
  readonly #intervalMs: number;
  readonly pid = undefined;
  #listener: MysqldListener | undefined;
  #logging: string | undefined;

  constructor(dba: Dba, intervalMs: number) {
    this.#dba = dba;
    this.#intervalMs = intervalMs;
  }

  async run(listener: MysqldListener, options: { readonly signal: AbortSignal }): Promise<void> {
    let up = false;
    this.#listener = listener;
    while (!options.signal.aborted) {
      const cause = await this.#whyDown(options.signal);
      if (options.signal.aborted) return;
      if (cause === undefined && !up) listener.up();
      if (cause !== undefined && up) listener.down(cause);
      up = cause === undefined;
      await sleep(this.#intervalMs, options).catch(() => {});
    }
  }

  async stop(): Promise<void> {}

  async look(options: { readonly signal: AbortSignal }): Promise<void> {
    const logging = JSON.stringify((await this.#dba.query(LOGGING, options)).rows);
    const changed = this.#logging !== undefined && this.#logging !== logging;
    this.#logging = logging;
    if (changed) this.#listener?.loggingChanged();
  }

  async #whyDown(signal: AbortSignal): Promise<string | undefined> {
    try {
      const timeout = AbortSignal.timeout(PING_TIMEOUT_MS);
      await this.look({ signal: AbortSignal.any([signal, timeout]) });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

const PING_TIMEOUT_MS = 5000;
/** Of each, a session has its own from its beginning on. */
const LOGGING =
  "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('binlog_format', 'binlog_row_image')";

/** Resolves with the promise or with the signal, whichever is first. */
function aborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", done, { once: true });
    void promise.then(done, done);
  });
}
