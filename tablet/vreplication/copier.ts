/**
 * The copy phase: brings the rows that are there, table by table, while the source goes on.
 *
 *     catch up ─▶ snapshot at G ─▶ apply changes up to G ─▶ insert its rows, batch by batch ─┐
 *        ▲                                                                                  │
 *        └───────────────────────── next table, or the same after a while ──────────────────┘
 *
 * The invariant that every commit keeps: each row that is here is as it was at the stream's
 * position, and of the tables that are done, and of the one in progress up to its lastpk, all rows
 * are here. Changes of a table in progress are all applied: a row beyond lastpk that a change
 * brought is as good as one out of a snapshot, which finds it there later and writes it again.
 * So no key has to be compared in the order of the source's collation on another server.
 *
 * A table without a primary key can't be resumed: it comes whole in one commit. So do rows that
 * add up (group_writer.ts): the invariant does not hold for them.
 */
import type { Row, StreamItem } from "../../shared/binlog/change.ts";
import { positionContains } from "../../shared/binlog/position.ts";
import { vtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import { rowsOf } from "../../shared/mysql/row_packets.ts";
import type {
  RowStreamStart,
  StreamService,
  StreamTarget,
} from "../../shared/rpc/stream_service.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import { quote } from "../mysqld/statement.ts";
import type { Applier } from "./applier.ts";
import { parseLastPk, printLastPk } from "./last_pk.ts";
import { play } from "./player.ts";
import { deleteRows, insertPackets } from "./row_statements.ts";
import type { WriteSession } from "./session.ts";
import type { Copies, TablePlan } from "./target_table.ts";
import type { TargetTables } from "./target_tables.ts";

/** A table that is still to be copied. */
export interface CopyTask {
  readonly table: string;
  /** As _vt.copy_state has it; "" for one that has not begun. */
  readonly lastPk: string;
  readonly rule: FilterRule;
}

export interface CopierOptions {
  readonly streamId: number;
  readonly session: WriteSession;
  readonly tables: TargetTables;
  readonly source: StreamService;
  readonly target: StreamTarget;
  readonly rules: readonly FilterRule[];
  readonly clock: Clock;
  readonly log: Log;
  /** Waits while the copy must not go faster (lag of this shard's replicas). */
  readonly throttle: (call: Call) => Promise<void>;
  /** An applier that starts at the position and takes changes of these tables. */
  readonly applier: (position: string, wants: (table: string) => boolean) => Applier;
}

interface Call {
  readonly signal: AbortSignal;
}

/** What is inserted and committed at once: a few statements. */
const BATCH_BYTES = 4 * 1024 * 1024;
/** A snapshot keeps the source from purging old row versions: after this a new one is taken. */
const SNAPSHOT_MS_MAX = 60 * 60_000;
/** Changes are applied before a snapshot is taken until the newest is no older than this. */
const CAUGHT_UP_SECONDS = 10;
/** A clock that is ahead of the source's must not keep a copy from going on. */
const CATCH_UP_MS_MAX = 10 * 60_000;

const ER_DUP_ENTRY = 1062;

/** Ends a snapshot that has lasted long enough. */
class SnapshotIsOld extends Error {}

/** Copies all tables; the stream's position afterwards. Every batch is committed with its key. */
export async function copyTables(
  options: CopierOptions,
  tasks: readonly CopyTask[],
  position: string,
  call: Call,
): Promise<string> {
  const copy = new Copy(options, tasks, position);
  for (const task of tasks) await copy.table(task, call);
  return copy.position;
}

class Copy {
  readonly #options: CopierOptions;
  /** Tables that have not begun: their changes come with their rows. */
  readonly #untouched: Set<string>;
  position: string;

  constructor(options: CopierOptions, tasks: readonly CopyTask[], position: string) {
    this.#options = options;
    this.#untouched = new Set(tasks.filter(({ lastPk }) => lastPk === "").map((t) => t.table));
    this.position = position;
  }

  async table(task: CopyTask, call: Call): Promise<void> {
    const { log, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    let lastPk = task.lastPk === "" ? undefined : parseLastPk(task.lastPk);
    let rows = 0;
    for (;;) {
      if (this.position !== "") await this.#catchUp(call);
      const writer = new SnapshotWriter(this.#options, task.table);
      const done = await this.#snapshot(task, lastPk, writer, call);
      rows += writer.rows;
      lastPk = writer.lastPk ?? lastPk;
      if (done) break;
      // From here on its rows need the changes that come.
      this.#untouched.delete(task.table);
    }
    this.#untouched.delete(task.table);
    const tookMs = Math.round(clock.monotonicMs() - startedMs);
    log.info("table copied", { table: task.table, rows, tookMs });
  }

  #applier(): Applier {
    return this.#options.applier(this.position, (table) => !this.#untouched.has(table));
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
    const applier = this.#applier();
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

  /** False when it was ended because of its age. */
  async #snapshot(
    task: CopyTask,
    lastPk: Row | undefined,
    writer: SnapshotWriter,
    call: Call,
  ): Promise<boolean> {
    const { source, target } = this.#options;
    try {
      await source.streamRows({ target, rule: task.rule, lastPk }, {
        start: async (start) => {
          await this.#align(start.position, call);
          await writer.begin(start, call);
        },
        rows: (packets, count, key) => writer.add(packets, count, key, call),
      }, call);
    } catch (error) {
      await writer.settle();
      if (!(error instanceof SnapshotIsOld)) throw error;
      return false;
    }
    await writer.finish(call);
    return true;
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

/** Writes the rows of one snapshot. While a batch is being written, the next one gathers. */
class SnapshotWriter {
  readonly #options: CopierOptions;
  readonly #table: string;
  readonly #startedMs: number;
  #plan: TablePlan | undefined;
  #copies: Copies = "pieces";
  /** As row_packets.ts reads them. */
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #batchRows = 0;
  #columns = 0;
  #writing: Promise<void> = Promise.resolve();
  #failed = false;
  rows = 0;
  lastPk: Row | undefined;

  constructor(options: CopierOptions, table: string) {
    this.#options = options;
    this.#table = table;
    this.#startedMs = options.clock.monotonicMs();
  }

  async begin({ fields, keyColumns }: RowStreamStart, call: Call): Promise<void> {
    const { tables, session } = this.#options;
    this.#plan = await tables.describe({ ...fields, table: this.#table });
    this.#columns = fields.fields.length;
    const { copies } = this.#plan;
    // Without a key of the source there is no way to resume.
    this.#copies = keyColumns.length === 0 && copies === "pieces" ? "whole" : copies;
    if (this.#copies === "whole") await session.run("BEGIN", call);
  }

  async add(
    packets: Uint8Array,
    count: number,
    key: Row | undefined,
    call: Call,
  ): Promise<void> {
    this.#batch.push(packets);
    this.#batchBytes += packets.length;
    this.#batchRows += count;
    this.lastPk = key ?? this.lastPk;
    if (this.#batchBytes >= BATCH_BYTES) await this.#send(call);
    if (this.#copies === "pieces" && this.#age() > SNAPSHOT_MS_MAX) {
      await this.#send(call);
      await this.#writing;
      throw new SnapshotIsOld();
    }
  }

  #age(): number {
    return this.#options.clock.monotonicMs() - this.#startedMs;
  }

  /** Begins to write what has gathered, when what was sent before is written. */
  async #send(call: Call): Promise<void> {
    await this.#writing;
    if (this.#batch.length === 0) return;
    await this.#options.throttle(call);
    this.#writing = this.#write(this.#batch, this.#batchRows, this.lastPk, call);
    this.#batch = [];
    this.#batchBytes = 0;
    this.#batchRows = 0;
    // Whoever waits for it next gets the error; until then it is nobody's.
    void this.#writing.catch(() => this.#failed = true);
  }

  async #write(
    batch: readonly Uint8Array[],
    count: number,
    key: Row | undefined,
    call: Call,
  ): Promise<void> {
    const { session } = this.#options;
    if (this.#copies === "pieces") await session.run("BEGIN", call);
    if (count > 0) await this.#insert(batch, call);
    this.rows += count;
    if (this.#copies === "end") return;
    await this.#count(count, call);
    if (this.#copies === "whole") return;
    if (key !== undefined) await this.#saveKey(key, call);
    await session.run("COMMIT", call);
  }

  *#rowsOf(batch: readonly Uint8Array[]): Generator<Row> {
    for (const packets of batch) yield* rowsOf(packets, this.#columns);
  }

  async #insert(batch: readonly Uint8Array[], call: Call): Promise<void> {
    const { session, tables } = this.#options;
    const plan = this.#plan;
    if (plan === undefined) throw vtError("VT13001", "rows came before their fields");
    const run = (sql: Uint8Array) => session.run(sql, call);
    try {
      if (plan.writer !== undefined) {
        return await plan.writer.copy([...this.#rowsOf(batch)], run);
      }
      await insertPackets(plan, batch, this.#columns, run);
    } catch (error) {
      const known = error instanceof MysqlError && error.errno === ER_DUP_ENTRY;
      const mayBeThere = this.#copies === "pieces" && plan.writer === undefined;
      if (!known || plan.key === undefined || !mayBeThere) {
        throw await tables.explain(this.#table, error);
      }
      // Changes brought some of them before; then another duplicate is one of another row.
      await deleteRows(plan, plan.key, [...this.#rowsOf(batch)], run);
      await insertPackets(plan, batch, this.#columns, run);
    }
  }

  async #count(rows: number, call: Call): Promise<void> {
    const { session, streamId } = this.#options;
    const matched = await session.run(
      `UPDATE _vt.vreplication SET rows_copied = rows_copied + ${rows}, ` +
        `time_updated = UNIX_TIMESTAMP(), message = '' WHERE id = ${streamId}`,
      call,
    );
    if (matched === 0) throw vtError("VT27006", streamId);
  }

  async #saveKey(key: Row, call: Call): Promise<void> {
    const { session, streamId } = this.#options;
    await session.run(
      `UPDATE _vt.copy_state SET lastpk = ${quote(printLastPk(key))} ` +
        `WHERE vrepl_id = ${streamId} AND table_name = ${quote(this.#table)}`,
      call,
    );
  }

  /** Writes the rest, and that the table is done. */
  async finish(call: Call): Promise<void> {
    const { session, streamId } = this.#options;
    await this.#send(call);
    await this.#writing;
    if (this.#copies === "end") {
      await session.run("BEGIN", call);
      await this.#plan?.writer?.endCopy((sql) => session.run(sql, call));
      await this.#count(this.rows, call);
    }
    await session.run(
      `DELETE FROM _vt.copy_state WHERE vrepl_id = ${streamId} ` +
        `AND table_name = ${quote(this.#table)}`,
      call,
    );
    if (this.#copies !== "pieces") await session.run("COMMIT", call);
  }

  /** Waits for what is being written; the error that counts is another one. */
  async settle(): Promise<void> {
    await this.#writing.catch(() => {});
    if (this.#failed) this.#batch = [];
  }
}
