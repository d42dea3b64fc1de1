/**
 * Groups changes by transaction: chunks of giant ones, the position that moves with each, and the
 * transactions between XA PREPARE and XA COMMIT.
 */
import { vtError } from "../error/errors.ts";
import type { RowChange, StreamItem } from "./change.ts";
import { type Position, PositionTracker } from "./position.ts";

/** What names the transaction under way. */
export type GroupGtid =
  | {
    readonly flavor: "mariadb";
    readonly domain: number;
    readonly server: number;
    readonly sequence: bigint;
  }
  | { readonly flavor: "mysql"; readonly source: string; readonly number: bigint };

export interface ChunkLimits {
  /** A transaction with more goes out in parts. */
  readonly changesMax: number;
  readonly bytesMax: number;
}

interface Prepared {
  readonly gtid: GroupGtid;
  readonly changes: readonly RowChange[];
}

/** Rows between XA PREPARE and XA COMMIT can't go out yet. */
const PREPARED_BYTES_MAX = 256 * 1024 * 1024;

export class TransactionBuilder {
  readonly #tracker: PositionTracker;
  readonly #limits: ChunkLimits;
  #items: StreamItem[] = [];
  #position: string;
  #gtid: GroupGtid | undefined;
  #changes: RowChange[] = [];
  #bytes = 0;
  /** A chunk of the transaction under way has gone out. */
  #partial = false;
  #timestampSec = 0;
  /** The group is a transaction that XA PREPARE ends. */
  #preparing = false;
  readonly #prepared = new Map<string, Prepared>();
  #preparedBytes = 0;
  /** The position moved by transactions without changes since the last item that tells it. */
  #moved = false;

  constructor(start: Position, limits: ChunkLimits) {
    this.#tracker = new PositionTracker(start);
    this.#limits = limits;
    this.#position = this.#tracker.print();
  }

  /** After the last complete transaction. */
  get position(): string {
    return this.#position;
  }

  get inGroup(): boolean {
    return this.#gtid !== undefined;
  }

  begin(gtid: GroupGtid): void {
    if (this.#gtid !== undefined) throw vtError("VT26001", "a transaction begins within another");
    this.#gtid = gtid;
  }

  at(timestampSec: number): void {
    this.#timestampSec = timestampSec;
  }

  push(item: StreamItem): void {
    this.#items.push(item);
  }

  /** `bytes` is about what the changes hold. */
  add(changes: readonly RowChange[], bytes: number): void {
    if (this.#gtid === undefined) throw vtError("VT26001", "rows outside of a transaction");
    for (const change of changes) {
      this.#changes.push(change);
      if (!this.#preparing && this.#changes.length >= this.#limits.changesMax) this.#flushChunk();
    }
    this.#bytes += bytes;
    if (this.#preparing) this.#demandRoom();
    else if (this.#bytes >= this.#limits.bytesMax) this.#flushChunk();
  }

  #demandRoom(): void {
    if (this.#preparedBytes + this.#bytes <= PREPARED_BYTES_MAX) return;
    throw vtError(
      "VT26002",
      `prepared XA transactions of more than ${PREPARED_BYTES_MAX} bytes; commit them in parts`,
    );
  }

  #flushChunk(): void {
    if (this.#changes.length === 0) return;
    this.#items.push({
      kind: "transaction",
      position: this.#position,
      complete: false,
      timestampSec: this.#timestampSec,
      changes: this.#changes,
    });
    this.#changes = [];
    this.#bytes = 0;
    this.#partial = true;
  }

  /** XID, COMMIT, or the end of a group that is one statement. */
  commit(): void {
    this.#advance(this.#takeGtid());
    const changes = this.#changes;
    if (changes.length === 0 && !this.#partial) this.#moved = true;
    else this.#complete(changes);
    this.#clear();
  }

  /** A statement of definition that is a group of its own, or within one. */
  define(sql: string, tables: readonly string[], options: { readonly ends: boolean }): void {
    if (options.ends) this.#advance(this.#takeGtid());
    else this.#flushChunk();
    const { position, timestampSec } = this.#now();
    this.#items.push({ kind: "ddl", position, timestampSec, sql, tables });
    this.#moved = false;
    if (options.ends) this.#clear();
  }

  /** VT26002 when rows would have to be taken back: only tables without transactions log that. */
  rollback(options: { readonly ends: boolean }): void {
    if (this.#changes.length > 0 || this.#partial) {
      throw vtError(
        "VT26002",
        "a rollback of logged rows, as tables without transactions leave it",
      );
    }
    if (options.ends) this.commit();
  }

  xaStart(): void {
    this.#preparing = true;
  }

  /** The changes wait for xaEnd. */
  xaPrepare(xid: string): void {
    const gtid = this.#takeGtid();
    this.#prepared.set(xid, { gtid, changes: this.#changes });
    this.#preparedBytes += this.#bytes;
    // MySQL sends again what the set lacks: a hole brings the rows back after a reconnect.
    if (gtid.flavor === "mariadb") this.#advance(gtid);
    this.#moved = true;
    this.#clear();
  }

  /** XA COMMIT or XA ROLLBACK, a group of its own. */
  xaEnd(xid: string, options: { readonly commit: boolean }): void {
    const gtid = this.#takeGtid();
    const prepared = this.#prepared.get(xid);
    if (prepared === undefined && options.commit) {
      throw vtError(
        "VT26004",
        `XA transaction ${xid} was prepared before ${this.#position}, where this stream began; ` +
          "start the stream from an earlier position",
      );
    }
    this.#prepared.delete(xid);
    if (this.#prepared.size === 0) this.#preparedBytes = 0;
    if (prepared?.gtid.flavor === "mysql") this.#advance(prepared.gtid);
    this.#advance(gtid);
    if (options.commit && prepared !== undefined && prepared.changes.length > 0) {
      this.#complete(prepared.changes);
    } else this.#moved = true;
    this.#clear();
  }

  /** The connection broke: what is under way comes again. */
  reset(): void {
    if (this.#partial) this.#items.push({ kind: "abandoned" });
    this.#gtid = undefined;
    this.#clear();
  }

  heartbeat(): void {
    this.#flushMoved();
    this.#items.push({ kind: "heartbeat", position: this.#position });
  }

  /** The items since the last call. */
  take(): readonly StreamItem[] {
    this.#flushMoved();
    const items = this.#items;
    if (items.length > 0) this.#items = [];
    return items;
  }

  #flushMoved(): void {
    if (!this.#moved || this.#partial) return;
    this.#complete([]);
  }

  #complete(changes: readonly RowChange[]): void {
    this.#items.push({ kind: "transaction", complete: true, changes, ...this.#now() });
    this.#moved = false;
  }

  #now(): { readonly position: string; readonly timestampSec: number } {
    return { position: this.#position, timestampSec: this.#timestampSec };
  }

  #takeGtid(): GroupGtid {
    const gtid = this.#gtid;
    if (gtid === undefined) throw vtError("VT26001", "a transaction ends that did not begin");
    this.#gtid = undefined;
    return gtid;
  }

  #advance(gtid: GroupGtid): void {
    if (gtid.flavor === "mariadb") this.#tracker.addMariadb(gtid);
    else this.#tracker.addMysql(gtid.source, gtid.number);
    this.#position = this.#tracker.print();
  }

  #clear(): void {
    this.#changes = [];
    this.#bytes = 0;
    this.#partial = false;
    this.#preparing = false;
  }
}
