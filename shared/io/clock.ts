/** Time, as pure code sees it. shared/host/clock.ts has Deno's; tests have their own. */
export interface Clock {
  /** Milliseconds since the epoch; may jump. For records and people. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. For deadlines. */
  monotonicMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, options: { readonly signal: AbortSignal }): Promise<void>;
}
