/**
 * etcd's JSON gateway (/v3/...) over fetch: several endpoints tried in turn, a deadline on every
 * call, TLS, user and password. Why not gRPC: docs/decisions/0004-etcd-over-the-json-gateway.md.
 *
 * proto3 JSON: 64-bit integers are texts, bytes base64, and fields at their default are absent.
 */
import { DeadlineError, withDeadline } from "../../shared/host/deadline.ts";
import type { Log } from "../../shared/io/log.ts";
import { JsonReader } from "../../shared/model/json_reader.ts";
import type { JsonObject } from "../../shared/model/records.ts";
import { Failure, failureOfAnswer, failureOfFetch } from "./failure.ts";
import { Tokens } from "./tokens.ts";

export interface Tls {
  /** PEM texts. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface GatewayOptions {
  /** "http://host:2379", at least one. */
  readonly addresses: readonly string[];
  readonly tls?: Tls | undefined;
  readonly credentials?: Credentials | undefined;
  readonly log: Log;
  /** A call's deadline; CALL_MS when absent. */
  readonly callMs?: number;
  /** Told of each call when it has ended; `operation` is "get", "list", "put", "lock" ... */
  readonly observe?: (operation: string, ms: number, failed: boolean) => void;
}

export interface GatewayCall {
  readonly signal: AbortSignal;
  /** For errors: "get /vitess/global/cells/zone1/CellInfo". */
  readonly what: string;
  /** A read may be sent again after any failure; a write only when nothing was sent before. */
  readonly kind: "read" | "write";
  readonly deadlineMs?: number;
}

/** Longer than an election of etcd's own leader (1 s), shorter than people wait. */
export const CALL_MS = 5000;

export class Gateway implements AsyncDisposable {
  readonly #options: GatewayOptions;
  readonly #client: Deno.HttpClient;
  readonly #tokens: Tokens | undefined;
  #current = 0;

