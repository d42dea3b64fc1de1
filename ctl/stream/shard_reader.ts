/**
 * Reads one shard from one source: its tables as long as they are not whole, then its changes.
 *
 *     catch up ─▶ snapshot of the next table at S ─▶ changes up to S ─▶ its rows ─┐
 *        ▲                                                                       │
 *        └──────────────────────── until no table is left ──────────────────────┴─▶ changes
 *
 * Between the tables come the changes of what was given already, and no others (`copying` of the
 * request): each row comes once, and the reader's tables are right at each position it is told.
 */
import type { StreamItem } from "../../shared/binlog/change.ts";
import { positionContains } from "../../shared/binlog/position.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { Source } from "../../shared/host/source_picker.ts";
import type { Clock } from "../../shared/io/clock.ts";
import { rowsOf } from "../../shared/mysql/row_packets.ts";
import type { CopyingTable, RowStreamStart } from "../../shared/rpc/stream_service.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import { copyRule } from "./copy_rule.ts";
import type { CopyStep } from "./copy_step.ts";
import { type Place, printPlace } from "./event.ts";
import { Silence } from "./silence.ts";

interface Call {
  readonly signal: AbortSignal;
}

/** Where a shard stands, and who gets what comes of it. */
export interface ShardSink {
  /** Where to read on; undefined when there is no more to read. */
  positionOf(place: Place): string | undefined;
  copyingOf(place: Place): readonly CopyingTable[] | undefined;
  deliver(place: Place, items: readonly StreamItem[], attempt: Call): Promise<void>;
  copy(place: Place, step: CopyStep, attempt: Call): Promise<void>;
}

export interface ShardReaderOptions {
  readonly sink: ShardSink;
  readonly place: Place;
  readonly source: Source;
  readonly rules: readonly FilterRule[];
  readonly clock: Clock;
  /** The shard got on. */
  readonly alive: () => void;
  /** Of the shard, whichever source it is read from. */
  readonly silence: Silence;
}

/** Tablets send heartbeats each second. */
const STALL_MS = 10_000;
/** A snapshot may have to wait for writers of its table. */
const SNAPSHOT_STALL_MS = 60_000;
/** A snapshot is taken when the newest change is no older than this. */
const RECENT_SECONDS = 10;
/** A snapshot keeps the source from purging old row versions: after this a new one is taken. */
const SNAPSHOT_MS_MAX = 60 * 60_000;

/** Ends a snapshot that has lasted long enough. */
class SnapshotIsOld extends Error {}

export class ShardReader {
  readonly #options: ShardReaderOptions;
  readonly #ended = new AbortController();
  /** Of the source. */
  readonly #silence: Silence;
  #stallMs = STALL_MS;
  /** When it was last known that nothing older was to come. */
  #freshMs: number | undefined;

  constructor(options: ShardReaderOptions) {
    this.#options = options;
    this.#silence = new Silence(options.clock);
  }

