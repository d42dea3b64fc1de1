/**
 * Background work that belongs to a scope. A task started here is awaited when the scope ends, is
 * cancelled by the group's signal, and its error is reported: no promise floats.
 *
 *     await using tasks = new TaskGroup({ log, signal });
 *     tasks.start("watch shards", (signal) => watchShards(signal));
 */
import type { Log } from "../io/log.ts";

export interface TaskGroupOptions {
  readonly log: Log;
  /** Ends the group's tasks too. */
  readonly signal?: AbortSignal;
  /** Called after the log when a task fails; a program that can't live without it aborts here. */
  readonly onError?: (task: string, error: unknown) => void;
}

export type Task = (signal: AbortSignal) => Promise<void>;

export class TaskGroup implements AsyncDisposable {
  readonly #options: TaskGroupOptions;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(options: TaskGroupOptions) {
    this.#options = options;
    const { signal } = options;
    if (signal?.aborted === true) this.#stop.abort(signal.reason);
    signal?.addEventListener("abort", () => this.#stop.abort(signal.reason), {
      once: true,
      signal: this.#stop.signal,
    });
  }

  /** Aborts when the group ends. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Number of tasks that run. */
  get size(): number {
    return this.#running.size;
  }

  /** Starts a task; after the group's end it does nothing. */
  start(name: string, task: Task): void {
    if (this.signal.aborted) return;
    const running = this.#run(name, task).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when no task runs; those that are started meanwhile are waited for. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException("The scope of this task has ended", "AbortError"));
    await this.idle();
  }

  async #run(name: string, task: Task): Promise<void> {
    try {
      await task(this.signal);
    } catch (error) {
      // What a cancelled task throws is the cancellation's echo.
      if (this.signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      this.#options.log.error("background task failed", { task: name, error: message });
      this.#options.onError?.(name, error);
    }
  }
}
