/**
 * `select next N values from SEQUENCE`: values out of ranges that this primary has reserved in the
 * sequence's table, `cache` at a time. A range counts as ours only after its COMMIT was answered;
 * what a killed tablet had left of one is a gap, never a duplicate.
 *
 * Behaviour and texts of go/vt/vttablet/tabletserver/query_executor.go (execNextval).
 */
import { vtError } from "../../shared/error/errors.ts";
import type { Log } from "../../shared/io/log.ts";
import type { PooledConnection } from "./pooled_connection.ts";

/** More at once than any INSERT has rows. */
export const SEQUENCE_COUNT_MAX = 1_000_000_000;

interface Sequence {
  /** The next value to give. */
  next: bigint;
  /** The first value that isn't ours. */
  end: bigint;
  /** The call before: calls take their turn. */
  turn: Promise<void>;
}

/** What a sequence needs of a connection to mysqld. */
export type SequenceConnection = Pick<PooledConnection, "closed" | "rows" | "run">;

export type WithConnection = <T>(
  work: (connection: SequenceConnection) => Promise<T>,
) => Promise<T>;

export class Sequences {
  readonly #withConnection: WithConnection;
  readonly #log: Log;
  readonly #sequences = new Map<string, Sequence>();

  /** `withConnection` lends a connection of which no transaction is open before and after. */
  constructor(withConnection: WithConnection, log: Log) {
    this.#withConnection = withConnection;
    this.#log = log;
  }

  /** The first of `count` consecutive values. VT20017 when the table is no sequence with a row 0. */
  async next(table: string, count: number): Promise<bigint> {
    if (!Number.isSafeInteger(count) || count < 1 || count > SEQUENCE_COUNT_MAX) {
      throw vtError("VT20017", `invalid increment for sequence ${table}: ${count}`);
    }
    const sequence = this.#sequence(table);
    if (sequence.next + BigInt(count) > sequence.end) {
      return await this.#nextInTurn(sequence, table, BigInt(count));
    }
    return take(sequence, BigInt(count));
  }

  #sequence(table: string): Sequence {
    let sequence = this.#sequences.get(table);
    if (sequence === undefined) {
      sequence = { next: 0n, end: 0n, turn: Promise.resolve() };
      this.#sequences.set(table, sequence);
    }
    return sequence;
  }

  async #nextInTurn(sequence: Sequence, table: string, count: bigint): Promise<bigint> {
    const turn = Promise.withResolvers<void>();
    const before = sequence.turn;
    sequence.turn = turn.promise;
    try {
      await before;
      // Again, when smaller calls took values of the old range while the new one was reserved.
      while (sequence.next + count > sequence.end) await this.#reserve(sequence, table, count);
      // A change of role meanwhile: these values may be the next primary's.
      if (this.#sequences.get(table) !== sequence) throw vtError("VT20001", "NOT_SERVING");
      return take(sequence, count);
    } finally {
      turn.resolve();
    }
  }

  async #reserve(sequence: Sequence, table: string, count: bigint): Promise<void> {
    const reserved = await this.#withConnection(async (connection) => {
      await connection.run("begin");
      try {
        const row = await this.#read(connection, table);
        const range = nextRange(sequence, row.nextId, row.cache, count);
        if (row.nextId < sequence.end) {
          this.#log.warn("sequence was set below values in use; it is raised again", {
            table,
            nextId: String(row.nextId),
            end: String(sequence.end),
          });
        }
        await connection.run(`update ${quoted(table)} set next_id = ${range.end} where id = 0`);
        await connection.run("commit");
        return range;
      } catch (error) {
        if (!connection.closed) await connection.run("rollback");
        throw error;
      }
    });
    // Values may have been taken since `reserved` was computed: they are not given twice.
    if (reserved.next > sequence.next) sequence.next = reserved.next;
    sequence.end = reserved.end;
  }

  async #read(
    connection: SequenceConnection,
    table: string,
  ): Promise<{ readonly nextId: bigint; readonly cache: bigint }> {
    const rows = await connection.rows(
      `select next_id, cache from ${quoted(table)} where id = 0 for update`,
    );
    const [row] = rows;
    if (row === undefined || rows.length !== 1) {
      const cause = `unexpected rows from reading sequence ${table} (possible mis-route)`;
      throw vtError("VT20017", `${cause}: ${rows.length}`);
    }
    const [nextId, cache] = row;
    if (typeof nextId !== "string" || typeof cache !== "string") {
      throw vtError("VT20017", `error loading sequence ${table}: next_id or cache is NULL`);
    }
    if (BigInt(cache) < 1n) {
      throw vtError("VT20017", `invalid cache value for sequence ${table}: ${cache}`);
    }
    return { nextId: BigInt(nextId), cache: BigInt(cache) };
  }

  /** Forgets what is reserved: this tablet is no longer, or not yet, the primary. */
  clear(): void {
    this.#sequences.clear();
  }
}

function take(sequence: Sequence, count: bigint): bigint {
  const first = sequence.next;
  sequence.next += count;
  return first;
}

/** The range that is ours after the commit: what is left goes on where the table does. */
export function nextRange(
  held: { readonly next: bigint; readonly end: bigint },
  nextId: bigint,
  cache: bigint,
  count: bigint,
): { readonly next: bigint; readonly end: bigint } {
  const start = nextId < held.end ? held.end : nextId;
  const next = start === held.end && held.end !== 0n ? held.next : start;
  const missing = next + count - start;
  const batches = missing <= cache ? 1n : (missing + cache - 1n) / cache;
  return { next, end: start + cache * batches };
}

function quoted(name: string): string {
  return "`" + name.replaceAll("`", "``") + "`";
}
