/** Notices that a mysqld has fallen silent: it hangs, or the network has lost it. */
import { vtError } from "../../shared/error/errors.ts";

/** Of the time within which a silence is given up. */
const LOOKS = 4;
const LOOK_MS_MIN = 10;

/** For statements that answer at once; a snapshot may wait for a lock (snapshot.ts). */
export const STALL_MS = 60_000;

interface Options {
  readonly signal: AbortSignal;
}

/** Runs statements, and gives them up with VT26006 when they have not answered after `stallMs`. */
export async function runWatched<T>(
  source: string,
  stallMs: number,
  { signal }: Options,
  work: (options: Options) => Promise<T>,
): Promise<T> {
  using watch = new StallWatch(source, stallMs);
  return await work({ signal: AbortSignal.any([signal, watch.signal]) });
}

export class StallWatch implements Disposable {
  readonly #stalled = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  #heardAtMs = performance.now();
  /** While something is done with what came nothing is read, and the silence is ours. */
  #handling = false;

  /** After `stallMs` of silence the signal aborts with VT26006. */
  constructor(source: string, stallMs: number) {
    this.#timer = setInterval(() => {
      const silentMs = performance.now() - this.#heardAtMs;
      if (this.#handling || silentMs < stallMs) return;
      this.#stalled.abort(vtError("VT26006", source, Math.round(silentMs)));
    }, Math.max(LOOK_MS_MIN, stallMs / LOOKS));
  }

  get signal(): AbortSignal {
    return this.#stalled.signal;
  }

  /** Something came; the silence counts anew when it was dealt with. */
  async heard(handle: () => void | Promise<void>): Promise<void> {
    this.#handling = true;
    await handle();
    this.#handling = false;
    this.#heardAtMs = performance.now();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
