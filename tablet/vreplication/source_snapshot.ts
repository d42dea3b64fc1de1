/** A snapshot of the source for as long as a piece of work needs it. */
import type {
  OpenSnapshot,
  SnapshotRequest,
  StreamService,
} from "../../shared/rpc/stream_service.ts";

interface Call {
  readonly signal: AbortSignal;
}

/**
 * Runs `use` while the source holds the snapshot. Throws what `use` throws, or why the source has
 * given it up, which ends `use` by its signal.
 */
export async function withSnapshot(
  source: StreamService,
  request: SnapshotRequest,
  use: (snapshot: OpenSnapshot, call: Call) => Promise<void>,
  call: Call,
): Promise<void> {
  const done = new AbortController();
  const lost = new AbortController();
  const opened = Promise.withResolvers<OpenSnapshot>();
  const holding = source.holdSnapshot(request, opened.resolve, {
    signal: AbortSignal.any([call.signal, done.signal]),
  }).then(
    () => lost.abort(new TypeError("A snapshot must not end by itself")),
    (error) => lost.abort(error),
  ).then(() => opened.reject(lost.signal.reason));
  try {
    const snapshot = await opened.promise;
    await use(snapshot, { signal: AbortSignal.any([call.signal, lost.signal]) });
  } finally {
    done.abort(new DOMException("The snapshot is no longer needed", "AbortError"));
    await holding;
  }
}
