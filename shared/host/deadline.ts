/** Thrown by withDeadline when the time is over. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  readonly afterMs: number;

  constructor(afterMs: number) {
    super(`Not done within ${afterMs} ms`);
    this.afterMs = afterMs;
  }
}

/**
 * Runs `work` with a signal that aborts after `ms` (DeadlineError) or with `signal` (its reason).
 * Leaves no timer and no listener behind. `work` must end when its signal does.
 */
export async function withDeadline<T>(
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(new DeadlineError(ms)), ms);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await work(controller.signal);
  } catch (error) {
    // A cancelled fetch may report the broken connection instead of the reason.
    if (controller.signal.aborted) throw controller.signal.reason;
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
