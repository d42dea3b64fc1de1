/**
 * Statements between their admission and mysqld's answer. A table that moves away is first denied,
 * then its last position is read: a write that was admitted before, and waits for a connection or is
 * on its way to mysqld, must be over by then, or it would be written where nobody looks any more.
 *
 * They are counted by generations: whoever waits closes the present one and waits for it alone, so
 * that statements which come later don't keep it waiting.
 */

/** Statements that are counted together; InFlight's to change. */
export interface Generation {
  count: number;
  /** Resolves when the last one has left; made when somebody waits. */
  over: PromiseWithResolvers<void> | undefined;
}

export class InFlight {
  #present: Generation = { count: 0, over: undefined };
  /** Closed ones that somebody still waits for. */
  readonly #closed = new Set<Generation>();

  /** Counts a statement; pass the result to `leave`. Undefined for one that only reads. */
  enter(sql: Uint8Array): Generation | undefined {
    return isSelect(sql) ? undefined : this.enterWrite();
  }

  enterWrite(): Generation {
    this.#present.count++;
    return this.#present;
  }

  leave(generation: Generation | undefined): void {
    if (generation === undefined || --generation.count > 0) return;
    this.#closed.delete(generation);
    generation.over?.resolve();
  }

  /** Waits until what is in flight now has ended. Throws the signal's reason. */
  async ended({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    if (this.#present.count > 0) {
      this.#present.over = Promise.withResolvers();
      this.#closed.add(this.#present);
      this.#present = { count: 0, over: undefined };
    }
    if (this.#closed.size === 0) return;
    const stop = Promise.withResolvers<never>();
    const onAbort = () => stop.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const all = Promise.all([...this.#closed].map(({ over }) => over?.promise));
      await Promise.race([all, stop.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}

const BLANK = 0x20;
/** "select" in lower case; what begins otherwise counts as a write. */
const SELECT = [0x73, 0x65, 0x6c, 0x65, 0x63, 0x74];

function isSelect(sql: Uint8Array): boolean {
  let at = 0;
  while (at < sql.length && (sql[at] ?? 0) <= BLANK) at++;
  return SELECT.every((letter, i) => ((sql[at + i] ?? 0) | 0x20) === letter);
}