  /** Resolves at the shard's journal; otherwise throws what the source or the receiver throws. */
  async run(call: Call): Promise<void> {
    const { source, sink, place } = this.#options;
    const signal = AbortSignal.any([call.signal, source.lost, this.#ended.signal]);
    const watch = setInterval(() => this.#watch(), STALL_MS / 4);
    try {
      while (await this.#copyNext({ signal }));
      await this.#changes({}, { signal });
      throw vtError("VT20006", source.name, "it ended the stream");
    } catch (error) {
      if (sink.positionOf(place) !== undefined) throw error;
      // It stands at its journal, and the stream was ended for that.
      call.signal.throwIfAborted();
    } finally {
      clearInterval(watch);
      this.#ended.abort(new DOMException("The source is no longer read", "AbortError"));
    }
  }

  #watch(): void {
    const { lengthMs } = this.#silence;
    if (lengthMs < this.#stallMs) return;
    this.#ended.abort(vtError("VT26006", this.#options.source.name, Math.round(lengthMs)));
  }

  /** False when no table is left. */
  async #copyNext(call: Call): Promise<boolean> {
    const { sink, place, clock } = this.#options;
    const copying = sink.copyingOf(place);
    const next = copying?.[0];
    if (next !== undefined) {
      const freshForMs = clock.monotonicMs() - (this.#freshMs ?? -Infinity);
      if (freshForMs > RECENT_SECONDS * 1000) await this.#catchUp(call);
      await this.#copy(next, call);
    } else if (copying !== undefined) await sink.copy(place, { kind: "nothing" }, call);
    return next !== undefined;
  }

  /** The source has then all that the reader has, and a snapshot follows on it soon. */
  async #catchUp(call: Call): Promise<void> {
    const { clock } = this.#options;
    await this.#changes({
      enough: (items) => items.some((item) => isRecent(item, clock.now() / 1000)),
    }, call);
    this.#freshMs = clock.monotonicMs();
  }

  async #copy(next: CopyingTable, call: Call): Promise<void> {
    const { sink, place, source, clock, rules } = this.#options;
    const { table, upTo } = next;
    const rule = copyRule(rules, table);
    if (rule === undefined) return await sink.copy(place, { kind: "done" }, call);
    this.#stallMs = SNAPSHOT_STALL_MS;
    const startedMs = clock.monotonicMs();
    let start: RowStreamStart | undefined;
    try {
      await source.streams.streamRows({ target: place, rule, lastPk: upTo?.values }, {
        start: async (first) => {
          start = first;
          demandSameKey(next, first, place);
          await this.#align(first.position, call);
          await this.#give({ kind: "start", fields: first.fields }, call);
        },
        rows: async (packets, _count, lastPk) => {
          const { fields, keyColumns } = started(start);
          const rows = [...rowsOf(packets, fields.fields.length)];
          const values = lastPk?.map((value) => value?.slice() ?? null);
          const key = values && { columns: keyColumns, values };
          await this.#give({ kind: "rows", fields, rows, upTo: key }, call);
          const ageMs = clock.monotonicMs() - startedMs;
          if (key !== undefined && ageMs > SNAPSHOT_MS_MAX) throw new SnapshotIsOld();
        },
      }, call);
    } catch (error) {
      if (error instanceof SnapshotIsOld) return;
      throw error;
    } finally {
      this.#stallMs = STALL_MS;
      this.#silence.break();
    }
    await this.#give({ kind: "done" }, call);
  }

  /** Brings the shard to the snapshot's position. */
  async #align(snapshot: string, call: Call): Promise<void> {
    const { sink, place, clock } = this.#options;
    const position = sink.positionOf(place) ?? snapshot;
    if (!positionContains(position, snapshot)) await this.#changes({ until: snapshot }, call);
    else if (!positionContains(snapshot, position)) {
      // Another source was read before, which is ahead of this one.
      throw vtError("VT20014", `the source to reach ${position}`);
    }
    this.#freshMs = clock.monotonicMs();
  }

  async #changes(
    end: {
      readonly until?: string;
      readonly enough?: (items: readonly StreamItem[]) => boolean;
    },
    call: Call,
  ): Promise<void> {
    const { sink, place, source, rules } = this.#options;
    const { until, enough } = end;
    const copying = sink.copyingOf(place) ?? [];
    const over = new AbortController();
    const signal = AbortSignal.any([call.signal, over.signal]);
    const request = {
      target: place,
      position: sink.positionOf(place) ?? "",
      rules,
      ...(until !== undefined && { until }),
      ...(copying.length > 0 && { copying }),
    };
    try {
      await source.streams.streamChanges(request, async (items) => {
        await this.#heard(async () => await sink.deliver(place, items, { signal }));
        if (enough?.(items) === true) over.abort();
      }, { signal });
    } catch (error) {
      if (!over.signal.aborted || call.signal.aborted) throw error;
    }
  }

  async #give(step: CopyStep, call: Call): Promise<void> {
    const { sink, place } = this.#options;
    await this.#heard(async () => await sink.copy(place, step, call));
  }

  async #heard(deliver: () => Promise<void>): Promise<void> {
    const { sink, place, alive, silence } = this.#options;
    await silence.holding(() => this.#silence.heard(deliver));
    alive();
    if (sink.positionOf(place) !== undefined) return;
    this.#ended.abort(new DOMException("The shard's journal was reached", "AbortError"));
  }
}

function isRecent(item: StreamItem, nowSec: number): boolean {
  return item.kind === "heartbeat" ||
    (item.kind === "transaction" && item.complete && nowSec - item.timestampSec <= RECENT_SECONDS);
}

function started(start: RowStreamStart | undefined): RowStreamStart {
  if (start === undefined) throw vtError("VT13001", "rows came before their fields");
  return start;
}

function demandSameKey(next: CopyingTable, { keyColumns }: RowStreamStart, place: Place): void {
  const before = next.upTo?.columns;
  if (before === undefined || before.join() === keyColumns.join()) return;
  throw vtError(
    "VT26004",
    `table ${next.table} of ${printPlace(place)} was copied in the order of (${
      before.join(", ")
    }), ` +
      `and is now read by (${keyColumns.join(", ")}): start the copy anew`,
  );
}
