import type { LineKind } from "../../shared/rpc/ctl_api.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { Topology } from "../../topo/topology.ts";
import type { Supervisor } from "./supervisor.ts";
import type { TabletClient } from "./tablet_client.ts";

/** What commands work with. One per call: the signal, `say` and `output` are the caller's. */
export interface CommandContext {
  readonly topo: Topology;
  readonly tablets: TabletClient;
  /** Of the local cluster, when this vtctld belongs to one. */
  readonly supervisor: Supervisor | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts when the caller leaves, when time is up and when vtctld stops. */
  readonly signal: AbortSignal;
  /** Tells the caller how it goes; of kind "progress" a line takes the place of the one before. */
  readonly say: (line: string, kind?: LineKind) => void;
  /**
   * Part of the result before the command ends, in lines. Resolves when the caller has room for
   * more; none is dropped.
   */
  readonly output: (lines: readonly string[]) => Promise<void>;
}
