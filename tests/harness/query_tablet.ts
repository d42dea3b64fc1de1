/**
 * The query service of a tablet around a test's mysqld, with the RPC in front of it, as a gate
 * sees it: everything of a tablet but its control loop. What it serves is the test's to say.
 */
import { connectMux, type MuxClient } from "../../shared/host/mux_client.ts";
import { MuxServer } from "../../shared/host/mux_server.ts";
import { vtError } from "../../shared/error/errors.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import { printTabletAlias, type TabletAlias, type Target } from "../../shared/model/tablet.ts";
import type { ExecuteRequest, TabletHealth } from "../../shared/rpc/query_service.ts";
import { TabletRpc } from "../../gate/tablets/tablet_rpc.ts";
import { QUERY_LIMITS, type QueryLimits } from "../../tablet/query/query_limits.ts";
import { RpcPeer } from "../../tablet/query/rpc_peer.ts";
import { QueryEngine, type Serving } from "../../tablet/query/service.ts";

export const TARGET: Target = { keyspace: "commerce", shard: "-", tabletType: "primary" };

/** Says what the tablet serves; a test changes `health` and calls `announce`. */
export class TestServing implements Serving {
  health: TabletHealth;
  /** What `admit` throws. */
  refusal: Error | undefined;
  /** Tables that have moved: VT20004. */
  denied: readonly string[] = [];
  readonly #listeners = new Set<(health: TabletHealth) => void>();

  constructor(alias: TabletAlias, target = TARGET) {
    this.health = {
      alias,
      target,
      serving: true,
      primaryTermStartTime: "2026-08-01T00:00:00Z",
      lagSeconds: 0,
      error: undefined,
      schemaVersion: 1,
    };
  }

  admit(_target: Target, tables: readonly string[]): void {
    if (this.refusal !== undefined) throw this.refusal;
    this.checkTables(tables);
  }

  checkTables(tables: readonly string[]): void {
    const denied = tables.find((table) => this.denied.includes(table));
    if (denied !== undefined) throw vtError("VT20004", denied);
  }

  announce(change: Partial<TabletHealth>): void {
    this.health = { ...this.health, ...change };
    for (const listener of this.#listeners) listener(this.health);
  }

  watchHealth(
    onHealth: (health: TabletHealth) => void,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    onHealth(this.health);
    this.#listeners.add(onHealth);
    return new Promise((resolve) =>
      signal.addEventListener("abort", () => {
        this.#listeners.delete(onHealth);
        resolve();
      })
    );
  }
}

export interface QueryTablet extends AsyncDisposable {
  readonly alias: TabletAlias;
  readonly engine: QueryEngine;
  readonly serving: TestServing;
  readonly server: MuxServer;
  readonly port: number;
}

export interface QueryTabletOptions {
  readonly socketPath: string;
  readonly database: string;
  readonly user?: string;
  readonly uid?: number;
  readonly target?: Target;
  readonly port?: number;
  readonly limits?: Partial<QueryLimits>;
}

export function startQueryTablet(options: QueryTabletOptions): QueryTablet {
  const alias = { cell: "zone1", uid: options.uid ?? 100 };
  const serving = new TestServing(alias, options.target);
  const engine = new QueryEngine({
    alias,
    address: { socketPath: options.socketPath },
    user: options.user ?? "vt_app",
    password: "",
    database: options.database,
    limits: { ...QUERY_LIMITS, ...options.limits },
    serving,
    clock: HOST_CLOCK,
    log: SILENT_LOG,
    onSchemaChange: (schemaVersion) => serving.announce({ schemaVersion }),
  });
  const server = new MuxServer({
    hostname: "127.0.0.1",
    port: options.port ?? 0,
    name: printTabletAlias(alias),
    log: SILENT_LOG,
    accept: () => new RpcPeer(engine.session(), SILENT_LOG),
  });
  return {
    alias,
    engine,
    serving,
    server,
    port: server.port,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

export interface GateEnd extends Disposable {
  readonly client: MuxClient;
  readonly rpc: TabletRpc;
}

/** A gate's connection to the tablet. */
export async function connectGate(tablet: QueryTablet): Promise<GateEnd> {
  const client = await connectMux({
    hostname: "127.0.0.1",
    port: tablet.port,
    name: "test gate",
    peer: printTabletAlias(tablet.alias),
    signal: new AbortController().signal,
  });
  return {
    client,
    rpc: new TabletRpc(client, tablet.alias),
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}

const CLIENT_DEPRECATE_EOF = 1 << 24;
const UTF8 = new TextEncoder();

/** A request with what a test doesn't care about filled in. */
export function request(sql: string, more: Partial<ExecuteRequest> = {}): ExecuteRequest {
  return {
    target: TARGET,
    user: "user",
    profile: { capabilities: CLIENT_DEPRECATE_EOF, collation: 45, settings: "" },
    transactionId: 0,
    begin: "",
    reserve: false,
    sql: UTF8.encode(sql),
    parameters: undefined,
    tables: [],
    limits: { timeoutMs: 0, rowsMax: 0, bytesMax: 0 },
    ...more,
  };
}
