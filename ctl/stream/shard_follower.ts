/** Follows one shard until its journal, whatever becomes of the tablets that it is read from. */
import { VtError, vtError } from "../../shared/error/errors.ts";
import type { Source, SourceWish } from "../../shared/host/source_picker.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { TabletType } from "../../shared/model/tablet.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import { type Place, printPlace } from "./event.ts";
import { ShardReader, type ShardSink } from "./shard_reader.ts";
import { Silence } from "./silence.ts";

interface Call {
  readonly signal: AbortSignal;
}

export interface FollowOptions {
  readonly rules: readonly FilterRule[];
  /** In order of preference. */
  readonly types: readonly TabletType[];
  /** Empty: any. */
  readonly cells: readonly string[];
  readonly pick: (wish: SourceWish, call: Call) => Promise<Source>;
  /** A shard that can't be read for so long ends the stream. */
  readonly giveUpMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** A sink that hears when a source is gone. */
export interface FollowedShards extends ShardSink {
  lost(place: Place, call: Call): Promise<void>;
}

const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 2000;
/** A replica that lags comes to a position a little later; no other source is needed for that. */
const LAGGING_TRIES = 3;
/** A position that no tablet has after so long has been purged everywhere. */
const BEHIND_MS_MAX = 20_000;
/** A table that is to be copied and isn't there after so many tries was dropped or renamed. */
const MISSING_TRIES = 5;

export class ShardFollower {
  readonly #shards: FollowedShards;
  readonly #options: FollowOptions;
  readonly #place: Place;
  readonly #avoid = new Set<string>();
  #source: string | undefined;
  #tries = 0;
  #missing = 0;
  readonly #silence: Silence;

  constructor(shards: FollowedShards, options: FollowOptions, place: Place) {
    this.#shards = shards;
    this.#options = options;
    this.#place = place;
    this.#silence = new Silence(options.clock);
  }

  /** Resolves at the journal. Throws when trying again is of no use. */
  async run({ signal }: Call): Promise<void> {
    const { clock } = this.#options;
    while (this.#shards.positionOf(this.#place) !== undefined) {
      try {
        await this.#attempt({ signal });
        continue;
      } catch (error) {
        signal.throwIfAborted();
        this.#failed(error);
      }
      await this.#silence.holding(() => this.#shards.lost(this.#place, { signal }));
      const tries = Math.max(this.#tries, this.#missing);
      const pauseMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** Math.min(tries - 1, 10));
      await clock.sleep(pauseMs, { signal });
    }
  }

  async #attempt(call: Call): Promise<void> {
    const { pick, types, cells, rules, clock } = this.#options;
    using source = await pick({ from: this.#place, cells, types, avoid: this.#avoid }, call);
    this.#source = source.name;
    const reader = new ShardReader({
      sink: this.#shards,
      place: this.#place,
      source,
      rules,
      clock,
      alive: () => {
        this.#silence.break();
        this.#tries = 0;
        this.#avoid.clear();
      },
      silence: this.#silence,
    });
    await reader.run(call);
  }

  #failed(error: unknown): void {
    const { giveUpMs, log } = this.#options;
    const id = error instanceof VtError ? error.id : "";
    const behind = id === "VT26005";
    const silentMs = this.#silence.lengthMs;
    if (FINAL.has(id) || silentMs > (behind ? BEHIND_MS_MAX : giveUpMs)) throw error;
    this.#tries++;
    this.#missing = id === "VT05004" ? this.#missing + 1 : 0;
    if (this.#missing >= MISSING_TRIES) throw this.#tableIsGone();
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

  #tableIsGone(): Error {
    const table = this.#shards.copyingOf(this.#place)?.[0]?.table ?? "";
    return vtError(
      "VT26004",
      `table ${table} of ${
        printPlace(this.#place)
      } was to be copied, and was dropped or renamed: ` +
        "start the copy anew",
    );
  }
}

/** No tablet of the shard will answer otherwise. */
const FINAL: ReadonlySet<string> = new Set([
  "VT12001",
  "VT22001",
  "VT26001",
  "VT26002",
  "VT26004",
  "VT26007",
]);
