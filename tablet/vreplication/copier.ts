/**
 * The copy phase: brings the rows that are there, several tables side by side, while the source
 * goes on.
 *
 *     catch up ─▶ snapshot at G ─▶ changes up to G ─▶ rows of its tables ─▶ their keys ─┐
 *        ▲                                                                             │
 *        └─────────────── the next tables, or the same when the snapshot is old ────────┘
 *
 * Tables behind a snapshot that was taken a moment ago need no catching up: there are a few changes
 * at most up to the next one.
 *
 * The invariant that every commit keeps: each row that is here is as it was at the stream's
 * position, and of the tables that are done, and of those in progress up to their lastpk, all rows
 * are here. While rows of a snapshot are written, by several sessions, the position stays at G:
 * each commits rows of its table with that table's lastpk, in any order. No change is applied
 * before all of them have ended.
 *
 * Changes of a table in progress are all applied: a row beyond lastpk that a change brought is as
 * good as one out of a snapshot, which finds it there later and writes it again. So no key has to
 * be compared in the order of the source's collation on another server.
 *
 * A table of many rows goes without secondary keys until it has them (deferred_keys.ts). They are
 * built when no snapshot is held any more: that may take long, too.
 *
 * A table without a primary key can't be resumed: it comes whole in one commit. So do rows that
 * add up (group_writer.ts): the invariant does not hold for them.
 */
import type { Row, StreamItem } from "../../shared/binlog/change.ts";
import { positionContains } from "../../shared/binlog/position.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import {
  SNAPSHOT_TABLES_MAX,
  type StreamService,
  type StreamTarget,
} from "../../shared/rpc/stream_service.ts";
import { BUILDING_KEYS, type FilterRule } from "../../shared/rpc/vreplication.ts";
import { quote } from "../mysqld/statement.ts";
import type { Applier } from "./applier.ts";
import type { DeferredKeys } from "./deferred_keys.ts";
import { parseLastPk } from "./last_pk.ts";
import { play } from "./player.ts";
import { RowCounter } from "./row_counter.ts";
import type { WriteSession } from "./session.ts";
import { withSnapshot } from "./source_snapshot.ts";
import { TableWriter } from "./table_writer.ts";
import type { TargetTables } from "./target_tables.ts";
import { runWorkers } from "./workers.ts";

/** A table that is still to be copied. */
export interface CopyTask {
  readonly table: string;
  /** As _vt.copy_state has it; "" for one that has not begun. */
  readonly lastPk: string;
  readonly rule: FilterRule;
}

export interface CopierOptions {
  readonly streamId: number;
  /** Applies changes; rows are written by sessions of their own. */
  readonly session: WriteSession;
  /** Opens the session of a writer: 1 ... `tablesAtOnce`. */
  readonly openWriter: (place: number, call: Call) => Promise<WriteSession>;
  /** Plans of the session's own. */
  readonly tablesOf: (session: WriteSession, call: Call) => TargetTables;
  readonly source: StreamService;
  readonly target: StreamTarget;
  readonly rules: readonly FilterRule[];
  /** How many tables are copied side by side. */
  readonly tablesAtOnce: number;
  /** A snapshot keeps the source from purging old row versions: after this a new one is taken. */
  readonly snapshotMsMax: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Waits while the copy must not go faster (lag of this shard's replicas). */
  readonly throttle: (call: Call) => Promise<void>;
  readonly keys: DeferredKeys;
  /** Ends what needs no source: not when that goes away. */
  readonly lasting: Call;
  /** Tables may be copied without their secondary keys. */
  readonly mayDeferKeys: boolean;
  /** Says what the stream does; "" when it does so no longer. */
  readonly say: (message: string, call: Call) => Promise<void>;
  /** An applier that starts at the position and takes changes of these tables. */
  readonly applier: (position: string, wants: (table: string) => boolean) => Applier;
}

interface Call {
  readonly signal: AbortSignal;
}

/** Changes are applied before a snapshot is taken unless the position is no older than this. */
const CAUGHT_UP_SECONDS = 10;
/** A clock that is ahead of the source's must not keep a copy from going on. */
const CATCH_UP_MS_MAX = 10 * 60_000;

/** Ends the read of a snapshot that has lasted long enough. */
class SnapshotIsOld extends Error {}

/** Copies all tables; the stream's position afterwards. Every batch is committed with its key. */
export async function copyTables(
  options: CopierOptions,
  tasks: readonly CopyTask[],
  position: string,
  call: Call,
): Promise<string> {
  const copy = new Copy(options, tasks, position);
  await copy.run(call);
  return copy.position;
}

interface Pending {
  readonly table: string;
  readonly rule: FilterRule;
  /** Undefined: nothing of it is here, and its changes come with its rows. */
  lastPk: Row | undefined;
}

class Copy {
  readonly #options: CopierOptions;
  readonly #pending: Map<string, Pending>;
  readonly #counter: RowCounter;
  /** When the one was opened that the position is of. */
  #snapshotAtMs = -Infinity;
  position: string;

