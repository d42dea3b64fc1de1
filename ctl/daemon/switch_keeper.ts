/**
 * A background job of every vtctld: switches of writes whose run has died come to an end by
 * themselves. The keyspaces' locks see to it that one vtctld alone works on each.
 */
import type { CommandContext } from "../command/context.ts";
import { healSwitches } from "../command/workflow/heal_switch.ts";

/** Clients wait while a switch is cut; the look itself is one read of a few keys. */
const LOOK_MS = 1000;

/** Until the signal; failures are logged once and tried again. */
export async function keepSwitches(
  context: Omit<CommandContext, "signal" | "say" | "output">,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = context;
  let lastError = "";
  while (!signal.aborted) {
    try {
      await healSwitches({
        ...context,
        signal,
        say: (line) => log.info("switch", { line }),
        output: () => Promise.resolve(),
      });
      lastError = "";
    } catch (error) {
      if (signal.aborted) return;
      const text = error instanceof Error ? error.message : String(error);
      if (text !== lastError) log.warn("a switch that was cut can't be ended yet", { error: text });
      lastError = text;
    }
    // The signal ends the pause and the loop.
    await clock.sleep(LOOK_MS, { signal }).catch(() => {});
  }
}
