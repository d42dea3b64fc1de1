/** Workers side by side, of which the failure of one ends the others. */

interface Call {
  readonly signal: AbortSignal;
}

/**
 * Runs `work` for 1 ... `count` at a time; resolves when all have ended. Throws what the first to
 * fail threw, when none of the others is at work any more.
 */
export async function runWorkers(
  count: number,
  work: (place: number, call: Call) => Promise<void>,
  call: Call,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([call.signal, failed.signal]);
  let failure: { readonly error: unknown } | undefined;
  await Promise.all(Array.from({ length: count }, async (_, i) => {
    try {
      await work(i + 1, { signal });
    } catch (error) {
      failure ??= { error };
      failed.abort(new DOMException("Another worker failed", "AbortError"));
    }
  }));
  if (failure !== undefined) throw failure.error;
}