  constructor(options: CopierOptions, tasks: readonly CopyTask[], position: string) {
    this.#options = options;
    this.#pending = new Map(
      tasks.map(({ table, rule, lastPk }) => [
        table,
        { table, rule, lastPk: lastPk === "" ? undefined : parseLastPk(lastPk) },
      ]),
    );
    this.#counter = new RowCounter(options.streamId, options.clock);
    this.position = position;
  }

  async run(call: Call): Promise<void> {
    while (this.#pending.size > 0) {
      if (this.position !== "" && !this.#isRecent()) await this.#catchUp(call);
      await this.#round([...this.#pending.values()].slice(0, SNAPSHOT_TABLES_MAX), call);
    }
  }

  /** What came since that snapshot is soon applied, while the next one is held. */
  #isRecent(): boolean {
    const { clock } = this.#options;
    return clock.monotonicMs() - this.#snapshotAtMs <= CAUGHT_UP_SECONDS * 1000;
  }

  /** Copies tables from one snapshot, until all are done or it is too old. */
  async #round(tables: readonly Pending[], call: Call): Promise<void> {
    const { source, target, clock, openWriter, tablesOf } = this.#options;
    const count = Math.min(this.#options.tablesAtOnce, tables.length);
    const request = { target, rules: tables.map(({ rule }) => rule), readers: count };
    const keyless: Pending[] = [];
    await withSnapshot(source, request, async (snapshot, held) => {
      const startedMs = clock.monotonicMs();
      const isOld = () => clock.monotonicMs() - startedMs > this.#options.snapshotMsMax;
      await this.#align(snapshot.position, held);
      this.#snapshotAtMs = startedMs;
      const queue = [...tables];
      await runWorkers(count, async (place, working) => {
        using session = await openWriter(place, working);
        using targets = tablesOf(session, working);
        await targets.expect(queue.map(({ table }) => table));
        do {
          const next = queue.shift();
          if (next === undefined) return;
          const writer = this.#writer(next, session, targets);
          if (await this.#copy(next, snapshot.id, writer, isOld, working)) keyless.push(next);
        } while (!isOld());
      }, held);
      await this.#counter.flush(this.#options.session, held);
    }, call);
    if (keyless.length > 0) await this.#buildKeys(keyless.map(({ table }) => table));
  }

  #writer({ table, lastPk }: Pending, session: WriteSession, tables: TargetTables): TableWriter {
    const { streamId, throttle, keys, mayDeferKeys } = this.#options;
    const mayDefer = mayDeferKeys && lastPk === undefined;
    const counter = this.#counter;
    return new TableWriter({ streamId, session, tables, table, counter, keys, mayDefer, throttle });
  }

