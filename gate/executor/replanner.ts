/**
 * Statements that were planned for a cluster that has changed meanwhile: a shard or a tablet has
 * refused them before they started, so they are planned again. During a switch of traffic the
 * place that no longer serves refuses before the topology says which one does: they wait here.
 *
 * `Gateway` waits for tablets of a given shard; what changes the shard is waited for here.
 */
import { VtError, vtError } from "../../shared/error/errors.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Options } from "../../shared/rpc/query_service.ts";

/** A refusal may also end without news from the topology, as when a switch is taken back. */
const RETRY_MS = 100;

export interface ReplannerOptions {
  /** Of the newest catalog. */
  readonly version: () => number;
  /** Calls back after each change of the catalog. */
  readonly onChange: (listener: () => void) => Disposable;
  readonly clock: Clock;
  /** How long a statement may wait, from its start. */
  readonly bufferMs: number;
  /** Statements that may wait at a time. */
  readonly waitersMax: number;
}

export class Replanner {
  readonly #options: ReplannerOptions;
  #waiting = 0;

  constructor(options: ReplannerOptions) {
    this.#options = options;
  }

  /** Statements that wait for a change. */
  get waiting(): number {
    return this.#waiting;
  }

  /** True when another plan may get around the error. `version`: of the catalog of this plan. */
  mayHelp(error: unknown, version: number): boolean {
    if (!(error instanceof VtError)) return false;
    if (error.status === "cluster_event") return true;
    // The shard may be gone, or not serve this tablet type any more.
    return error.id === "VT20005" && version !== this.#options.version();
  }

  /**
   * Resolves when it is worth another try. Throws `failure` when the time is up, VT20016 when too
   * many wait, ER_QUERY_INTERRUPTED when the signal aborts.
   */
  async wait(
    failure: unknown,
    version: number,
    startedMs: number,
    options: Options,
  ): Promise<void> {
    const { clock, bufferMs, waitersMax } = this.#options;
    const leftMs = startedMs + bufferMs - clock.monotonicMs();
    if (leftMs <= 0) throw failure;
    if (version !== this.#options.version()) return;
    if (this.#waiting >= waitersMax) {
      throw vtError("VT20016", this.#waiting, "the topology to change");
    }
    this.#waiting++;
    try {
      await this.#change(Math.min(leftMs, RETRY_MS), options);
    } finally {
      this.#waiting--;
    }
  }

  /** Waits for a change of the catalog, `ms` at most. */
  async #change(ms: number, { signal }: Options): Promise<void> {
    const news = new AbortController();
    using _listening = this.#options.onChange(() => news.abort());
    try {
      await this.#options.clock.sleep(ms, { signal: AbortSignal.any([signal, news.signal]) });
    } catch {
      // Only the signals end a sleep early.
      if (signal.aborted) throw vtError("ER_QUERY_INTERRUPTED");
    }
  }
}
