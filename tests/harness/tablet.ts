/**
 * A real vttablet process with a mysqld of its own, as a cluster runs it, for tests of what
 * happens when either is killed. Starts from source; needs an etcd with the cell in it.
 */
import { type Child, startChild } from "../../shared/host/child.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import { printTabletAlias, type TabletAlias } from "../../shared/model/tablet.ts";
import type { TabletAdmin, TabletAdminMethod } from "../../shared/rpc/tablet_admin.ts";
import { ensureCell } from "../../topo/cells.ts";
import { Gateway } from "../../topo/etcd/gateway.ts";
import { EtcdStore } from "../../topo/etcd/store.ts";
import { Topology } from "../../topo/topology.ts";
import type { Etcd } from "./etcd.ts";
import { type TestServer, testServerFiles, testTemplateFolder } from "./mysqld.ts";
import { freePort } from "./ports.ts";
import { waitFor } from "./wait.ts";

const GLOBAL_ROOT = "/vitess/example/global";

/** The topology of a test, with the cell zone1 in it. */
export async function openTestTopology(etcd: Etcd): Promise<Topology> {
  const gateway = new Gateway({
    addresses: [etcd.url],
    log: SILENT_LOG,
    tls: { ca: undefined, cert: undefined, key: undefined },
    credentials: undefined,
  });
  const topo = new Topology({
    global: closing(new EtcdStore(gateway, { root: GLOBAL_ROOT }), gateway),
    openCell: (cell) => new EtcdStore(gateway, { root: cell.root }),
    clock: HOST_CLOCK,
    log: SILENT_LOG,
    holder: { hostName: "test", userName: "test", process: "" },
  });
  const { signal } = new AbortController();
  const cell = { serverAddress: etcd.url, root: "/vitess/example/local/zone1" };
  await ensureCell(topo, "zone1", cell, { signal });
  return topo;
}

function closing(store: EtcdStore, gateway: Gateway): EtcdStore {
  const close = store[Symbol.asyncDispose].bind(store);
  store[Symbol.asyncDispose] = async () => {
    await close();
    await gateway[Symbol.asyncDispose]();
  };
  return store;
}

export interface TestTabletOptions {
  readonly etcd: Etcd;
  readonly uid: number;
  /** Its own; kept when the tablet is killed. */
  readonly folder: string;
  readonly server?: TestServer;
  readonly keyspace?: string;
  readonly shard?: string;
  readonly flags?: readonly string[];
}

export class TestTablet implements AsyncDisposable {
  readonly alias: TabletAlias;
  readonly rpcPort = freePort();
  readonly httpPort = freePort();
  readonly mysqlPort = freePort();
  readonly logFile: string;
  readonly #options: TestTabletOptions;
  #child: Child | undefined;

  constructor(options: TestTabletOptions) {
    this.#options = options;
    this.alias = { cell: "zone1", uid: options.uid };
    this.logFile = `${options.folder}/vttablet-${options.uid}.log`;
  }

  get name(): string {
    return printTabletAlias(this.alias);
  }

  /** Of the tablet's process. RangeError before it was started. */
  get pid(): number {
    if (this.#child === undefined) throw new RangeError(`${this.name} was not started`);
    return this.#child.pid;
  }

  get dataDir(): string {
    return `${this.#options.folder}/vt-${this.#options.uid}`;
  }

  get socketPath(): string {
    return `${this.dataDir}/mysql.sock`;
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  /** Starts the process and waits until it is set up (or, with `ready` false, until it answers). */
  async start({ ready = true }: { readonly ready?: boolean } = {}): Promise<void> {
    const { etcd, server = "mariadb", keyspace = "commerce", shard = "-", flags = [] } =
      this.#options;
    const files = testServerFiles(server);
    this.#child = startChild({
      command: Deno.execPath(),
      args: [
        "run",
        "-A",
        new URL("../../tablet/main.ts", import.meta.url).pathname,
        `--tablet-alias=${this.name}`,
        `--init-keyspace=${keyspace}`,
        `--init-shard=${shard}`,
        `--rpc-port=${this.rpcPort}`,
        `--http-port=${this.httpPort}`,
        `--mysql-port=${this.mysqlPort}`,
        `--data-dir=${this.dataDir}`,
        `--template-dir=${testTemplateFolder()}`,
        `--topo-address=${etcd.url}`,
        `--topo-global-root=${GLOBAL_ROOT}`,
        ...(files.binary === undefined ? [] : [`--mysqld=${files.binary}`]),
        ...(files.basedir === undefined ? [] : [`--mysqld-basedir=${files.basedir}`]),
        ...flags,
      ],
      logFile: this.logFile,
    });
    await this.waitUntil(ready ? "/readyz" : "/healthz");
  }

  /** Waits until a page answers 200. The end of the log is in the error when it does not. */
  async waitUntil(path: string): Promise<void> {
    const ended = () => this.#child?.running === false;
    try {
      await waitFor(`${path} of ${this.name}`, async () => {
        if (ended()) return true;
        const response = await fetch(`${this.url}${path}`);
        await response.body?.cancel();
        return response.ok;
      }, { timeoutMs: 30_000 });
      if (ended()) throw new Error("the tablet has ended");
    } catch (error) {
      const log = (await Deno.readTextFile(this.logFile)).split("\n").slice(-25).join("\n");
      throw new Error(`${this.name} does not come up:\n${log}`, { cause: error });
    }
  }

  async rpc<Method extends TabletAdminMethod>(
    method: Method,
    request: TabletAdmin[Method]["request"],
  ): Promise<TabletAdmin[Method]["response"]> {
    const response = await fetch(`${this.url}/rpc/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    const body = await response.json();
    if (!response.ok) throw new Error(`${method}: ${body.message}`);
    return body;
  }

  /** /debug/status as JSON. */
  async status(): Promise<Record<string, Record<string, unknown>>> {
    return await (await fetch(`${this.url}/debug/status?format=json`)).json();
  }

  /** Deno.errors.NotFound while there is no mysqld of its own. */
  async mysqldPid(): Promise<number> {
    return Number((await Deno.readTextFile(`${this.dataDir}/mysqld.pid`)).trim());
  }

  /** kill -9 of the tablet alone; its mysqld lives on. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.exited;
  }

  /** In order, as SIGTERM does it. */
  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    try {
      Deno.kill(await this.mysqldPid(), "SIGKILL");
    } catch (error) {
      // Stopped in order, or never started.
      if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
    }
  }
}
