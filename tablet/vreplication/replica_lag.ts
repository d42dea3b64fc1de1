/** Holds a copy back while this shard's replicas can't keep up with what it writes. */
import { sleep } from "../../shared/host/clock.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias, type TabletAlias } from "../../shared/model/tablet.ts";
import { askHealth } from "../../shared/host/source_picker.ts";

export interface ReplicaLagOptions {
  readonly self: TabletAlias;
  readonly keyspace: string;
  readonly shard: string;
  readonly tablets: (call: Call) => Promise<readonly TabletRecord[]>;
  readonly clock: Clock;
  /** Vitess's throttler: 5 s. */
  readonly lagMaxSeconds: number;
}

interface Call {
  readonly signal: AbortSignal;
}

/** Lag counts in seconds, so more looks would see nothing new. */
const LOOK_PAUSE_MS = 2000;
const WAIT_MS = 1000;

export class ReplicaLag {
  readonly #options: ReplicaLagOptions;
  #lookedAtMs = -Infinity;

  constructor(options: ReplicaLagOptions) {
    this.#options = options;
  }

  /** Resolves when no replica is too far behind. One that can't be asked holds nobody back. */
  async wait(call: Call, onWait: (reason: string) => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      if (clock.monotonicMs() - this.#lookedAtMs < LOOK_PAUSE_MS) return;
      const reason = await this.#tooFarBehind(call);
      this.#lookedAtMs = clock.monotonicMs();
      if (reason === undefined) return;
      await onWait(reason);
      await sleep(WAIT_MS, call);
      this.#lookedAtMs = -Infinity;
    }
  }

  async #tooFarBehind(call: Call): Promise<string | undefined> {
    const { self, keyspace, shard, lagMaxSeconds, tablets } = this.#options;
    const replicas = (await tablets(call)).filter((record) =>
      record.keyspace === keyspace && record.shard === shard && record.type === "replica" &&
      record.portMap.grpc !== 0 && printTabletAlias(record.alias) !== printTabletAlias(self)
    );
    const asked = await Promise.all(
      replicas.map((record) => askHealth(record, printTabletAlias(self), call)),
    );
    for (const [i, health] of asked.entries()) {
      const lag = health?.lagSeconds ?? 0;
      const replica = replicas[i];
      if (replica === undefined || lag <= lagMaxSeconds) continue;
      return `replica ${printTabletAlias(replica.alias)} is ${lag} s behind, ` +
        `more than ${lagMaxSeconds} s`;
    }
    return undefined;
  }
}
