/**
 * Counts a stream's copied rows in its row of _vt.vreplication, for people. All writers share that
 * row, and whoever changes it has it locked until its COMMIT is on disk: so one at a time takes the
 * others' counts along, and nobody waits; and small commits are counted by one that comes later.
 * Counts that nobody took along are lost with the process.
 */
import { vtError } from "../../shared/error/errors.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { WriteSession } from "./session.ts";

interface Call {
  readonly signal: AbortSignal;
}

/** So many rows, or so old a count, are worth a statement in their commit. */
const COUNTED_ROWS = 2000;
const COUNTED_MS = 100;

export class RowCounter {
  readonly #streamId: number;
  readonly #clock: Clock;
  /** Committed, and not counted. */
  #pending = 0;
  #countedAtMs = -Infinity;
  #busy = false;

  constructor(streamId: number, clock: Clock) {
    this.#streamId = streamId;
    this.#clock = clock;
  }

  /** Commits the session's transaction, which has written so many rows. VT27006. */
  async commit(session: WriteSession, rows: number, call: Call): Promise<void> {
    if (this.#busy || !this.#isDue(rows)) {
      await session.run("COMMIT", call);
      this.#pending += rows;
      return;
    }
    this.#busy = true;
    const counted = this.#pending;
    await this.#count(session, counted + rows, call);
    await session.run("COMMIT", call);
    this.#pending -= counted;
    this.#busy = false;
    this.#countedAtMs = this.#clock.monotonicMs();
  }

  #isDue(rows: number): boolean {
    return this.#pending + rows >= COUNTED_ROWS ||
      this.#clock.monotonicMs() - this.#countedAtMs >= COUNTED_MS;
  }

  /** What is left, when all writers have ended. VT27006. */
  async flush(session: WriteSession, call: Call): Promise<void> {
    if (this.#pending > 0) await this.#count(session, this.#pending, call);
    this.#pending = 0;
  }

  async #count(session: WriteSession, rows: number, call: Call): Promise<void> {
    const matched = await session.run(
      `UPDATE _vt.vreplication SET rows_copied = rows_copied + ${rows}, ` +
        `time_updated = UNIX_TIMESTAMP(), message = '' WHERE id = ${this.#streamId}`,
      call,
    );
    if (matched === 0) throw vtError("VT27006", this.#streamId);
  }
}
