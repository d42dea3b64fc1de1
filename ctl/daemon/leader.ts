/** One vtctld of a cluster leads the background jobs; all serve commands. */
import type { Log } from "../../shared/io/log.ts";
import type { Topology } from "../../topo/topology.ts";

const ELECTION = "vtctld";

/** Between two rounds of the jobs, and before standing for election again after a failure. */
const ROUND_MS = 5000;

export interface LeaderOptions {
  readonly topo: Topology;
  /** "HOST:PORT"; who leads, as others see it. */
  readonly id: string;
  readonly log: Log;
  /** One round of the jobs. */
  readonly round: (call: { readonly signal: AbortSignal }) => Promise<void>;
  readonly onChange: (leads: boolean) => void;
}

/** Stands for election, works while it leads, stands again; ends with the signal. */
export async function lead(options: LeaderOptions, signal: AbortSignal): Promise<void> {
  const { topo, log, onChange } = options;
  while (!signal.aborted) {
    try {
      await using leadership = await topo.global.campaign(ELECTION, options.id, { signal });
      log.info("leads the background jobs");
      onChange(true);
      await work(options, AbortSignal.any([signal, leadership.lost]));
    } catch (error) {
      if (signal.aborted) return;
      log.warn("election", { error: error instanceof Error ? error.message : String(error) });
    } finally {
      onChange(false);
    }
    if (!signal.aborted) await topo.clock.sleep(ROUND_MS, { signal }).catch(() => {});
  }
}

/** Rounds until the leadership or the program ends. A failed round is tried again. */
async function work({ topo, log, round }: LeaderOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await round({ signal });
    } catch (error) {
      if (signal.aborted) return;
      log.warn("background jobs", {
        error: error instanceof Error ? error.message : String(error),
      });
    }
    // Ends early when the leadership does.
    await topo.clock.sleep(ROUND_MS, { signal }).catch(() => {});
  }
}
