/**
 * A lease that is never believed in longer than the server keeps it. Its end is counted from before
 * the last keepalive that succeeded was sent, on our monotonic clock; the server counts from when
 * that keepalive arrived, which is later.
 */
import { vtError } from "../../shared/error/errors.ts";
import { sleep } from "../../shared/host/clock.ts";
import type { Gateway } from "./gateway.ts";

/**
 * How long a holder that died keeps others waiting: less than statements wait at a gate (10 s), so
 * that who takes over is through before they fail. Vitess's is 30 s. A holder that is late with its
 * keepalive loses what it holds and nothing else: whatever needs a lock may be begun again.
 */
export const LEASE_TTL_SECONDS = 5;

/** The pause before a failed keepalive is sent again. */
const RETRY_MS = 250;
const REVOKE_MS = 2000;

export class Lease implements AsyncDisposable {
  /** Decimal. */
  readonly id: string;
  readonly #gateway: Gateway;
  readonly #ttlMs: number;
  readonly #lost = new AbortController();
  readonly #stop = new AbortController();
  readonly #keeping: Promise<void>;
  #failing = false;
  #expiresMs: number;
  #timer: ReturnType<typeof setTimeout>;

  private constructor(gateway: Gateway, id: string, ttlMs: number, sentMs: number) {
    this.#gateway = gateway;
    this.id = id;
    this.#ttlMs = ttlMs;
    this.#expiresMs = sentMs + ttlMs;
    this.#timer = setTimeout(() => this.#expire(), this.#expiresMs - performance.now());
    this.#keeping = this.#keepAlive();
  }

  static async grant(
    gateway: Gateway,
    ttlSeconds: number,
    options: { readonly signal: AbortSignal; readonly what: string },
  ): Promise<Lease> {
    const sentMs = performance.now();
    const body = { TTL: String(ttlSeconds) };
    // A second grant does no harm: the first one expires.
    const answer = await gateway.call("/v3/lease/grant", body, { ...options, kind: "read" });
    const grantedSeconds = Math.min(answer.get("TTL").integer(), ttlSeconds);
    return new Lease(gateway, answer.get("ID").text(), grantedSeconds * 1000, sentMs);
  }

  /** Aborts when the lease is over: expired by our clock, gone at the server, or disposed. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** False as soon as the time is over, also when no timer could run meanwhile. */
  get held(): boolean {
    if (performance.now() >= this.#expiresMs) this.#expire();
    return !this.lost.aborted;
  }

  /** Gives it back, and with it the keys that hang on it. If etcd can't be told, they expire. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#expire();
    await this.#keeping;
    const never = new AbortController().signal;
    const what = `revoke lease ${this.id}`;
    const call = { signal: never, what, kind: "read", deadlineMs: REVOKE_MS } as const;
    try {
      await this.#gateway.call("/v3/lease/revoke", { ID: this.id }, call);
    } catch (error) {
      this.#gateway.log.debug("lease is left to expire", {
        lease: this.id,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  #expire(): void {
    clearTimeout(this.#timer);
    this.#stop.abort();
    this.#lost.abort(vtError("VT21007", `lease ${this.id}`));
  }

  /** Ends when the lease does; never rejects. */
  async #keepAlive(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const renewed = await this.#renewSoon(signal);
      if (renewed || signal.aborted) continue;
      await sleep(RETRY_MS, { signal }).catch(() => {
        // The lease is over; the loop's condition sees it.
      });
    }
  }

  async #renewSoon(signal: AbortSignal): Promise<boolean> {
    try {
      const restMs = this.#expiresMs - performance.now();
      await sleep(Math.max(0, restMs - this.#ttlMs * 2 / 3), { signal });
      const renewed = await this.#renew(signal);
      this.#failing = false;
      return renewed;
    } catch (error) {
      if (!signal.aborted) this.#sayFailing(error);
      return false;
    }
  }

  /** Once per outage: attempts follow each other quickly. */
  #sayFailing(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    const text = error instanceof Error ? error.message : String(error);
    this.#gateway.log.warn("keepalive failed", { lease: this.id, error: text });
  }

  async #renew(signal: AbortSignal): Promise<boolean> {
    const sentMs = performance.now();
    const what = `keep lease ${this.id}`;
    const call = { signal, what, kind: "read", deadlineMs: this.#ttlMs / 3 } as const;
    const answer = await this.#gateway.call("/v3/lease/keepalive", { ID: this.id }, call);
    // A lease that the server has dropped has no TTL in the answer.
    if (answer.get("result").get("TTL").integer() === 0) {
      this.#expire();
      return false;
    }
    this.#expiresMs = sentMs + this.#ttlMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#expire(), this.#expiresMs - performance.now());
    return true;
  }
}
