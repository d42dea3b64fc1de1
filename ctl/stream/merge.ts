/**
 * The streams of a keyspace's shards become one: this decides what follows from each item, and
 * knows how far each shard was read. It does nothing by itself; vstream.ts feeds it.
 *
 * At a reshard the stream of each source shard ends at its journal. When the last has come there,
 * the target shards take their place, at the positions that the journal names: all that happened
 * before was read on the sources, all that happens later is written on the targets. A target of a
 * shard that is being copied goes on with that: what was copied of the source is its own part too.
 */
import type { StreamItem, TableFields } from "../../shared/binlog/change.ts";
import { vtError } from "../../shared/error/errors.ts";
import { parsePosition } from "../../shared/binlog/position.ts";
import type { CopyingTable } from "../../shared/rpc/stream_service.ts";
import type { CopyStep } from "./copy_step.ts";
import { type Place, printPlace, type VEvent } from "./event.ts";
import { readJournal, type ReshardJournal } from "./journal.ts";
import type { ShardGtid, VGtid } from "./vgtid.ts";

type RowsStep = Extract<CopyStep, { readonly kind: "rows" }>;
type TransactionItem = Extract<StreamItem, { readonly kind: "transaction" }>;

interface ShardState {
  readonly place: Place;
  gtid: string;
  /** BEGIN was given, and neither COMMIT nor ROLLBACK. */
  open: boolean;
  /** The journal at which it stands. */
  journal: string | undefined;
  /** Tables that were not given whole yet; undefined when the copy phase is over. */
  copying: readonly CopyingTable[] | undefined;
  readonly fields: Map<string, TableFields>;
}

export class ShardMerge {
  readonly #shards = new Map<string, ShardState>();
  /** A position moved without a transaction that shows it. */
  #moved = false;

  /** Each gtid is a position: "current" was looked up. */
  constructor(start: VGtid) {
    for (const shard of start) this.#add(shard);
  }

