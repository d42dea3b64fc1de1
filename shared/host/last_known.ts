import type { Log } from "../io/log.ts";

interface Call {
  readonly signal: AbortSignal;
}

const READ_TIMEOUT_MS = 5000;

/** A value of the topology: read anew each time; while that is away, as it was read last. */
export class LastKnown<T> {
  readonly #read: (call: Call) => Promise<T>;
  readonly #log: Log;
  #value: { readonly of: T } | undefined;

  constructor(read: (call: Call) => Promise<T>, log: Log) {
    this.#read = read;
    this.#log = log;
  }

  /** Throws what the read throws when nothing is known yet. */
  async get({ signal }: Call): Promise<T> {
    try {
      const either = AbortSignal.any([signal, AbortSignal.timeout(READ_TIMEOUT_MS)]);
      this.#value = { of: await this.#read({ signal: either }) };
    } catch (error) {
      signal.throwIfAborted();
      if (this.#value === undefined) throw error;
      this.#log.warn("the topology could not be read; going on with what is known", {
        error: String(error),
      });
    }
    return this.#value.of;
  }
}
