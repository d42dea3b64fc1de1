/**
 * The change stream of a keyspace across its shards. Each shard is followed on a tablet of its
 * own, and on another one when that dies; merge.ts makes one stream of them. Nothing is read from
 * a tablet while the receiver is busy.
 */
import type { StreamItem } from "../../shared/binlog/change.ts";
import { VtError, vtError } from "../../shared/error/errors.ts";
import type { Source, SourceWish } from "../../shared/host/source_picker.ts";
import { TaskGroup } from "../../shared/host/task_group.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { TabletType } from "../../shared/model/tablet.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import { type Place, printPlace, type VEvent } from "./event.ts";
import { ShardMerge } from "./merge.ts";
import { Turns } from "./turns.ts";
import type { VGtid } from "./vgtid.ts";

interface Call {
  readonly signal: AbortSignal;
}

export interface VStreamOptions {
  /** One position a shard, none of them "current". */
  readonly start: VGtid;
  readonly rules: readonly FilterRule[];
  /** In order of preference. */
  readonly types: readonly TabletType[];
  /** Empty: any. */
  readonly cells: readonly string[];
  readonly pick: (wish: SourceWish, call: Call) => Promise<Source>;
  /** Gets events in order. A promise holds the stream back. */
  readonly emit: (events: readonly VEvent[]) => Promise<void>;
  readonly heartbeatMs: number;
  /** A shard that can't be read for so long ends the stream. */
  readonly giveUpMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tablets send heartbeats each second. */
const STALL_MS = 10_000;
const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 2000;
/** A replica that lags comes to a position a little later; no other source is needed for that. */
const LAGGING_TRIES = 3;
/** A position that no tablet has after so long has been purged everywhere. */
const BEHIND_MS_MAX = 20_000;

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

class VStream {
  readonly #options: VStreamOptions;
  readonly #tasks: TaskGroup;
  readonly #merge: ShardMerge;
  readonly #onFailure: (error: unknown) => void;
  readonly #turns = new Turns();
  readonly #followed = new Set<string>();

  /** `onFailure` gets what `emit` throws: no other tablet helps, and what it got is lost. */
  constructor(options: VStreamOptions, tasks: TaskGroup, onFailure: (error: unknown) => void) {
    this.#options = options;
    this.#tasks = tasks;
    this.#onFailure = onFailure;
    this.#merge = new ShardMerge(options.start);
  }

  start(): void {
    this.#tasks.start("heartbeat of a VStream", (signal) => this.#beat({ signal }));
    this.#followAll();
  }

  /** Also the shards that a reshard has just brought. */
  #followAll(): void {
    for (const { keyspace, shard } of this.#merge.vgtid) {
      const place = { keyspace, shard };
      const name = printPlace(place);
      if (this.#followed.has(name) || this.#merge.positionOf(place) === undefined) continue;
      this.#followed.add(name);
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
      const beat = () => this.#merge.beat(Math.floor(clock.now() / 1000));
      await this.#inTurn(undefined, { signal }, beat);
    }
  }

  /** Where to read on; undefined when there is no more to read. */
  positionOf(place: Place): string | undefined {
    return this.#merge.positionOf(place);
  }

  /** The attempt that items belong to must not have ended: its successor brings them again. */
  async deliver(place: Place, items: readonly StreamItem[], attempt: Call): Promise<void> {
    await this.#inTurn(place, attempt, () => this.#merge.take(place, items));
    if (this.#merge.positionOf(place) !== undefined) return;
    this.#followed.delete(printPlace(place));
    this.#followAll();
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

/** Follows one shard until its journal. */
class ShardFollower {
  readonly #stream: VStream;
  readonly #options: VStreamOptions;
  readonly #place: Place;
  readonly #avoid = new Set<string>();
  #source: string | undefined;
  #tries = 0;
  /** When it last got on. */
  #aliveMs: number;

  constructor(stream: VStream, options: VStreamOptions, place: Place) {
    this.#stream = stream;
    this.#options = options;
    this.#place = place;
    this.#aliveMs = options.clock.monotonicMs();
  }

  async run({ signal }: Call): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      const position = this.#stream.positionOf(this.#place);
      if (position === undefined) return;
      try {
        await this.#attempt(position, { signal });
        continue;
      } catch (error) {
        signal.throwIfAborted();
        this.#failed(error);
      }
      await this.#stream.lost(this.#place, { signal });
      const pauseMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** Math.min(this.#tries - 1, 10));
      await clock.sleep(pauseMs, { signal });
    }
  }

  /** Throws when trying again is of no use. */
  #failed(error: unknown): void {
    const { clock, giveUpMs, log } = this.#options;
    const silentMs = clock.monotonicMs() - this.#aliveMs;
    const behind = error instanceof VtError && error.id === "VT26005";
    if (isFinal(error) || silentMs > (behind ? BEHIND_MS_MAX : giveUpMs)) throw error;
    this.#tries++;
    if (this.#source !== undefined && !(behind && this.#tries <= LAGGING_TRIES)) {
      this.#avoid.add(this.#source);
    }
    log.warn("VStream looks for another source", {
      shard: printPlace(this.#place),
      source: this.#source ?? "none",
      error: error instanceof Error ? error.message : String(error),
    });
    this.#source = undefined;
  }

  /** Resolves at the shard's journal; otherwise throws what the source or the receiver throws. */
  async #attempt(position: string, call: Call): Promise<void> {
    const { pick, types, cells, rules, clock } = this.#options;
    using source = await pick(
      { from: this.#place, cells, types, avoid: this.#avoid },
      call,
    );
    this.#source = source.name;
    const ended = new AbortController();
    const signal = AbortSignal.any([call.signal, source.lost, ended.signal]);
    let delivering = false;
    let heardMs = clock.monotonicMs();
    const watch = setInterval(() => {
      const silentMs = clock.monotonicMs() - heardMs;
      if (delivering || silentMs < STALL_MS) return;
      ended.abort(vtError("VT26006", source.name, Math.round(silentMs)));
    }, STALL_MS / 4);
    try {
      await source.streams.streamChanges(
        { target: this.#place, position, rules },
        async (items) => {
          delivering = true;
          await this.#take(items, ended, { signal });
          delivering = false;
          heardMs = clock.monotonicMs();
        },
        { signal },
      );
      throw vtError("VT20006", source.name, "it ended the stream");
    } catch (error) {
      if (this.#stream.positionOf(this.#place) !== undefined) throw error;
      // It stands at its journal, and the stream was ended for that.
      call.signal.throwIfAborted();
    } finally {
      clearInterval(watch);
      ended.abort(new DOMException("The source is no longer read", "AbortError"));
    }
  }

  async #take(items: readonly StreamItem[], ended: AbortController, attempt: Call): Promise<void> {
    await this.#stream.deliver(this.#place, items, attempt);
    this.#aliveMs = this.#options.clock.monotonicMs();
    this.#tries = 0;
    this.#avoid.clear();
    if (this.#stream.positionOf(this.#place) === undefined) {
      ended.abort(new DOMException("The shard's journal was reached", "AbortError"));
    }
  }
}

/** No tablet of the shard will answer otherwise. */
function isFinal(error: unknown): boolean {
  return error instanceof VtError && FINAL.has(error.id);
}

const FINAL: ReadonlySet<string> = new Set([
  "VT12001",
  "VT22001",
  "VT26001",
  "VT26002",
  "VT26004",
  "VT26007",
]);
