/**
 * Builds the secondary keys that a stream had deferred and that it no longer builds itself, since it
 * was deleted in the midst of its copy: its tables may be kept. On the primary, in the background.
 */
import { ER_NO_SUCH_TABLE } from "../../shared/error/errno.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import { SNAPSHOT_READERS_MAX } from "../../shared/rpc/stream_service.ts";
import { quote } from "../mysqld/statement.ts";
import { classify } from "./classify.ts";
import { DeferredKeys } from "./deferred_keys.ts";
import { type WriteLogin, WriteSession } from "./session.ts";
import { settleStream } from "./settle.ts";
import { joinStream } from "./stream_lock.ts";

export interface KeyMenderOptions {
  readonly login: WriteLogin;
  readonly clock: Clock;
  readonly log: Log;
}

interface Call {
  readonly signal: AbortSignal;
}

/** A table whose keys a stream has left. */
interface Left {
  readonly streamId: number;
  readonly table: string;
}

/** Until mysqld is asked again that didn't answer. */
const PAUSE_MS = 5000;
/** Of the stream's writers, if it is there still and copies other tables: the one it uses last. */
const PLACE = SNAPSHOT_READERS_MAX;

export class KeyMender {
  readonly #options: KeyMenderOptions;
  #stop = new AbortController();
  #running: Promise<void> | undefined;
  #isWanted = false;
  #at: Left | undefined;

  constructor(options: KeyMenderOptions) {
    this.#options = options;
  }

  /** What is built now, for people; undefined when nothing is. */
  get at(): string | undefined {
    return this.#at === undefined ? undefined : `secondary keys of ${this.#at.table}`;
  }

  /** Looks for what is left, and builds it; returns at once. Not between `abort` and `stop`. */
  start(): void {
    this.#isWanted = true;
    this.#running ??= this.#run(this.#stop.signal);
  }

  /** It was told to end, and `stop` has not seen it. */
  get aborted(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Lets it end; see `stop`. */
  abort(): void {
    this.#stop.abort(new DOMException("Streams were stopped", "AbortError"));
  }

  /** mysqld has ended what it was sent when this resolves. VT27012, VT20014: that isn't known yet. */
  async stop(): Promise<void> {
    this.abort();
    await this.#running;
    // One that was started behind `abort` has ended before it could say so.
    this.#running = undefined;
    if (this.#at !== undefined) {
      await settleStream(this.#options.login, this.#at.streamId, this.#options.log);
    }
    this.#at = undefined;
    this.#stop = new AbortController();
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (this.#isWanted && !signal.aborted) {
      this.#isWanted = false;
      try {
        await this.#mendAll({ signal });
      } catch (error) {
        if (signal.aborted) break;
        this.#options.log.warn("secondary keys could not be built", { error: String(error) });
        this.#isWanted = true;
        // The signal ends the pause and the loop.
        await this.#options.clock.sleep(PAUSE_MS, { signal }).catch(() => {});
      }
    }
    this.#running = undefined;
  }

  async #mendAll(call: Call): Promise<void> {
    const { login } = this.#options;
    using session = await WriteSession.open(login, call);
    const left = await session.rows(
      "SELECT noted.vrepl_id, noted.table_name FROM _vt.post_copy_action AS noted " +
        "LEFT JOIN _vt.copy_state AS copying ON copying.vrepl_id = noted.vrepl_id " +
        "AND copying.table_name = noted.table_name " +
        `WHERE noted.db_name = ${quote(login.database)} AND copying.id IS NULL`,
      call,
    );
    const failures: unknown[] = [];
    for (const [id, table] of left) {
      this.#at = { streamId: Number(id), table: table ?? "" };
      try {
        await this.#mend(this.#at, call);
      } catch (error) {
        // What it is at stays known: mysqld may go on with it.
        if (call.signal.aborted) throw error;
        if (this.#passes(this.#at, error)) failures.push(error);
      }
      this.#at = undefined;
    }
    if (failures.length > 0) throw failures[0];
  }

  async #mend(left: Left, call: Call): Promise<void> {
    const { login, log, clock } = this.#options;
    const keys = new DeferredKeys({ ...left, database: login.database, log });
    const startedMs = clock.monotonicMs();
    using session = await WriteSession.open(login, call);
    await joinStream(session, left.streamId, PLACE, call);
    try {
      await keys.restore(session, left.table, call);
    } catch (error) {
      if (!(error instanceof MysqlError && error.errno === ER_NO_SUCH_TABLE)) throw error;
      await keys.forget(session, left.table, call);
    }
    const tookMs = Math.round(clock.monotonicMs() - startedMs);
    log.info("secondary keys of a deleted stream settled", { ...left, tookMs });
  }

  /** Whether it may be tried again soon; what may not needs somebody who mends it, and is told here. */
  #passes(left: Left, error: unknown): boolean {
    const verdict = classify(error);
    if (verdict.is === "retry") return true;
    this.#options.log.error("secondary keys of a deleted stream can't be built", {
      ...left,
      error: verdict.message,
      again: "when the tablet starts, or a stream of its shard is deleted",
    });
    return false;
  }
}
