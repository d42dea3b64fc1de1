/**
 * A background job of every vtctld: switches of writes whose run has died come to an end by
 * themselves, each without waiting for the others. The keyspaces' locks see to it that one vtctld
 * alone works on each.
 */
import { TaskGroup } from "../../shared/host/task_group.ts";
import type { SwitchRecord } from "../../shared/model/records.ts";
import { listSwitches } from "../../topo/switches.ts";
import type { CommandContext } from "../command/context.ts";
import { healSwitch } from "../command/workflow/heal_switch.ts";

/** Clients wait while a switch is cut; the look itself is one read of a few keys. */
const LOOK_MS = 1000;

type Context = Omit<CommandContext, "signal" | "say" | "output">;

/** Until the signal; failures are logged once and tried again. */
export async function keepSwitches(context: Context, signal: AbortSignal): Promise<void> {
  const { clock, log, topo } = context;
  const errors = new Errors(context);
  const busy = new Set<string>();
  await using tasks = new TaskGroup({ log, signal });
  while (!signal.aborted) {
    await errors.watch("", signal, async () => {
      const records = new Map(
        (await listSwitches(topo, { signal })).map((one) => [nameOf(one), one]),
      );
      errors.keepOnly(records);
      for (const [name, record] of records) {
        if (busy.has(name)) continue;
        busy.add(name);
        tasks.start(name, async (until) => {
          await errors.watch(name, until, () => heal(context, record, until));
          busy.delete(name);
        });
      }
    });
    // The signal ends the pause and the loop.
    await clock.sleep(LOOK_MS, { signal }).catch(() => {});
  }
}

function nameOf({ keyspace, workflow }: SwitchRecord): string {
  return `${keyspace}.${workflow}`;
}

async function heal(context: Context, record: SwitchRecord, signal: AbortSignal): Promise<void> {
  await healSwitch({
    ...context,
    signal,
    say: (line) => context.log.info("switch", { line }),
    output: () => Promise.resolve(),
  }, record);
}

/** What was logged last, by switch; "" for the look at all of them. */
class Errors {
  readonly #log: Context["log"];
  readonly #last = new Map<string, string>();

  constructor({ log }: Context) {
    this.#log = log;
  }

  async watch(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#last.delete(name);
    } catch (error) {
      if (signal.aborted) return;
      const text = error instanceof Error ? error.message : String(error);
      if (text !== this.#last.get(name)) {
        this.#log.warn("a switch that was cut can't be ended yet", { switch: name, error: text });
      }
      this.#last.set(name, text);
    }
  }

  /** Forgets switches that others have ended. */
  keepOnly(names: ReadonlyMap<string, unknown>): void {
    for (const name of this.#last.keys()) {
      if (name !== "" && !names.has(name)) this.#last.delete(name);
    }
  }
}
