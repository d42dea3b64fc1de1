/**
 * Sees to it that a stream is run once. mysqld goes on with what a session was sent, a COMMIT for
 * instance, when whoever sent it has gone or was killed. So every session that writes for a stream
 * holds a named lock of mysqld for its life, which mysqld lets go when the session has ended there;
 * and whoever runs the stream next, or says that it stands still, takes all of them before it reads
 * how far the stream is.
 */
import { ER_KILL_DENIED_ERROR } from "../../shared/error/errno.ts";
import { vtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { SNAPSHOT_READERS_MAX } from "../../shared/rpc/stream_service.ts";
import { killThread } from "../mysqld/kill_thread.ts";
import type { WriteSession } from "./session.ts";

interface Call {
  readonly signal: AbortSignal;
}

/** The session that applies changes is 0; then come the writers of tables. */
const PLACES = Array.from({ length: 1 + SNAPSHOT_READERS_MAX }, (_, place) => place);

/** A commit of many rows under way, on a slow disk; anything else ends when it is killed. */
const WAIT_SEC = 30;

function name(streamId: number, place: number): string {
  return `'vt_vreplication_${streamId}_${place}'`;
}

/**
 * Waits until all sessions of the stream but this one have ended, and takes place 0. VT27012 when
 * one doesn't end.
 */
export async function claimStream(
  session: WriteSession,
  streamId: number,
  call: Call,
): Promise<void> {
  const select = (each: (lock: string) => string) =>
    `SELECT ${PLACES.map((place) => each(name(streamId, place))).join(", ")}`;
  const [taken = []] = await session.rows(select((lock) => `GET_LOCK(${lock}, 0)`), call);
  for (const place of PLACES) {
    if (taken[place] !== "1") await takeOver(session, streamId, place, call);
  }
  // Left to writers to come: nobody else can be there while place 0 is held.
  const others = PLACES.slice(1).map((place) => `RELEASE_LOCK(${name(streamId, place)})`);
  await session.rows(`SELECT ${others.join(", ")}`, call);
}

/** Ends the session that has the place. */
async function takeOver(
  session: WriteSession,
  streamId: number,
  place: number,
  call: Call,
): Promise<void> {
  const lock = name(streamId, place);
  const [[holder] = []] = await session.rows(`SELECT IS_USED_LOCK(${lock})`, call);
  if (holder !== null && holder !== undefined) await kill(session, holder, call);
  const [[taken] = []] = await session.rows(`SELECT GET_LOCK(${lock}, ${WAIT_SEC})`, call);
  if (taken !== "1") throw vtError("VT27012", streamId, WAIT_SEC);
}

async function kill(session: WriteSession, threadId: string, call: Call): Promise<void> {
  try {
    await killThread(threadId, "CONNECTION", (sql) => session.run(sql, call));
  } catch (error) {
    // It is of another user, who may have been this one before.
    if (!(error instanceof MysqlError && error.errno === ER_KILL_DENIED_ERROR)) throw error;
  }
}

/** Takes the place of a writer: 1 ... SNAPSHOT_READERS_MAX. VT27012 when another one has it. */
export async function joinStream(
  session: WriteSession,
  streamId: number,
  place: number,
  call: Call,
): Promise<void> {
  // A writer of the round before may be about to end.
  const sql = `SELECT GET_LOCK(${name(streamId, place)}, ${WAIT_SEC})`;
  const [[taken] = []] = await session.rows(sql, call);
  if (taken !== "1") throw vtError("VT27012", streamId, WAIT_SEC);
}
