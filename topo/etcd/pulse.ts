/**
 * Tells a silent server from a quiet one. An etcd that is stopped (SIGSTOP), or cut off from its
 * peers, keeps its connections open and a watch on it just hears nothing. While streams are open on
 * an endpoint, it is asked for a small read now and then; when that isn't answered, its streams end.
 */
import { sleep } from "../../shared/host/clock.ts";
import { DeadlineError, withDeadline } from "../../shared/host/deadline.ts";
import type { Gateway } from "./gateway.ts";
import { Failure } from "./failure.ts";

const EVERY_MS = 2000;
const ANSWER_MS = 3000;

export class Pulse implements AsyncDisposable {
  readonly #gateway: Gateway;
  readonly #probe: (endpoint: string, signal: AbortSignal) => Promise<void>;
  readonly #endpoints = new Map<string, Set<AbortController>>();
  readonly #stop = new AbortController();
  #beating: Promise<void> | undefined;

  /** `probe` makes a read that only a working server answers. */
  constructor(
    gateway: Gateway,
    probe: (endpoint: string, signal: AbortSignal) => Promise<void>,
  ) {
    this.#gateway = gateway;
    this.#probe = probe;
  }

  /** Aborts `stream` when the endpoint stops answering, until the result is disposed. */
  watch(endpoint: string, stream: AbortController): Disposable {
    const streams = this.#endpoints.get(endpoint) ?? new Set();
    this.#endpoints.set(endpoint, streams.add(stream));
    this.#beating ??= this.#beat();
    const leave = () => {
      streams.delete(stream);
      if (streams.size === 0 && this.#endpoints.get(endpoint) === streams) {
        this.#endpoints.delete(endpoint);
      }
    };
    // A consumer may walk away from its iterator: then only the signal ends the stream.
    stream.signal.addEventListener("abort", leave, { once: true });
    return { [Symbol.dispose]: leave };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#beating;
  }

  /** Ends with the store; never rejects. */
  async #beat(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await Promise.all([...this.#endpoints.keys()].map((endpoint) => this.#check(endpoint)));
      await sleep(EVERY_MS, { signal }).catch(() => {
        // The store is closed; the loop's condition sees it.
      });
    }
  }

  async #check(endpoint: string): Promise<void> {
    const { signal } = this.#stop;
    try {
      await withDeadline(ANSWER_MS, signal, (inner) => this.#probe(endpoint, inner));
    } catch (error) {
      // Streams notice by themselves when a connection breaks; only silence needs us.
      const silent = error instanceof DeadlineError ||
        (error instanceof Failure && (error.kind === "late" || error.kind === "unavailable"));
      if (signal.aborted || !silent) return;
      this.#gateway.leave(endpoint);
      const reason = new Failure("late", `etcd at ${endpoint} has stopped answering`);
      for (const stream of this.#endpoints.get(endpoint) ?? []) stream.abort(reason);
    }
  }
}
