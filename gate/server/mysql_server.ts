/**
 * The gate's MySQL server: accepts clients and serves each in a task of its own. What statements
 * mean is the sessions' business (gate/session/client.ts).
 */
import { vtError } from "../../shared/error/errors.ts";
import { sleep } from "../../shared/host/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import { encodeErrPacket } from "../../shared/mysql/err_packet.ts";
import { encodeFrames } from "../../shared/mysql/frame.ts";
import { NATIVE_PASSWORD_PLUGIN } from "../../shared/mysql/native_password.ts";
import type { Plugin } from "../../shared/mysql/server_auth.ts";
import type { SessionFactory } from "../session/client.ts";
import { BufferPool } from "./buffer_pool.ts";
import { Connection } from "./connection.ts";
import { HANDSHAKE_TIMEOUT_MS } from "./limits.ts";
import type { ServerContext } from "./server_context.ts";
import type { Users } from "./users.ts";

export interface MysqlServerOptions {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly serverVersion: string;
  /** Further clients get "Too many connections". */
  readonly connectionsMax: number;
  /** Asked at each login, so that a reload counts at once. */
  readonly users: () => Users;
  readonly sessions: SessionFactory;
  readonly log: Log;
  /** Named in the greeting. Default mysql_native_password, which all clients know. */
  readonly authPlugin?: Plugin;
  readonly rsa?: ServerContext["rsa"];
  /** Default HANDSHAKE_TIMEOUT_MS. */
  readonly handshakeTimeoutMs?: number;
  readonly startTls?: ServerContext["startTls"];
  /** Default false. */
  readonly requiresTls?: boolean;
}

/** Clients may queue here while the event loop is busy; the kernel cuts it to its somaxconn. */
const BACKLOG = 4096;

/** Before another try, when the machine can't accept a client. */
const ACCEPT_RETRY_MS = 100;

export class MysqlServer implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #options: MysqlServerOptions;
  readonly #context: ServerContext;
  readonly #connections = new Map<number, Connection>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  readonly #startedMs = performance.now();
  #accepting: Promise<void> | undefined;
  #state: "serving" | "draining" | "closed" = "serving";
  #nextConnectionId = 1;
  #commands = 0;
  #waiting: PromiseWithResolvers<void> | undefined;

  private constructor(listener: Deno.TcpListener, options: MysqlServerOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#context = {
      serverVersion: options.serverVersion,
      authPlugin: options.authPlugin ?? NATIVE_PASSWORD_PLUGIN,
      users: options.users,
      sessions: options.sessions,
      log: options.log,
      buffers: new BufferPool(),
      rsa: options.rsa,
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
      startTls: options.startTls,
      requiresTls: options.requiresTls ?? false,
      isDraining: () => this.#state !== "serving",
      statistics: () => this.#statistics(),
      onCommand: () => this.#commands++,
    };
  }

  /** Throws Deno.errors.AddrInUse when somebody listens there. */
  static listen(options: MysqlServerOptions): MysqlServer {
    const { hostname, port } = options;
    const listener = Deno.listen({ hostname, port, tcpBacklog: BACKLOG });
    const server = new MysqlServer(listener, options);
    server.#accepting = server.#accept();
    return server;
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Commands since the start. */
  get commandCount(): number {
    return this.#commands;
  }

  async #accept(): Promise<void> {
    while (this.#state === "serving") {
      try {
        const conn = await this.#listener.accept();
        if (this.#connections.size < this.#options.connectionsMax) this.#serve(conn);
        else this.#task(refuse(conn));
      } catch (error) {
        if (this.#state !== "serving") return;
        // Out of file descriptors, most likely: clients leave, and then it works again.
        this.#options.log.error("a client could not be accepted", {
          error: error instanceof Error ? error.message : String(error),
        });
        await sleep(ACCEPT_RETRY_MS, { signal: this.#stopped.signal }).catch(() => {});
      }
    }
  }

  #serve(conn: Deno.TcpConn): void {
    try {
      // An answer is one write: waiting for more to send would only delay it.
      conn.setNoDelay(true);
      // As mysqld does: a client whose host went away without a word is noticed one day.
      conn.setKeepAlive(true);
    } catch (error) {
      conn.close();
      throw error;
    }
    const connectionId = this.#takeConnectionId();
    const remote = conn.remoteAddr;
    const connection = new Connection(this.#context, {
      channel: conn,
      connectionId,
      remoteHostname: remote.hostname,
      remoteAddress: `${remote.hostname}:${remote.port}`,
    });
    this.#connections.set(connectionId, connection);
    this.#task(
      connection.run().finally(() => {
        this.#connections.delete(connectionId);
        if (this.#connections.size === 0) this.#waiting?.resolve();
      }),
    );
  }

  #task(task: Promise<void>): void {
    const watched = task.finally(() => this.#tasks.delete(watched));
    this.#tasks.add(watched);
  }

  /** Ids are 32 bits on the wire; one that is in use is passed over. */
  #takeConnectionId(): number {
    for (;;) {
      const id = this.#nextConnectionId;
      this.#nextConnectionId = id === 0xffff_ffff ? 1 : id + 1;
      if (!this.#connections.has(id)) return id;
    }
  }

  /** False when there is no such connection. */
  kill(connectionId: number, what: "query" | "connection"): boolean {
    const connection = this.#connections.get(connectionId);
    connection?.kill(what);
    return connection !== undefined;
  }

  /**
   * Accepts nobody any more and closes clients as soon as they have no transaction open; commands
   * that come between get "Server shutdown in progress". Resolves when all are gone; when the
   * signal comes first, the rest is cut off.
   */
  async drain({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#state === "serving") {
      this.#state = "draining";
      this.#stopListening();
      for (const connection of [...this.#connections.values()]) connection.leave();
    }
    await this.#allGone(signal);
    await this[Symbol.asyncDispose]();
  }

  #stopListening(): void {
    this.#stopped.abort();
    this.#listener.close();
  }

  async #allGone(signal: AbortSignal): Promise<void> {
    if (this.#connections.size === 0 || signal.aborted) return;
    const waiting = this.#waiting = Promise.withResolvers<void>();
    const onAbort = () => waiting.resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    await waiting.promise;
    signal.removeEventListener("abort", onAbort);
  }

  /** Cuts all clients off. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "closed") return;
    const listening = this.#state === "serving";
    this.#state = "closed";
    if (listening) this.#stopListening();
    for (const connection of [...this.#connections.values()]) connection.close();
    await this.#accepting;
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }

  #statistics(): string {
    const seconds = Math.floor((performance.now() - this.#startedMs) / 1000);
    const perSecond = (this.#commands / Math.max(1, seconds)).toFixed(3);
    return `Uptime: ${seconds}  Threads: ${this.#connections.size}  Questions: ${this.#commands}  ` +
      `Slow queries: 0  Opens: 0  Flush tables: 0  Open tables: 0  ` +
      `Queries per second avg: ${perSecond}`;
  }
}

/** "Too many connections", before any greeting: so without an SQLSTATE, as mysqld sends it. */
async function refuse(conn: Deno.TcpConn): Promise<void> {
  try {
    await conn.write(encodeFrames(encodeErrPacket(vtError("ER_CON_COUNT_ERROR"), false), 0));
    await conn.closeWrite();
  } catch {
    // It left before it was told; nothing is lost.
  } finally {
    conn.close();
  }
}