  /** Of tables whose rows are here. */
  async #buildKeys(tables: readonly string[]): Promise<void> {
    const { openWriter, keys, clock, log, throttle, say, tablesAtOnce, lasting } = this.#options;
    await say(`${BUILDING_KEYS} ${tables.join(", ")}`, lasting);
    const queue = [...tables];
    await runWorkers(Math.min(tablesAtOnce, tables.length), async (place, working) => {
      using session = await openWriter(place, working);
      for (let table = queue.shift(); table !== undefined; table = queue.shift()) {
        await throttle(working);
        const startedMs = clock.monotonicMs();
        await keys.restore(session, table, working);
        this.#pending.delete(table);
        const tookMs = Math.round(clock.monotonicMs() - startedMs);
        log.info("secondary keys built", { table, tookMs });
      }
    }, lasting);
    await say("", lasting);
  }

  /** True when its rows are here, but not all of its keys. */
  async #copy(
    pending: Pending,
    snapshot: string,
    writer: TableWriter,
    isOld: () => boolean,
    call: Call,
  ): Promise<boolean> {
    const { source, target, log, clock } = this.#options;
    const { table, rule, lastPk } = pending;
    const startedMs = clock.monotonicMs();
    try {
      await source.streamRows({ target, snapshot, rule, lastPk }, {
        start: (start) => writer.begin(start, call),
        rows: async (packets, rows, key) => {
          pending.lastPk = key ?? pending.lastPk;
          await writer.add(packets, rows, key, call);
          if (!writer.resumable || !isOld()) return;
          await writer.pause(call);
          throw new SnapshotIsOld();
        },
      }, call);
    } catch (error) {
      await writer.settle();
      if (!(error instanceof SnapshotIsOld)) throw error;
      return false;
    }
    const end = await writer.finish(call);
    if (end === "done") this.#pending.delete(table);
    const tookMs = Math.round(clock.monotonicMs() - startedMs);
    log.info("table copied", { table, rows: writer.rows, tookMs });
    return end === "keys";
  }

  /** Applies changes until they are recent. */
  async #catchUp(call: Call): Promise<void> {
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    await this.#play(undefined, call, (items) => {
      if (clock.monotonicMs() - startedMs > CATCH_UP_MS_MAX) return true;
      return items.some((item) => isRecent(item, clock.now() / 1000));
    });
  }

  async #play(
    until: string | undefined,
    call: Call,
    enough?: (items: readonly StreamItem[]) => boolean,
  ): Promise<void> {
    const { source, target, rules } = this.#options;
    const untouched = new Set(
      [...this.#pending.values()].filter(({ lastPk }) => lastPk === undefined)
        .map(({ table }) => table),
    );
    const applier = this.#options.applier(this.position, (table) => !untouched.has(table));
    await play({
      source,
      target,
      rules,
      applier,
      until,
      ...(enough === undefined ? {} : { enough }),
    }, call);
    if (applier.unsaved) await applier.savePosition(call);
    this.position = applier.position;
  }

  /** Brings what is here to the snapshot's position. */
  async #align(snapshot: string, call: Call): Promise<void> {
    const { session, streamId } = this.#options;
    if (this.position === "") {
      const sql = `UPDATE _vt.vreplication SET pos = ${quote(snapshot)} WHERE id = ${streamId}`;
      if (await session.run(sql, call) === 0) throw vtError("VT27006", streamId);
      this.position = snapshot;
      return;
    }
    if (!positionContains(this.position, snapshot)) await this.#play(snapshot, call);
    if (positionContains(snapshot, this.position)) return;
    // Another replica was read before, which is ahead of this one.
    throw vtError("VT20014", `the source to reach ${this.position}`);
  }
}

function isRecent(item: StreamItem, nowSec: number): boolean {
  return item.kind === "heartbeat" ||
    (item.kind === "transaction" && nowSec - item.timestampSec <= CAUGHT_UP_SECONDS);
}
