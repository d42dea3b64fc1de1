/**
 * The rows of one query in pages, as somebody asks for them: mysqld waits in between, and no more
 * than a page is kept.
 */
import type { Row } from "../../shared/binlog/change.ts";
import { vtError } from "../../shared/error/errors.ts";

export interface PageLimits {
  readonly rowsMax: number;
  readonly bytesMax: number;
}

/** Runs the query: gives each row to `onRow`, and waits for what `pause` gives. */
export type RunQuery = (
  onRow: (row: Row) => void,
  pause: () => Promise<void> | undefined,
) => Promise<void>;

interface Call {
  readonly signal: AbortSignal;
}

export class PagedQuery {
  readonly #run: RunQuery;
  readonly #limits: PageLimits;
  #rows: Row[] = [];
  #bytes = 0;
  #running: Promise<void> | undefined;
  /** Of the query, that a page was asked for. */
  #asked: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Of who asks, that a page is full or the query has ended. */
  #filled: PromiseWithResolvers<void> = Promise.withResolvers();
  #ended = false;

  constructor(run: RunQuery, limits: PageLimits) {
    this.#run = run;
    this.#limits = limits;
  }

  /** The next rows; `more` is false behind the last. One call at a time. The query's errors. */
  async page({ signal }: Call): Promise<{ readonly rows: readonly Row[]; readonly more: boolean }> {
    if (this.#ended) throw vtError("VT13001", "a page behind the last one");
    if (this.#running === undefined) this.#start();
    else this.#asked.resolve();
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([this.#filled.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    const rows = this.#rows;
    this.#rows = [];
    this.#bytes = 0;
    if (!this.#ended) this.#filled = Promise.withResolvers();
    return { rows, more: !this.#ended };
  }

  #start(): void {
    const running = this.#run((row) => this.#add(row), () => this.#pause());
    this.#running = running.then(() => {
      this.#ended = true;
      this.#filled.resolve();
    }, (error) => {
      this.#ended = true;
      this.#filled.reject(error);
      // Whoever asks next gets it; if nobody does, it is the end of a query that nobody wants.
      void this.#filled.promise.catch(() => {});
    });
  }

  #add(row: Row): void {
    for (const value of row) this.#bytes += value?.length ?? 0;
    this.#rows.push(row.map((value) => value?.slice() ?? null));
  }

  #pause(): Promise<void> | undefined {
    const { rowsMax, bytesMax } = this.#limits;
    if (this.#rows.length < rowsMax && this.#bytes < bytesMax) return undefined;
    this.#asked = Promise.withResolvers();
    this.#filled.resolve();
    return this.#asked.promise;
  }
}
