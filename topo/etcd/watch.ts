/**
 * A watch that loses nothing: a listing first, then the changes from the revision after it. When
 * the connection ends it goes on after the last change that it has given, wherever it can connect;
 * when etcd has compacted that revision away (or lost its data), it starts with a listing again.
 *
 *     listing ──▶ streaming ──▶ (cut, silent, idle) ──▶ streaming from last + 1
 *        ▲                                                  │
 *        └────────────────── compacted ◀────────────────────┘
 */
import { VtError } from "../../shared/error/errors.ts";
import { sleep } from "../../shared/host/clock.ts";
import type { JsonReader } from "../../shared/model/json_reader.ts";
import { Failure } from "./failure.ts";
import type { Gateway } from "./gateway.ts";
import { decodeKeyValue, type KeyRange, type KeyValue, revisionOf } from "./keys.ts";
import type { Pulse } from "./pulse.ts";

export type KeyEvent =
  | { readonly on: "snapshot"; readonly keys: readonly KeyValue[] }
  | { readonly on: "put"; readonly key: KeyValue }
  | { readonly on: "delete"; readonly key: string };

export interface WatchOptions {
  readonly gateway: Gateway;
  readonly pulse: Pulse;
  readonly range: KeyRange;
  /** For logs and errors: the watched prefix. */
  readonly what: string;
  readonly signal: AbortSignal;
}

/** The pause before connecting again: doubled at each failure in a row, from the first to the last. */
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 1000;
/** A server confirms a new watch at once. */
const OPEN_MS = 5000;
/** A stream that hears nothing is opened anew, in case its connection died without a word. */
const IDLE_MS = 60_000;

/** Never ends before the signal, and never throws but for programming errors. */
export async function* watchKeys(options: WatchOptions): AsyncGenerator<KeyEvent> {
  const { signal } = options;
  const outage = new Outage(options);
  let revision: number | undefined;
  while (!signal.aborted) {
    try {
      if (revision === undefined) {
        const listing = await list(options);
        revision = listing.revision;
        outage.end();
        yield { on: "snapshot", keys: listing.keys };
      }
      for await (const batch of follow(options, revision + 1)) {
        outage.end();
        for (const event of batch.events) yield event;
        revision = Math.max(revision, batch.revision);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Compacted) revision = undefined;
      else if (error instanceof Failure || error instanceof VtError) await outage.wait(error);
      else throw error;
    }
  }
}

/** The revision to go on from isn't there any more. */
class Compacted extends Error {
  override readonly name = "Compacted";
}

/** Failures in a row: says so once, and waits longer each time. */
class Outage {
  readonly #options: WatchOptions;
  #sinceMs: number | undefined;
  #pauseMs = RETRY_MS_MIN;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  async wait(error: Error): Promise<void> {
    const { gateway, what, signal } = this.#options;
    if (this.#sinceMs === undefined) {
      this.#sinceMs = performance.now();
      gateway.log.warn("watch interrupted", { prefix: what, error: error.message });
    }
    await sleep(this.#pauseMs, { signal }).catch(() => {
      // The watch ends; its loop sees it.
    });
    this.#pauseMs = Math.min(this.#pauseMs * 2, RETRY_MS_MAX);
  }

  end(): void {
    if (this.#sinceMs === undefined) return;
    const afterMs = Math.round(performance.now() - this.#sinceMs);
    this.#options.gateway.log.info("watch resumed", { prefix: this.#options.what, afterMs });
    this.#sinceMs = undefined;
    this.#pauseMs = RETRY_MS_MIN;
  }
}

async function list(
  options: WatchOptions,
): Promise<{ readonly revision: number; readonly keys: readonly KeyValue[] }> {
  const { gateway, range, what, signal } = options;
  const call = { signal, what: `list ${what}`, kind: "read" } as const;
  const answer = await gateway.call("/v3/kv/range", { ...range }, call);
  return { revision: revisionOf(answer), keys: answer.get("kvs").list(decodeKeyValue) };
}

interface Batch {
  readonly events: readonly KeyEvent[];
  /** Everything up to it has been given with this batch. */
  readonly revision: number;
}

/** The changes from `start` on, until the stream ends for whatever reason. */
async function* follow(options: WatchOptions, start: number): AsyncGenerator<Batch> {
  const { gateway, pulse, range, signal } = options;
  const { endpoint } = gateway;
  const stream = new AbortController();
  const onAbort = () => stream.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  using _pulse = pulse.watch(endpoint, stream);
  const silence = new Silence(stream);
  const create = {
    create_request: { ...range, start_revision: String(start), progress_notify: true },
  };
  try {
    signal.throwIfAborted();
    const lines = gateway.stream(endpoint, "/v3/watch", create, stream.signal);
    for await (const line of lines) {
      const batch = decodeBatch(line, start);
      // The consumer may take its time; that is no silence of the server.
      silence.pause();
      yield batch;
      silence.watch(IDLE_MS);
    }
    throw new Failure("lost", "etcd ended the watch");
  } catch (error) {
    if (signal.aborted || silence.idle) return;
    if (!(error instanceof Compacted)) gateway.leave(endpoint);
    throw stream.signal.aborted ? stream.signal.reason : error;
  } finally {
    silence.pause();
    stream.abort();
    signal.removeEventListener("abort", onAbort);
  }
}

/** Ends a stream that hears nothing: not even the confirmation, or no change for long. */
class Silence {
  readonly #stream: AbortController;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #idle = false;

  constructor(stream: AbortController) {
    this.#stream = stream;
    const unconfirmed = new Failure("late", `etcd did not confirm the watch within ${OPEN_MS} ms`);
    this.#timer = setTimeout(() => stream.abort(unconfirmed), OPEN_MS);
  }

  /** The stream was ended only for being quiet. */
  get idle(): boolean {
    return this.#idle;
  }

  watch(ms: number): void {
    this.pause();
    this.#timer = setTimeout(() => {
      this.#idle = true;
      this.#stream.abort();
    }, ms);
  }

  pause(): void {
    clearTimeout(this.#timer);
  }
}

function decodeBatch(line: JsonReader, start: number): Batch {
  const result = line.get("result");
  // An etcd that has lost its data counts revisions anew, and would keep silent up to `start`.
  if (result.get("created").toggle() && revisionOf(result) < start - 1) throw new Compacted();
  if (result.get("compact_revision").integer() >= start) throw new Compacted();
  if (line.get("error").present || result.get("canceled").toggle()) {
    const error = line.get("error").get("message").text() || result.get("cancel_reason").text();
    // A cancellation because of compaction may carry no revision when it comes late.
    if (error.includes("compacted")) throw new Compacted();
    throw new Failure("unavailable", error === "" ? "etcd cancelled the watch" : error);
  }
  const events = result.get("events").list(decodeEvent);
  // Only a progress notification speaks for the whole store. The header of a batch of events or of
  // the confirmation is ahead of a watch that is catching up: resuming from it would lose events.
  const progress = events.length === 0 && !result.get("created").toggle();
  const revision = progress
    ? revisionOf(result)
    : Math.max(start - 1, ...events.map((event) => event.revision));
  return { events: events.map((event) => event.event), revision };
}

function decodeEvent(json: JsonReader): { readonly event: KeyEvent; readonly revision: number } {
  const key = decodeKeyValue(json.get("kv"));
  const event: KeyEvent = json.get("type").text() === "DELETE"
    ? { on: "delete", key: key.key }
    : { on: "put", key };
  return { event, revision: key.modRevision };
}
