/** Whose events go out now: one delivery at a time, and a transaction begun keeps all others out. */

export class Turns {
  #busy = false;
  /** Whose transaction is open. */
  #owner: string | undefined;
  readonly #waiting = new Set<() => void>();

  /** Waits until nobody delivers and no other's transaction is open. Throws the signal's reason. */
  async enter(who: string, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      if (!this.#busy && (this.#owner === undefined || this.#owner === who)) break;
      await this.#changed(signal);
    }
    this.#busy = true;
  }

  /** Ends what `enter` began. `open`: a transaction of theirs goes on. */
  leave(who: string, open: boolean): void {
    this.#busy = false;
    this.#owner = open ? who : undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener("abort", wake);
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
