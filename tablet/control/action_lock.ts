import { vtError } from "../../shared/error/errors.ts";

/** Commands that may wait for their turn: vtctld sends few. */
const WAITERS_MAX = 50;

/**
 * One change of the tablet at a time, in the order they came (Vitess's action lock): a reparent
 * and a refresh that mix would undo each other.
 */
export class ActionLock {
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;

  get busy(): boolean {
    return this.#waiting > 0;
  }

  /** VT20014 when too many wait; rejects with the signal's reason when that comes before its turn. */
  async run<T>(
    action: string,
    work: () => Promise<T>,
    options: { readonly signal: AbortSignal },
  ): Promise<T> {
    if (this.#waiting >= WAITERS_MAX) throw vtError("VT20014", `${action}: the tablet is busy`);
    this.#waiting++;
    const before = this.#tail;
    const done = Promise.withResolvers<void>();
    this.#tail = before.then(() => done.promise);
    try {
      await turn(before, options.signal);
      return await work();
    } finally {
      this.#waiting--;
      done.resolve();
    }
  }

  /** Runs it when nothing else does; false otherwise. */
  async tryRun(
    work: () => Promise<void>,
    options: { readonly signal: AbortSignal },
  ): Promise<boolean> {
    if (this.busy) return false;
    await this.run("periodic check", work, options);
    return true;
  }
}

function turn(before: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    void before.then(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
  });
}
