/**
 * The VDiffs of a tablet. They run while it is its shard's primary, each from its row in _vt.vdiff:
 * after a death of tablet or mysqld, and after a reparent, they go on behind the last chunk.
 */
import { vtError } from "../../shared/error/errors.ts";
import { sleep } from "../../shared/host/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { VDiffAdmin, VDiffStatus } from "../../shared/rpc/vdiff.ts";
import { releaseStreams } from "./point.ts";
import { type RunOptions, runVDiff } from "./run.ts";
import { Turns } from "../vreplication/turns.ts";
import type { StoredVDiff } from "./vdiff_rows.ts";

export interface VDiffEngineOptions extends Omit<RunOptions, "turns"> {
  readonly log: Log;
}

interface Call {
  readonly signal: AbortSignal;
}

interface Running {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** Until the rows can be read after a promotion. */
const START_PAUSE_MS = 500;
/** What is written when it ends must get through though it was told to end. */
const LAST_WRITE_MS_MAX = 10_000;

export class VDiffEngine implements AsyncDisposable {
  readonly #options: VDiffEngineOptions;
  readonly #running = new Map<string, Running>();
  readonly #stop = new AbortController();
  readonly #turns = new Turns();
  #primary = false;
  #following: Promise<void> = Promise.resolve();

  constructor(options: VDiffEngineOptions) {
    this.#options = options;
  }

  /** How many run now. */
  get size(): number {
    return this.#running.size;
  }

  /** Told whenever the tablet's role may have changed. */
  setPrimary(primary: boolean): void {
    if (primary === this.#primary) return;
    this.#primary = primary;
    this.#following = this.#following.then(() => primary ? this.#startAll() : this.#stopAll());
  }

  /** Until it is done, or no longer wanted. */
  async #startAll(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && this.#primary) {
      try {
        const all = await this.#options.rows.list("", "", { signal });
        // Also those that have ended: mysqld may have been away when they let go.
        for (const workflow of new Set(all.map((vdiff) => vdiff.workflow))) {
          await releaseStreams(this.#options.streams, workflow);
        }
        for (const vdiff of all) if (vdiff.state === "started") this.#start(vdiff);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#options.log.warn("vdiffs could not be started", { error: String(error) });
        // The signal ends the pause and the loop.
        await sleep(START_PAUSE_MS, { signal }).catch(() => {});
      }
    }
  }

  async #stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((uuid) => this.#stopOne(uuid)));
  }

  async #stopOne(uuid: string): Promise<void> {
    const running = this.#running.get(uuid);
    running?.stop.abort(new DOMException("The vdiff was stopped", "AbortError"));
    await running?.ended;
  }

  #start(vdiff: StoredVDiff): void {
    if (this.#running.has(vdiff.uuid) || this.#stop.signal.aborted) return;
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#stop.signal]);
    const ended = this.#run(vdiff, { signal }).finally(() => this.#running.delete(vdiff.uuid));
    this.#running.set(vdiff.uuid, { stop, ended });
  }

  /** Never throws: how it ended stands in its row. */
  async #run(vdiff: StoredVDiff, call: Call): Promise<void> {
    const { rows, log } = this.#options;
    const what = { vdiff: vdiff.uuid, workflow: vdiff.workflow };
    try {
      await runVDiff({ ...this.#options, turns: this.#turns }, vdiff, call);
      log.info("vdiff completed", what);
    } catch (error) {
      // Whoever stopped it says so in its row; a tablet that ends leaves it to go on.
      if (call.signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      log.error("vdiff failed", { ...what, error: message });
      const last = { signal: AbortSignal.timeout(LAST_WRITE_MS_MAX) };
      await rows.setState(vdiff.id, "error", message, last).catch((failure) => {
        log.warn("the end of a vdiff could not be written", { ...what, error: String(failure) });
      });
    }
  }

  /** VT22002 on a tablet that isn't its shard's primary. */
  #checkPrimary(): void {
    if (this.#primary) return;
    throw vtError(
      "VT22002",
      "vdiffs run on the primary of their shard, which this tablet isn't",
    );
  }

  async create(request: VDiffAdmin["VDiffCreate"]["request"], call: Call): Promise<void> {
    this.#checkPrimary();
    const { rows } = this.#options;
    const { uuid, workflow, options, start } = request;
    await rows.insert({ uuid, workflow, options }, start ? "started" : "pending", call);
    if (start) await this.resume(workflow, uuid, call);
  }

  async show(workflow: string, uuid: string, call: Call): Promise<readonly VDiffStatus[]> {
    return await this.#options.rows.statuses(workflow, uuid, call);
  }

  async stop(workflow: string, uuid: string, call: Call): Promise<void> {
    this.#checkPrimary();
    const { rows } = this.#options;
    const vdiff = await rows.find(workflow, uuid, call);
    await this.#stopOne(uuid);
    const { state } = await rows.find(workflow, uuid, call);
    if (state === "completed" || state === "error") return;
    await rows.setState(vdiff.id, "stopped", "", call);
  }

  async resume(workflow: string, uuid: string, call: Call): Promise<void> {
    this.#checkPrimary();
    const { rows } = this.#options;
    const vdiff = await rows.find(workflow, uuid, call);
    if (this.#running.has(uuid) || vdiff.state === "completed") return;
    await rows.setState(vdiff.id, "started", "", call);
    this.#start(vdiff);
  }

  /** How many there were. */
  async delete(workflow: string, uuid: string, call: Call): Promise<number> {
    this.#checkPrimary();
    const { rows } = this.#options;
    const vdiffs = await rows.list(workflow, uuid, call);
    for (const vdiff of vdiffs) await this.#stopOne(vdiff.uuid);
    await rows.delete(vdiffs.map(({ id }) => id), call);
    return vdiffs.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException("The tablet shuts down", "AbortError"));
    await this.#following;
    await this.#stopAll();
  }
}
