/**
 * Follows the changes of all shards of a keyspace, or of several: one tablet a shard, another when
 * it dies or falls silent, and the target shards when shards are split or merged.
 */
import type { StreamItem } from "../../shared/binlog/change.ts";
import { TaskGroup } from "../../shared/host/task_group.ts";
import type { CopyingTable } from "../../shared/rpc/stream_service.ts";
import type { CopyStep } from "./copy_step.ts";
import { type Place, printPlace, type VEvent } from "./event.ts";
import { ShardMerge } from "./merge.ts";
import { type FollowedShards, type FollowOptions, ShardFollower } from "./shard_follower.ts";
import { Skew } from "./skew.ts";
import { Turns } from "./turns.ts";
import type { VGtid } from "./vgtid.ts";

interface Call {
  readonly signal: AbortSignal;
}

export interface VStreamOptions extends FollowOptions {
  /** One position a shard, none of them "current". */
  readonly start: VGtid;
  /** Gets events in order. A promise holds the stream back. */
  readonly emit: (events: readonly VEvent[]) => Promise<void>;
  readonly heartbeatMs: number;
  /** Shards that are ahead in time wait for the others. */
  readonly minimizeSkew: boolean;
}

/** Never resolves. Throws the signal's reason, what `emit` throws, or why a shard can't be read. */
export async function vstream(options: VStreamOptions, { signal }: Call): Promise<never> {
  const failure = Promise.withResolvers<never>();
  // The first failure counts, and it is awaited below.
  void failure.promise.catch(() => {});
  await using tasks = new TaskGroup({
    log: options.log,
    signal,
    onError: (_task, error) => failure.reject(error),
  });
  const onAbort = () => failure.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    new VStream(options, tasks, failure.reject).start();
    return await failure.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

class VStream implements FollowedShards {
  readonly #options: VStreamOptions;
  readonly #tasks: TaskGroup;
  readonly #merge: ShardMerge;
  readonly #onFailure: (error: unknown) => void;
  readonly #turns = new Turns();
  readonly #skew: Skew | undefined;
  readonly #followed = new Set<string>();

  /** `onFailure` gets what `emit` throws: no other tablet helps, and what it got is lost. */
  constructor(options: VStreamOptions, tasks: TaskGroup, onFailure: (error: unknown) => void) {
    this.#options = options;
    this.#tasks = tasks;
    this.#onFailure = onFailure;
    this.#merge = new ShardMerge(options.start);
    this.#skew = options.minimizeSkew ? new Skew() : undefined;
  }

  start(): void {
    this.#tasks.start("heartbeat of a VStream", (signal) => this.#beat({ signal }));
    this.#followAll();
  }

  /** Also the shards that a reshard has just brought. */
  #followAll(): void {
    for (const { keyspace, shard, copying } of this.#merge.vgtid) {
      const place = { keyspace, shard };
      const name = printPlace(place);
      if (this.#followed.has(name) || this.#merge.positionOf(place) === undefined) continue;
      this.#followed.add(name);
      // Rows that are copied have no time.
      if (copying === undefined) this.#skew?.join(name);
      this.#tasks.start(`VStream of ${name}`, async (signal) => {
        await new ShardFollower(this, this.#options, place).run({ signal });
      });
    }
  }

  async #beat({ signal }: Call): Promise<void> {
    const { clock, heartbeatMs } = this.#options;
    // The first says where the stream begins.
    await this.#inTurn(undefined, { signal }, () => [{ type: "VGTID", vgtid: this.#merge.vgtid }]);
    for (;;) {
      await clock.sleep(heartbeatMs, { signal });
      const beat = () => this.#merge.beat(this.#nowSec());
      await this.#inTurn(undefined, { signal }, beat);
    }
  }

  #nowSec(): number {
    return Math.floor(this.#options.clock.now() / 1000);
  }

  positionOf(place: Place): string | undefined {
    return this.#merge.positionOf(place);
  }

  copyingOf(place: Place): readonly CopyingTable[] | undefined {
    return this.#merge.copyingOf(place);
  }

  /** The attempt that items belong to must not have ended: its successor brings them again. */
  async deliver(place: Place, items: readonly StreamItem[], attempt: Call): Promise<void> {
    let rest = items;
    while (rest.length > 0) {
      const count = await this.#admitted(place, rest, attempt);
      const now = count === rest.length ? rest : rest.slice(0, count);
      rest = rest.slice(count);
      await this.#inTurn(place, attempt, () => this.#merge.take(place, now));
    }
    if (this.#merge.positionOf(place) !== undefined) return;
    const name = printPlace(place);
    this.#skew?.leave(name);
    this.#followed.delete(name);
    this.#followAll();
  }

  /** How many of the items may go now; at least one. */
  async #admitted(place: Place, items: readonly StreamItem[], attempt: Call): Promise<number> {
    const name = printPlace(place);
    if (this.#skew?.has(name) !== true) return items.length;
    if (!this.#merge.isOpen(place)) {
      return await this.#skew.admit(name, items, this.#nowSec(), attempt);
    }
    // The rest of a transaction is never held back: it keeps all others out.
    const end = items.findIndex((item) => item.kind === "transaction" && item.complete);
    return end < 0 ? items.length : end + 1;
  }

  async copy(place: Place, step: CopyStep, attempt: Call): Promise<void> {
    await this.#inTurn(place, attempt, () => this.#merge.copy(place, step, this.#nowSec()));
    if (this.#merge.copyingOf(place) === undefined) this.#skew?.join(printPlace(place));
  }

  async lost(place: Place, call: Call): Promise<void> {
    await this.#inTurn(place, call, () => this.#merge.lost(place));
  }

  async #inTurn(
    place: Place | undefined,
    call: Call,
    step: () => readonly VEvent[],
  ): Promise<void> {
    const who = place === undefined ? "" : printPlace(place);
    await this.#turns.enter(who, call);
    try {
      const events = step();
      if (events.length > 0) await this.#emit(events);
    } finally {
      this.#turns.leave(who, place !== undefined && this.#merge.isOpen(place));
    }
  }

  async #emit(events: readonly VEvent[]): Promise<void> {
    try {
      await this.#options.emit(events);
    } catch (error) {
      this.#onFailure(error);
      throw error;
    }
  }
}
