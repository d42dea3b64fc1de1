/** Whose events go out now: one delivery at a time, and a transaction begun keeps all others out. */
import { Wakeups } from "./wakeups.ts";

export class Turns {
  #busy = false;
  /** Whose transaction is open. */
  #owner: string | undefined;
  readonly #changes = new Wakeups();

  /** Waits until nobody delivers and no other's transaction is open. Throws the signal's reason. */
  async enter(who: string, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      if (!this.#busy && (this.#owner === undefined || this.#owner === who)) break;
      await this.#changes.changed(signal);
    }
    this.#busy = true;
  }

  /** Ends what `enter` began. `open`: a transaction of theirs goes on. */
  leave(who: string, open: boolean): void {
    this.#busy = false;
    this.#owner = open ? who : undefined;
    this.#changes.wakeAll();
  }
}
