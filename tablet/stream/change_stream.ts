/**
 * The change stream of a mysqld: its binlog from a position on, decoded, filtered, whole in spite
 * of broken connections. Each break resumes behind the last complete transaction, so that a sink
 * that commits a transaction's rows with its position gets each exactly once.
 */
import { VtError, vtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import type { StreamItem, StreamSink } from "../../shared/binlog/change.ts";
import {
  parsePosition,
  type Position,
  positionContains,
  printPosition,
} from "../../shared/binlog/position.ts";
import { StreamDecoder } from "../../shared/binlog/stream_decoder.ts";
import { sleep } from "../../shared/host/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { CopyingTable } from "../../shared/rpc/stream_service.ts";
import type { MysqldConnection } from "../mysqld/connection.ts";
import { printMysqldAddress } from "../mysqld/login.ts";
import { CopyBorders } from "./copy_border.ts";
import { connectForStream, followBinlog, type StreamLogin } from "./dump.ts";
import { KeyOrder } from "./key_order.ts";
import { flavorOfConnection, readCurrentPosition, readTextTypes } from "./source_setup.ts";
import { runWatched, STALL_MS } from "./stall_watch.ts";
import { refuseUnloggedChanges } from "./unlogged_changes.ts";

/** What stands between the decoder and the sink (shared/filter). */
export interface ItemFilter {
  /** False: rows of this table are not even decoded. */
  wants(table: string): boolean;
  apply(items: readonly StreamItem[]): readonly StreamItem[];
}

export interface ChangeStreamOptions {
  readonly login: StreamLogin;
  /** mysqld's own name: "vt_commerce". */
  readonly database: string;
  /** Behind which transaction to start; "current": from now on. */
  readonly position: string;
  readonly filter?: ItemFilter;
  /** The stream ends exactly behind this position; undefined: never. */
  readonly until?: string;
  /** What the reader is in the midst of copying. Default: it has everything. */
  readonly copying?: readonly CopyingTable[];
  /** Default 1000. */
  readonly heartbeatMs?: number;
  /** A silent connection is given up after this. Default: 10 heartbeats; 60 000 for statements. */
  readonly stallMs?: number;
  /** An unreachable source is tried again for this long. Default 30 000; 0: not at all. */
  readonly retryMs?: number;
  readonly log?: Log;
}

interface Options {
  readonly signal: AbortSignal;
}

const HEARTBEAT_MS = 1000;
const STALL_HEARTBEATS = 10;
const RETRY_MS = 30_000;
const PAUSE_MS_MIN = 50;
const PAUSE_MS_MAX = 2000;

/** A transaction with more goes to the sink in parts. */
export const CHUNK_LIMITS = { changesMax: 2000, bytesMax: 1024 * 1024 } as const;

/** The stream has come to its `until`. */
class Reached extends Error {}

/**
 * Resolves behind `until`, otherwise never. Throws the signal's reason, what the sink throws, VT26001 ... VT26005 when the
 * stream can't go on, and the last failure when the source stays away for `retryMs`.
 */
export async function streamChanges(
  options: ChangeStreamOptions,
  sink: StreamSink,
  { signal }: Options,
): Promise<void> {
  const start = await startOf(options, { signal });
  const { filter, log, until } = options;
  if (until !== undefined && isBehind(until, printPosition(start.flavor, start.gtid))) return;
  using order = new KeyOrder(options.login, options.stallMs ?? STALL_MS);
  const borders = options.copying && new CopyBorders(options.copying, order);
  const heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
  const { database } = options;
  const wants = (table: string) => filter === undefined || filter.wants(table);
  const decoder = new StreamDecoder({
    database,
    wants,
    start,
    checksum: true,
    limits: CHUNK_LIMITS,
  });
  const demandTables = () =>
    runStatements(options, { signal }, async (connection, watched) => {
      await refuseUnloggedChanges(connection, database, wants, watched);
      decoder.retype(await readTextTypes(connection, database, watched));
    });
  // The decoder is past what it gave: a stream that was tried again would leave it out.
  let undelivered = false;
  const deliver = async (items: readonly StreamItem[]): Promise<void> => {
    undelivered = true;
    // A table may have come that can't be streamed.
    if (items.some(({ kind }) => kind === "ddl")) await demandTables();
    const known = borders === undefined ? items : await borders.apply(items, { signal });
    const wanted = filter === undefined ? known : filter.apply(known);
    if (wanted.length > 0) await sink(wanted);
    undelivered = false;
  };
  const retry = new Retry(options.retryMs ?? RETRY_MS);
  for (;;) {
    try {
      await followBinlog({
        login: options.login,
        database,
        wants,
        start: parsePosition(decoder.position),
        heartbeatMs,
        stallMs: options.stallMs ?? heartbeatMs * STALL_HEARTBEATS,
      }, {
        started: (setup) => decoder.reset(setup),
        events: async (events) => {
          retry.succeeded();
          for (let at = 0; at < events.length;) {
            const added = addEvents(decoder, events, at, until);
            await deliver(decoder.take());
            if (added.reached) throw new Reached();
            at = added.next;
          }
        },
      }, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Reached) return;
      if (undelivered) throw error;
      const pauseMs = retry.pauseAfter(error);
      log?.warn("change stream interrupted", { cause: String(error), position: decoder.position });
      await sleep(pauseMs, { signal });
    }
  }
}

/**
 * Adds events up to `until`, or behind a definition: what columns are behind it has to be read
 * before rows of them are.
 */
function addEvents(
  decoder: StreamDecoder,
  events: readonly Uint8Array[],
  from: number,
  until: string | undefined,
): { readonly next: number; readonly reached: boolean } {
  for (let at = from; at < events.length; at++) {
    const before = decoder.position;
    const event = events[at];
    if (event !== undefined) decoder.add(event);
    const moved = until !== undefined && decoder.position !== before;
    if (moved && isBehind(until, decoder.position)) return { next: at + 1, reached: true };
    if (decoder.takeDefined()) return { next: at + 1, reached: false };
  }
  return { next: events.length, reached: false };
}

/** True when whoever is at `position` has all of `until`. */
function isBehind(until: string, position: string): boolean {
  return positionContains(position, until);
}

async function startOf(options: ChangeStreamOptions, { signal }: Options): Promise<Position> {
  if (options.position !== "current") {
    try {
      return parsePosition(options.position);
    } catch (error) {
      throw vtError("VT22001", error instanceof Error ? error.message : String(error));
    }
  }
  return await runStatements(options, { signal }, async (connection, watched) => {
    const gtid = await readCurrentPosition(connection, watched);
    return parsePosition(printPosition(flavorOfConnection(connection), gtid));
  });
}

/** On a connection of its own. VT26006 when mysqld hangs. */
async function runStatements<T>(
  { login, stallMs }: ChangeStreamOptions,
  options: Options,
  work: (connection: MysqldConnection, watched: Options) => Promise<T>,
): Promise<T> {
  const source = printMysqldAddress(login.address);
  return await runWatched(source, stallMs ?? STALL_MS, options, async (watched) => {
    using connection = await connectForStream(login, watched);
    return await work(connection, watched);
  });
}

/** How long a source may stay away, and the pauses between tries. */
class Retry {
  readonly #limitMs: number;
  #failingSinceMs: number | undefined;
  #pauseMs = PAUSE_MS_MIN;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  succeeded(): void {
    this.#failingSinceMs = undefined;
    this.#pauseMs = PAUSE_MS_MIN;
  }

  /** Throws the error when it won't pass, or lasted too long. */
  pauseAfter(error: unknown): number {
    const nowMs = performance.now();
    this.#failingSinceMs ??= nowMs;
    if (!mayPass(error) || nowMs - this.#failingSinceMs >= this.#limitMs) throw error;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2);
    return pauseMs;
  }
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof VtError || error instanceof MysqlError)) return false;
  return error.status === "unavailable";
}
