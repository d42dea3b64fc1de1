/** Writes the rows of one table out of a snapshot. While a batch is written, the next one gathers. */
import type { Row } from "../../shared/binlog/change.ts";
import { ER_DUP_ENTRY } from "../../shared/error/errno.ts";
import { vtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { rowsOf } from "../../shared/mysql/row_packets.ts";
import type { RowStreamStart } from "../../shared/rpc/stream_service.ts";
import { quote } from "../mysqld/statement.ts";
import { printLastPk } from "./last_pk.ts";
import type { DeferredKeys } from "./deferred_keys.ts";
import { deleteRows, insertPackets } from "./row_statements.ts";
import type { RowCounter } from "./row_counter.ts";
import type { WriteSession } from "./session.ts";
import { type Copies, type TablePlan, writeRows } from "./target_table.ts";
import type { TargetTables } from "./target_tables.ts";

export interface TableWriterOptions {
  readonly streamId: number;
  /** This writer's own until it is done. */
  readonly session: WriteSession;
  readonly tables: TargetTables;
  readonly table: string;
  /** Of all writers. */
  readonly counter: RowCounter;
  readonly keys: DeferredKeys;
  /** Keys may be dropped when there are many rows: none of them is here, and the stream may. */
  readonly mayDefer: boolean;
  /** Waits while the copy must not go faster. */
  readonly throttle: (call: Call) => Promise<void>;
}

interface Call {
  readonly signal: AbortSignal;
}

/** What is inserted and committed at once: a few statements. Keys of more rows are deferred. */
const BATCH_BYTES = 4 * 1024 * 1024;

interface Batch {
  /** As row_packets.ts reads them. */
  readonly packets: readonly Uint8Array[];
  readonly rows: number;
  /** Of the last row that was read. */
  readonly key: Row | undefined;
}

export class TableWriter {
  readonly #options: TableWriterOptions;
  #plan: TablePlan | undefined;
  #copies: Copies = "pieces";
  #packets: Uint8Array[] = [];
  #bytes = 0;
  #batchRows = 0;
  #key: Row | undefined;
  #columns = 0;
  #begun = false;
  #lacksKeys = false;
  #writing: Promise<void> = Promise.resolve();
  #uncounted = 0;
  rows = 0;

  constructor(options: TableWriterOptions) {
    this.#options = options;
  }

  /** False: the table comes in one commit, and can't be left half way. */
  get resumable(): boolean {
    return this.#copies === "pieces";
  }

  async begin({ fields, keyColumns }: RowStreamStart, call: Call): Promise<void> {
    const { session, tables, table } = this.#options;
    this.#plan = await tables.describe({ ...fields, table });
    this.#columns = fields.fields.length;
    const { copies } = this.#plan;
    // Without a key of the source there is no way to resume.
    this.#copies = keyColumns.length === 0 && copies === "pieces" ? "whole" : copies;
    if (this.#copies === "whole") await session.run("BEGIN", call);
  }

  async add(packets: Uint8Array, rows: number, key: Row | undefined, call: Call): Promise<void> {
    this.#packets.push(packets);
    this.#bytes += packets.length;
    this.#batchRows += rows;
    this.#key = key;
    if (this.#bytes >= BATCH_BYTES) await this.#send(call);
  }

  /** Begins to write what has gathered, when what was sent before is written. */
  async #send(call: Call): Promise<void> {
    await this.#writing;
    if (this.#packets.length === 0) return;
    await this.#options.throttle(call);
    await this.#deferKeys(call);
    this.#writing = this.#write(this.#take(), false, call);
    // Whoever waits for it next gets the error; until then it is nobody's.
    void this.#writing.catch(() => {});
  }

  /** Before the first batch of several: a table of one is written as fast as its keys are dropped. */
  async #deferKeys(call: Call): Promise<void> {
    const { session, table, keys, mayDefer } = this.#options;
    const isFirst = !this.#begun;
    this.#begun = true;
    if (!isFirst || !mayDefer || !this.resumable || this.#plan?.writer !== undefined) return;
    await keys.defer(session, table, call);
  }

  #take(): Batch {
    const batch = { packets: this.#packets, rows: this.#batchRows, key: this.#key };
    this.#packets = [];
    this.#bytes = 0;
    this.#batchRows = 0;
    return batch;
  }

  async #write(batch: Batch, last: boolean, call: Call): Promise<void> {
    const { session, counter } = this.#options;
    if (this.#copies === "pieces") await session.run("BEGIN", call);
    if (batch.rows > 0) await this.#insert(batch, call);
    this.rows += batch.rows;
    this.#uncounted += batch.rows;
    if (this.#copies !== "pieces" && !last) return;
    if (this.#copies === "end") {
      await session.run("BEGIN", call);
      await this.#plan?.writer?.endCopy((sql) => session.run(sql, call));
    }
    await (last ? this.#saveEnd(batch.key, call) : this.#saveProgress(batch.key, call));
    await counter.commit(session, this.#uncounted, call);
    this.#uncounted = 0;
  }

  *#rowsOf(batch: Batch): Generator<Row> {
    for (const packets of batch.packets) yield* rowsOf(packets, this.#columns);
  }

  async #insert(batch: Batch, call: Call): Promise<void> {
    const { session, tables, table } = this.#options;
    const plan = this.#plan;
    if (plan === undefined) throw vtError("VT13001", "rows came before their fields");
    const run = (sql: Uint8Array) => writeRows(session, plan, sql, call);
    try {
      if (plan.writer !== undefined) {
        return await plan.writer.copy([...this.#rowsOf(batch)], run);
      }
      await insertPackets(plan, batch.packets, this.#columns, run);
    } catch (error) {
      const known = error instanceof MysqlError && error.errno === ER_DUP_ENTRY;
      const mayBeThere = this.resumable && plan.writer === undefined;
      if (!known || plan.key === undefined || !mayBeThere) {
        throw await tables.explain(table, error);
      }
      // Changes brought some of them before; then another duplicate is one of another row.
      await deleteRows(plan, plan.key, [...this.#rowsOf(batch)], run);
      await insertPackets(plan, batch.packets, this.#columns, run);
    }
  }

  /** Of this table alone, so that writers of several tables don't wait for each other. VT27006. */
  async #saveProgress(key: Row | undefined, call: Call): Promise<void> {
    const { session, streamId } = this.#options;
    if (key === undefined) throw vtError("VT13001", "rows came without a key");
    const lastPk = quote(printLastPk(key));
    const sql = `UPDATE _vt.copy_state SET lastpk = ${lastPk} ${this.#where()}`;
    if (await session.run(sql, call) === 0) throw vtError("VT27006", streamId);
  }

  /** Notes that the table is done, unless keys are to be built first. VT27006. */
  async #saveEnd(key: Row | undefined, call: Call): Promise<void> {
    const { session, streamId, table, keys } = this.#options;
    // Whoever hands keys on to this stream holds the row until they are noted for it.
    const ended = await session.run(`DELETE FROM _vt.copy_state ${this.#where()}`, call);
    if (ended === 0) throw vtError("VT27006", streamId);
    this.#lacksKeys = await keys.isNoted(session, table, call);
    // What can't be resumed must not be found half way.
    if (!this.#lacksKeys || !this.resumable) return;
    // Without a key nothing has come.
    const again = key === undefined
      ? "ROLLBACK"
      : "INSERT INTO _vt.copy_state (vrepl_id, table_name, lastpk) " +
        `VALUES (${streamId}, ${quote(table)}, ${quote(printLastPk(key))})`;
    await session.run(again, call);
  }

  #where(): string {
    const { streamId, table } = this.#options;
    return `WHERE vrepl_id = ${streamId} AND table_name = ${quote(table)}`;
  }

  /** Leaves the table where it is, with what has come committed. */
  async pause(call: Call): Promise<void> {
    await this.#send(call);
    await this.#writing;
  }

  /** Writes the rest, and that the table is done: "keys" when some are to be built for that. */
  async finish(call: Call): Promise<"done" | "keys"> {
    await this.#writing;
    await this.#options.throttle(call);
    await this.#write(this.#take(), true, call);
    return this.#lacksKeys ? "keys" : "done";
  }

  /** Waits for what is being written; the error that counts is another one. */
  async settle(): Promise<void> {
    await this.#writing.catch(() => {});
  }
}
