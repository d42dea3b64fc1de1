/**
 * Writes the transactions of a stream to this shard: several of the source's in one of ours, with
 * the position behind them in the same commit. So whatever dies when, each is applied once.
 */
import type { RowChange, StreamItem } from "../../shared/binlog/change.ts";
import { positionContains } from "../../shared/binlog/position.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { Clock } from "../../shared/io/clock.ts";
import { quote } from "../mysqld/statement.ts";
import { applyChanges } from "./row_statements.ts";
import type { WriteSession } from "./session.ts";
import { writeRows } from "./target_table.ts";
import type { TargetTables } from "./target_tables.ts";

/** Changes in one commit: enough that a commit's cost is spread, few enough to be done soon. */
const COMMIT_CHANGES_MAX = 10_000;
/** How often a position that moves without rows is written. */
const SAVE_PAUSE_MS = 1000;

type TransactionItem = Extract<StreamItem, { readonly kind: "transaction" }>;
type DdlItem = Extract<StreamItem, { readonly kind: "ddl" }>;

export interface ApplierOptions {
  readonly streamId: number;
  readonly session: WriteSession;
  readonly tables: TargetTables;
  readonly clock: Clock;
  /** Where the stream is. */
  readonly position: string;
  /** False for tables whose rows come another way (copying); their changes are passed over. */
  readonly wants: (table: string) => boolean;
  /** Called with the items up to here committed; saves the position itself. */
  readonly onDdl: (item: DdlItem) => Promise<void>;
  /** The position that is committed. */
  readonly onProgress: (progress: Progress) => void;
}

export interface Progress {
  readonly position: string;
  /** Of the newest transaction applied; 0 for none. */
  readonly timestampSec: number;
  /** The source has nothing newer. */
  readonly caughtUp: boolean;
}

interface Call {
  readonly signal: AbortSignal;
}

export class Applier {
  readonly #options: ApplierOptions;
  readonly #pending = new Map<string, RowChange[]>();
  #pendingChanges = 0;
  #position: string;
  #savedPosition: string;
  #savedAtMs = -Infinity;
  #timestampSec = 0;
  /** A transaction of ours is open: it holds the first part of one of the source's. */
  #inParts = false;

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#position = options.position;
    this.#savedPosition = options.position;
  }

  get position(): string {
    return this.#position;
  }

  /**
   * Applies items and commits. True when `until` is reached: what comes behind it is left alone.
   */
  async apply(
    items: readonly StreamItem[],
    until: string | undefined,
    call: Call,
  ): Promise<boolean> {
    let caughtUp = false;
    for (const item of items) {
      caughtUp = false;
      switch (item.kind) {
        case "fields":
          await this.#describe(item, call);
          continue;
        case "transaction":
          await this.#transaction(item, call);
          if (!item.complete) continue;
          break;
        case "abandoned":
          await this.#abandon(call);
          continue;
        case "ddl":
          await this.#commit(call);
          await this.#options.onDdl(item);
          this.#reached(item.position);
          break;
        case "heartbeat":
          this.#position = item.position;
          caughtUp = true;
          break;
        case "journal":
          continue;
      }
      if (until !== undefined && positionContains(this.#position, until)) {
        await this.#commit(call);
        await this.savePosition(call);
        return true;
      }
    }
    await this.#commit(call);
    const { clock } = this.#options;
    if (clock.monotonicMs() - this.#savedAtMs >= SAVE_PAUSE_MS) await this.savePosition(call);
    this.#tell(caughtUp);
    return false;
  }

  /** Rows that came under other columns are written before the columns change. */
  async #describe(
    item: Extract<StreamItem, { readonly kind: "fields" }>,
    call: Call,
  ): Promise<void> {
    const { fields } = item;
    if (!this.#options.wants(fields.table)) return;
    if (this.#pending.has(fields.table)) {
      if (this.#inParts) await this.#writePending(call);
      else await this.#commit(call);
    }
    await this.#options.tables.describe(fields);
  }

  async #transaction(item: TransactionItem, call: Call): Promise<void> {
    if (!item.complete && !this.#inParts) {
      // Its own commit: should this one be abandoned, those before it stay.
      await this.#commit(call);
      await this.#run("BEGIN", call);
      this.#inParts = true;
    }
    for (const change of item.changes) this.#add(change);
    if (item.timestampSec > 0) this.#timestampSec = item.timestampSec;
    if (!item.complete) return await this.#writePending(call);
    this.#position = item.position;
    if (this.#inParts || this.#pendingChanges >= COMMIT_CHANGES_MAX) await this.#commit(call);
  }

  #add(change: RowChange): void {
    if (!this.#options.wants(change.table)) return;
    const changes = this.#pending.get(change.table);
    if (changes === undefined) this.#pending.set(change.table, [change]);
    else changes.push(change);
    this.#pendingChanges++;
  }

  async #abandon(call: Call): Promise<void> {
    if (!this.#inParts) return;
    await this.#run("ROLLBACK", call);
    this.#inParts = false;
    this.#clear();
  }

  /** Writes what is pending with its position. Nothing pending: nothing is written. */
  async #commit(call: Call): Promise<void> {
    if (this.#pendingChanges === 0 && !this.#inParts) return;
    if (!this.#inParts) await this.#run("BEGIN", call);
    await this.#writePending(call);
    await this.#updatePosition(call);
    await this.#run("COMMIT", call);
    this.#inParts = false;
    this.#saved();
  }

  async #writePending(call: Call): Promise<void> {
    const { session, tables } = this.#options;
    for (const [table, changes] of this.#pending) {
      try {
        const plan = tables.plan(table);
        await applyChanges(plan, changes, (sql) => writeRows(session, plan, sql, call));
      } catch (error) {
        throw await tables.explain(table, error);
      }
    }
    this.#clear();
  }

  #clear(): void {
    this.#pending.clear();
    this.#pendingChanges = 0;
  }

  /** Writes the position and that the stream is alive. */
  async savePosition(call: Call): Promise<void> {
    await this.#updatePosition(call);
    this.#saved();
    this.#tell(false);
  }

  async #updatePosition(call: Call): Promise<void> {
    const { streamId, session } = this.#options;
    const timestamp = this.#timestampSec === 0
      ? ""
      : `transaction_timestamp = ${this.#timestampSec}, `;
    const matched = await session.run(
      `UPDATE _vt.vreplication SET pos = ${quote(this.#position)}, ${timestamp}` +
        "time_updated = UNIX_TIMESTAMP(), time_heartbeat = UNIX_TIMESTAMP(), message = '' " +
        `WHERE id = ${streamId}`,
      call,
    );
    if (matched === 0) throw vtError("VT27006", streamId);
  }

  /** The position was written by somebody else. */
  #reached(position: string): void {
    this.#position = position;
    this.#saved();
  }

  #saved(): void {
    this.#savedPosition = this.#position;
    this.#savedAtMs = this.#options.clock.monotonicMs();
  }

  #tell(caughtUp: boolean): void {
    // Rows up to here are committed, also where the row of the stream says so a little later.
    this.#options.onProgress({
      position: this.#position,
      timestampSec: this.#timestampSec,
      caughtUp,
    });
  }

  get unsaved(): boolean {
    return this.#position !== this.#savedPosition;
  }

  async #run(sql: string | Uint8Array, call: Call): Promise<number> {
    return await this.#options.session.run(sql, call);
  }
}
