import { sleep } from "../../shared/host/clock.ts";

export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/**
 * Waits until `probe` gives something else than false or undefined, and gives that. A probe that
 * throws counts as not yet; the last error is the cause of the final one.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  { timeoutMs = 20_000, everyMs = 20 }: WaitOptions = {},
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + timeoutMs;
  const never = new AbortController().signal;
  let cause: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`, { cause });
    }
    await sleep(everyMs, { signal: never });
  }
}