  /** How far everything was read. */
  get vgtid(): VGtid {
    return [...this.#shards.values()].map(({ place, gtid, copying }): ShardGtid => ({
      ...place,
      gtid,
      ...(copying !== undefined && { copying }),
    }))
      .toSorted((a, b) => printPlace(a) < printPlace(b) ? -1 : 1);
  }

  /** Where to read on; undefined when the shard's stream has come to its end. */
  positionOf(place: Place): string | undefined {
    const shard = this.#shards.get(printPlace(place));
    return shard?.journal === undefined ? shard?.gtid : undefined;
  }

  /** What is to be copied of the shard before its changes count; the first is the next. */
  copyingOf(place: Place): readonly CopyingTable[] | undefined {
    return this.#shards.get(printPlace(place))?.copying;
  }

  /** True in the midst of a transaction of the shard: others must wait for its end. */
  isOpen(place: Place): boolean {
    return this.#shards.get(printPlace(place))?.open === true;
  }

  /** Items of one shard, in order. What comes behind its journal is dropped. */
  take(place: Place, items: readonly StreamItem[]): readonly VEvent[] {
    const events: VEvent[] = [];
    for (const item of items) {
      const shard = this.#shards.get(printPlace(place));
      if (shard === undefined || shard.journal !== undefined) break;
      this.#item(shard, item, events);
    }
    return events;
  }

  /** A step of copying the shard's next table. `timeSec`: now. */
  copy(place: Place, step: CopyStep, timeSec: number): readonly VEvent[] {
    const events: VEvent[] = [];
    const shard = this.#shards.get(printPlace(place));
    if (shard === undefined || shard.journal !== undefined) return events;
    switch (step.kind) {
      case "start":
        rollBack(shard, events);
        this.#fields(shard, step.fields, events);
        break;
      case "rows":
        this.#copied(shard, step, timeSec, events);
        break;
      case "done":
        this.#tableDone(shard, events);
        break;
      case "nothing":
        this.#copyOver(shard, events);
        this.#reached(shard, shard.gtid, events);
    }
    return events;
  }

  /** The shard's source is gone. Its next one starts at `positionOf`. */
  lost(place: Place): readonly VEvent[] {
    const events: VEvent[] = [];
    const shard = this.#shards.get(printPlace(place));
    if (shard !== undefined) rollBack(shard, events);
    return events;
  }

  /** What to say now and then. */
  beat(timeSec: number): readonly VEvent[] {
    const heartbeat: VEvent = { type: "HEARTBEAT", timeSec };
    if (!this.#moved) return [heartbeat];
    this.#moved = false;
    return [{ type: "VGTID", vgtid: this.vgtid }, heartbeat];
  }

  #add({ keyspace, shard, gtid, copying }: ShardGtid): void {
    const place = { keyspace, shard };
    this.#shards.set(printPlace(place), {
      place,
      gtid,
      open: false,
      journal: undefined,
      copying,
      fields: new Map(),
    });
  }

  #item(shard: ShardState, item: StreamItem, events: VEvent[]): void {
    const { place } = shard;
    switch (item.kind) {
      case "fields":
        return this.#fields(shard, item.fields, events);
      case "transaction":
        return this.#transaction(shard, item, events);
      case "abandoned":
        return rollBack(shard, events);
      case "ddl": {
        const { timestampSec, sql } = item;
        events.push({ type: "DDL", place, timestampSec, sql });
        return this.#reached(shard, item.position, events);
      }
      case "journal":
        return this.#journal(shard, readJournal(item.id, item.value), events);
      case "heartbeat":
        if (item.position === shard.gtid) return;
        shard.gtid = item.position;
        this.#moved = true;
    }
  }

  #fields({ place, fields: known }: ShardState, fields: TableFields, events: VEvent[]): void {
    known.set(fields.table, fields);
    events.push({ type: "FIELD", place, fields });
  }

  #copied(shard: ShardState, step: RowsStep, timeSec: number, events: VEvent[]): void {
    const { place } = shard;
    const { fields, rows, upTo } = step;
    if (rows.length > 0 && !shard.open) {
      shard.open = true;
      events.push({ type: "BEGIN", place, timestampSec: timeSec });
    }
    for (const after of rows) {
      const change = { kind: "insert", table: fields.table, after } as const;
      events.push({ type: "ROW", place, change, fields });
    }
    const [now, ...later] = shard.copying ?? [];
    if (now === undefined || upTo === undefined) return;
    shard.copying = [{ ...now, upTo }, ...later];
    this.#moved = true;
    if (rows.length === 0) return;
    this.#commit(shard, events);
    this.#reached(shard, shard.gtid, events);
  }

  #tableDone(shard: ShardState, events: VEvent[]): void {
    const [now, ...later] = shard.copying ?? [];
    if (now === undefined) return;
    this.#commit(shard, events);
    events.push({ type: "LASTPK", place: shard.place, table: now.table });
    shard.copying = later;
    if (later.length === 0) this.#copyOver(shard, events);
    this.#reached(shard, shard.gtid, events);
  }

  #copyOver(shard: ShardState, events: VEvent[]): void {
    shard.copying = undefined;
    events.push({ type: "COPY_COMPLETED", place: shard.place });
    const others = [...this.#shards.values()];
    if (others.some(({ copying }) => copying !== undefined)) return;
    events.push({ type: "COPY_COMPLETED", place: undefined });
  }

  #commit(shard: ShardState, events: VEvent[]): void {
    if (!shard.open) return;
    shard.open = false;
    events.push({ type: "COMMIT", place: shard.place });
  }

  #transaction(shard: ShardState, item: TransactionItem, events: VEvent[]): void {
    const { place } = shard;
    const { timestampSec, changes, complete, position } = item;
    if (changes.length > 0 && !shard.open) {
      shard.open = true;
      events.push({ type: "BEGIN", place, timestampSec });
    }
    for (const change of changes) {
      const fields = shard.fields.get(change.table);
      if (fields === undefined) {
        throw vtError("VT26001", `rows of ${change.table} before its columns`);
      }
      events.push({ type: "ROW", place, change, fields });
    }
    if (!complete) return;
    if (!shard.open) {
      shard.gtid = position;
      this.#moved = true;
      return;
    }
    this.#commit(shard, events);
    this.#reached(shard, position, events);
  }

  #reached(shard: ShardState, position: string, events: VEvent[]): void {
    shard.gtid = position;
    this.#moved = false;
    events.push({ type: "VGTID", vgtid: this.vgtid });
  }

  #journal(shard: ShardState, journal: ReshardJournal | undefined, events: VEvent[]): void {
    if (journal === undefined) return;
    const { id, participants, shardGtids } = journal;
    // Its own row is all that a journal's transaction has.
    rollBack(shard, events);
    const sources = participants.map((place) => this.#participant(place, journal));
    shard.journal = id;
    if (sources.some((source) => source.journal !== id)) return;
    const copying = inherited(sources, shardGtids, id);
    for (const { place } of sources) this.#shards.delete(printPlace(place));
    for (const target of shardGtids) this.#add(copying ? { ...target, copying } : target);
    this.#moved = false;
    events.push({ type: "JOURNAL", id, left: participants });
    events.push({ type: "VGTID", vgtid: this.vgtid });
  }

  #participant(place: Place, { id, participants }: ReshardJournal): ShardState {
    const shard = this.#shards.get(printPlace(place));
    if (shard !== undefined) return shard;
    const all = participants.map(printPlace).join(", ");
    throw vtError(
      "VT26004",
      `shards ${all} were resharded together (journal ${id}), and the stream does not read ` +
        `${printPlace(place)}: start it again from a position that names all of them`,
    );
  }
}

function rollBack(shard: ShardState, events: VEvent[]): void {
  if (!shard.open) return;
  shard.open = false;
  events.push({ type: "ROLLBACK", place: shard.place });
}

/** What is still to be copied of the targets. VT26004 when that can't be said. */
function inherited(
  sources: readonly ShardState[],
  targets: readonly ShardGtid[],
  id: string,
): readonly CopyingTable[] | undefined {
  if (sources.every(({ copying }) => copying === undefined)) return undefined;
  const [first, ...others] = sources;
  const copying = first?.copying ?? [];
  const begun = copying.some(({ upTo }) => upTo !== undefined);
  // The servers' collations order keys alike; those of another flavor may not.
  const flavors = [...sources, ...targets].map(({ gtid }) => parsePosition(gtid).flavor);
  const comparable = !begun || (others.length === 0 && new Set(flavors).size === 1);
  const names = (tables: ShardState["copying"]) => tables?.map(({ table }) => table).join();
  const alike = others.every((other) =>
    names(other.copying) === names(copying) &&
    other.copying?.every(({ upTo }) => upTo === undefined) === true
  );
  if (comparable && alike) return copying;
  throw vtError(
    "VT26004",
    `shards ${sources.map(({ place }) => printPlace(place)).join(", ")} were resharded (journal ` +
      `${id}) while their rows were copied, each up to another key: start the copy anew`,
  );
}
