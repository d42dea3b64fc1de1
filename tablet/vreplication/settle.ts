/** The end of a stream's sessions, seen from the side of mysqld. */
import { VtError, vtErrorFrom } from "../../shared/error/errors.ts";
import type { Log } from "../../shared/io/log.ts";
import { type WriteLogin, WriteSession } from "./session.ts";
import { claimStream } from "./stream_lock.ts";

/** Commits under way are awaited so long; see stream_lock.ts. */
const SETTLE_MS_MAX = 40_000;

/** Nobody answers, or the connection broke: a mysqld that is away applies nothing. */
const AWAY: ReadonlySet<string> = new Set(["VT20006", "VT20012"]);

/**
 * Waits until mysqld has ended what it was sent for a stream, by whomever: a COMMIT may have been the
 * last of it. VT27012 when it doesn't end, VT20014 when mysqld hangs; whoever wants to know how far
 * the stream is must ask again then. A mysqld that is away is not waited for.
 */
export async function settleStream(login: WriteLogin, streamId: number, log: Log): Promise<void> {
  const call = { signal: AbortSignal.timeout(SETTLE_MS_MAX) };
  try {
    using session = await WriteSession.open(login, call);
    await claimStream(session, streamId, call);
  } catch (error) {
    if (call.signal.aborted) {
      throw vtErrorFrom(error, "VT20014", `mysqld, about the sessions of stream ${streamId}`);
    }
    if (!(error instanceof VtError) || !AWAY.has(error.id)) throw error;
    log.warn("the end of a stream's sessions was not seen", {
      stream: streamId,
      error: String(error),
    });
  }
}