  constructor(options: GatewayOptions) {
    if (options.addresses.length === 0) throw new TypeError("Cannot reach etcd without an address");
    this.#options = options;
    const { ca, cert, key } = options.tls ?? {};
    this.#client = Deno.createHttpClient({
      // Watches hold a request open each; HTTP/2 servers allow only so many on one connection.
      http2: false,
      poolIdleTimeout: 30_000,
      ...(ca === undefined ? {} : { caCerts: [ca] }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    });
    const { credentials } = options;
    if (credentials !== undefined) {
      const login = (endpoint: string) => this.#login(endpoint, credentials);
      this.#tokens = new Tokens(login);
    }
  }

  get log(): Log {
    return this.#options.log;
  }

  /** The endpoint that the next call goes to. */
  get endpoint(): string {
    const { addresses } = this.#options;
    return addresses[this.#current % addresses.length] ?? "";
  }

  /** Sends the calls that follow elsewhere, unless somebody has done that already. */
  leave(endpoint: string): void {
    if (this.endpoint === endpoint) this.#current++;
  }

  /** One request and its answer. Throws VT21004, VT21005, VT21009 or the signal's reason. */
  async call(path: string, body: JsonObject, call: GatewayCall): Promise<JsonReader> {
    const startMs = performance.now();
    let failed = true;
    try {
      const answer = await this.#tryEndpoints(path, body, call);
      failed = false;
      return answer;
    } finally {
      const operation = call.what.slice(0, call.what.indexOf(" "));
      this.#options.observe?.(operation, performance.now() - startMs, failed);
    }
  }

  /**
   * Opens a stream of JSON lines, and gives them parsed. Throws Failure; the endpoint is the
   * caller's to leave. Ends when the server ends it.
   */
  async *stream(
    endpoint: string,
    path: string,
    body: JsonObject,
    signal: AbortSignal,
  ): AsyncGenerator<JsonReader> {
    const response = await this.#fetch(endpoint, path, body, signal);
    const reader = (response.body ?? new ReadableStream()).getReader();
    const decoder = new TextDecoder();
    let parts: string[] = [];
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        const lines = decoder.decode(value, { stream: true }).split("\n");
        // A line may come in thousands of pieces: they are joined once.
        parts.push(lines[0] ?? "");
        for (let i = 1; i < lines.length; i++) {
          const line = parts.join("");
          parts = [lines[i] ?? ""];
          if (line !== "") yield new JsonReader(JSON.parse(line));
        }
      }
    } catch (error) {
      throw failureOfFetch(error);
    } finally {
      await reader.cancel().catch(() => {
        // The connection is gone already, which is what cancel was for.
      });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }

  async #tryEndpoints(path: string, body: JsonObject, call: GatewayCall): Promise<JsonReader> {
    const deadlineMs = call.deadlineMs ?? this.#options.callMs ?? CALL_MS;
    const deadline = performance.now() + deadlineMs;
    const { length } = this.#options.addresses;
    for (let tries = 1;; tries++) {
      const { endpoint } = this;
      const leftMs = Math.max(1, deadline - performance.now());
      // A silent endpoint must leave time for the others.
      const attemptMs = call.kind === "read" && tries < length ? leftMs / 2 : leftMs;
      try {
        return await this.#attempt(endpoint, path, body, call.signal, attemptMs);
      } catch (error) {
        call.signal.throwIfAborted();
        if (!(error instanceof Failure)) throw error;
        if (error.kind === "token" && tries <= length) continue;
        this.leave(endpoint);
        const again = maySendAgain(error, call.kind) && tries <= length;
        if (!again || performance.now() >= deadline) throw error.toVtError(call.what);
      }
    }
  }

  async #attempt(
    endpoint: string,
    path: string,
    body: JsonObject,
    outer: AbortSignal,
    ms: number,
  ): Promise<JsonReader> {
    try {
      return await withDeadline(ms, outer, async (signal) => {
        const response = await this.#fetch(endpoint, path, body, signal);
        return new JsonReader(await response.json());
      });
    } catch (error) {
      outer.throwIfAborted();
      throw error instanceof Failure ? error : failureOfFetch(error);
    }
  }

  async #fetch(
    endpoint: string,
    path: string,
    body: JsonObject,
    signal: AbortSignal,
  ): Promise<Response> {
    const token = await this.#tokens?.get(endpoint);
    const response = await this.#send(endpoint, path, body, signal, token);
    if (response.ok) return response;
    const failure = failureOfAnswer(response.status, await response.text());
    if (failure.kind === "token" && token !== undefined) this.#tokens?.drop(endpoint, token);
    throw failure;
  }

  async #send(
    endpoint: string,
    path: string,
    body: JsonObject,
    signal: AbortSignal,
    token: string | undefined,
  ): Promise<Response> {
    try {
      return await fetch(endpoint + path, {
        method: "POST",
        body: JSON.stringify(body),
        headers: token === undefined ? {} : { authorization: token },
        signal,
        client: this.#client,
      });
    } catch (error) {
      throw signal.aborted && signal.reason instanceof DeadlineError
        ? failureOfFetch(signal.reason)
        : failureOfFetch(error);
    }
  }

  /** A token for an endpoint; undefined when etcd runs without authentication. */
  async #login(endpoint: string, { user, password }: Credentials): Promise<string | undefined> {
    const never = new AbortController().signal;
    const deadlineMs = this.#options.callMs ?? CALL_MS;
    const body = { name: user, password };
    return await withDeadline(deadlineMs, never, async (signal) => {
      const response = await this.#send(endpoint, "/v3/auth/authenticate", body, signal, undefined);
      const text = await response.text();
      if (response.ok) return new JsonReader(JSON.parse(text)).get("token").text();
      if (text.includes("authentication is not enabled")) return undefined;
      throw failureOfAnswer(response.status, text);
    });
  }
}

function maySendAgain(failure: Failure, kind: "read" | "write"): boolean {
  if (failure.kind === "refused") return true;
  const passing = failure.kind === "lost" || failure.kind === "late" ||
    failure.kind === "unavailable";
  return kind === "read" && passing;
}
