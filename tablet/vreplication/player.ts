/** Follows a source's changes and applies them: the running phase, and the catch-up of copying. */
import type { StreamItem } from "../../shared/binlog/change.ts";
import { positionContains } from "../../shared/binlog/position.ts";
import type { StreamService, StreamTarget } from "../../shared/rpc/stream_service.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import type { Applier } from "./applier.ts";
import { ItemQueue } from "./item_queue.ts";

export interface PlayOptions {
  readonly source: StreamService;
  readonly target: StreamTarget;
  readonly rules: readonly FilterRule[];
  readonly applier: Applier;
  /** Ends behind this position; undefined never does. */
  readonly until: string | undefined;
  /** Asked after each batch: true ends it. */
  readonly enough?: (items: readonly StreamItem[]) => boolean;
}

interface Call {
  readonly signal: AbortSignal;
}

/** Resolves when `until` or `enough` says so; throws what the stream or the target throws. */
export async function play(options: PlayOptions, { signal }: Call): Promise<void> {
  const { source, target, rules, applier, until, enough } = options;
  if (until !== undefined && positionContains(applier.position, until)) return;
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  const queue = new ItemQueue();
  const streaming = source.streamChanges(
    {
      target,
      position: applier.position,
      rules,
      // Exactly behind it: transactions without rows would come as one move beyond.
      ...(until !== undefined && { until }),
    },
    (items) => queue.put(items),
    { signal: either },
  ).then(
    // What it brought before is still taken, and reaches `until`.
    () => queue.fail(new TypeError("A change stream must not end by itself")),
    (error) => queue.fail(error),
  );
  const onAbort = () => queue.fail(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for (;;) {
      signal.throwIfAborted();
      const items = await queue.take();
      if (await applier.apply(items, until, { signal })) return;
      if (enough?.(items) === true) return;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    ended.abort(new DOMException("The stream is no longer followed", "AbortError"));
    queue.close();
    await streaming;
  }
}
