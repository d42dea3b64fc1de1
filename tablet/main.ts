/** vttablet: guards one mysqld, registers it in the topology and serves its rows to gates. */
import type { Hono } from "hono";
import { HOST_CLOCK, sleep } from "../shared/host/clock.ts";
import { createHttpApp, type HttpServer, serveHttp } from "../shared/host/http.ts";
import { Metrics } from "../shared/host/metrics.ts";
import { MuxServer } from "../shared/host/mux_server.ts";
import { type ProgramContext, runProgram } from "../shared/host/process.ts";
import { TaskGroup } from "../shared/host/task_group.ts";
import type { Log } from "../shared/io/log.ts";
import type { TabletRecord } from "../shared/model/records.ts";
import { printTabletAlias } from "../shared/model/tablet.ts";
import { openTopology } from "../topo/open.ts";
import { checkShardName } from "../topo/shards.ts";
import type { Topology } from "../topo/topology.ts";
import { addAdminRpc } from "./admin/admin_rpc.ts";
import { Fence } from "./admin/fence.ts";
import { tabletHandlers } from "./admin/handlers.ts";
import { holdBack } from "./control/commands.ts";
import {
  abandonedLoop,
  checkLoop,
  errantLoop,
  followLoop,
  heartbeatLoop,
  refreshLoop,
} from "./control/loops.ts";
import { type MysqldSetup, setUpMysqld } from "./control/mysqld_setup.ts";
import { queryControl, TabletServing } from "./control/query_control.ts";
import { refuseEmptyPrimary, register, whenReachable } from "./control/registration.ts";
import { addTabletMetrics, statusSections, whyNotReady } from "./control/status.ts";
import { Tablet } from "./control/tablet.ts";
import { TopologyView } from "./control/topology_view.ts";
import { aliasOf, databaseOf, queryLimits, TABLET_FLAGS, type TabletFlags } from "./flags.ts";
import { HealthBroadcast } from "./health/health.ts";
import { SIDECAR } from "./mysqld/sidecar.ts";
import { RpcPeer } from "./query/rpc_peer.ts";
import { QueryEngine } from "./query/service.ts";
import { buildVDiff, type VDiff } from "./vdiff/build.ts";
import { streamSettings } from "../shared/flags/stream_flags.ts";
import { buildVReplication, type VReplication } from "./vreplication/build.ts";

/** The last word to a topology that may be away. */
const GOODBYE_TIMEOUT_MS = 3000;
const STOP_SERVING_MS = 20_000;
const STOP_TASKS_MS = 10_000;

await runProgram({
  program: "vttablet",
  summary: "guards one mysqld and serves its rows to gates",
  flags: TABLET_FLAGS,
}, run);

async function run(context: ProgramContext<typeof TABLET_FLAGS>): Promise<void> {
  const { flags, signal } = context;
  const log = context.log.with({ tablet: printTabletAlias(aliasOf(flags)) });
  // Each part is closed before those that it stands on.
  await using scope = new AsyncDisposableStack();
  const topo = scope.use(await openTopology({ flags, log }));
  const mayBeEmpty = () => checkMayBeEmpty(topo, flags, log, signal);
  const mysqld = scope.use(await setUpMysqld(flags, { log, signal, mayBeEmpty }));
  const tasks = scope.use(new TaskGroup({ log }));
  const view = new TopologyView(topo, draftRecord(flags, mysqld));
  const vreplication = buildVReplication({
    topo,
    record: view.seen.record,
    address: mysqld.address,
    login: mysqld.workflows,
    snapshotLogin: mysqld.server.dba.login,
    database: databaseOf(flags),
    settings: streamSettings(flags),
    log,
  });
  scope.use(vreplication.engine);
  const vdiff = buildVDiff({
    record: view.seen.record,
    server: mysqld.server,
    login: { address: mysqld.address, ...mysqld.workflows },
    database: databaseOf(flags),
    vreplication,
    log,
  });
  scope.use(vdiff.engine);
  scope.use(vdiff.sources);
  const fence = new Fence(mysqld.server.dba, databaseOf(flags));
  const { tablet, engine } = buildTablet({ ...context, log }, mysqld, view, tasks, (primary) => {
    for (const part of [fence, vreplication.engine, vdiff.engine]) part.setPrimary(primary);
  });
  scope.use(engine);
  const rpc = scope.use(
    new MuxServer({
      hostname: flags.hostname,
      port: flags.rpcPort,
      name: printTabletAlias(view.alias),
      log,
      accept: () => new RpcPeer(engine.session(), log, vreplication.service),
    }),
  );
  const http = scope.use(serve(flags, tablet, mysqld, { engine, vreplication, vdiff, fence }, log));
  watchMysqld(mysqld, tablet, engine, tasks);

  const portMap = { vt: http.port, grpc: rpc.port };
  await whenReachable(
    async (call) => {
      view.registered(await register(topo, { ...view.seen.record, portMap }, call));
      await holdBack(tablet, call);
    },
    log,
    { signal },
  );
  startLoops(tablet, tasks);
  log.info("registered", { rpc: rpc.port, http: http.port, mysql: mysqld.port });

  await untilAborted(signal);
  await within(STOP_SERVING_MS, "ending what runs", tablet.shutdown(), log);
  await sayGoodbye(view, log);
  await within(STOP_TASKS_MS, "ending background tasks", tasks[Symbol.asyncDispose](), log);
  await mysqld.life.stop();
}

function watchMysqld(
  { life }: MysqldSetup,
  tablet: Tablet,
  engine: QueryEngine,
  tasks: TaskGroup,
): void {
  tasks.start("mysqld", (signal) =>
    life.run({
      up: () => tasks.start("mysqld up", () => tablet.mysqld({ on: "mysqld_up" })),
      down: (cause) =>
        tasks.start("mysqld down", () => tablet.mysqld({ on: "mysqld_down", cause })),
      loggingChanged: () => engine.renewConnections(),
    }, { signal }));
}

async function checkMayBeEmpty(
  topo: Topology,
  flags: TabletFlags,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const place = { alias: aliasOf(flags), keyspace: flags.initKeyspace, shard: flags.initShard };
  await whenReachable((call) => refuseEmptyPrimary(topo, place, call), log, { signal });
}

/** Whatever hangs must not keep mysqld from being stopped in order. */
async function within(ms: number, what: string, work: Promise<void>, log: Log): Promise<void> {
  const over = new AbortController();
  const timeout = sleep(ms, over).then(
    () => log.warn("going on without waiting longer", { for: what, ms }),
    // The work ended first.
    () => {},
  );
  await Promise.race([work, timeout]);
  over.abort();
  await timeout;
}

/** The record before anything is known of the shard. */
function draftRecord(flags: TabletFlags, mysqld: MysqldSetup): TabletRecord {
  return {
    alias: aliasOf(flags),
    hostname: flags.hostname,
    portMap: { vt: flags.httpPort, grpc: flags.rpcPort },
    keyspace: flags.initKeyspace,
    shard: checkShardName(flags.initShard),
    type: flags.initTabletType,
    dbNameOverride: flags.initDbNameOverride,
    tags: {},
    mysqlHostname: mysqld.host,
    mysqlPort: mysqld.port,
    tabletStartTime: new Date().toISOString(),
  };
}

function buildTablet(
  { flags, log, stop }: ProgramContext<typeof TABLET_FLAGS>,
  mysqld: MysqldSetup,
  view: TopologyView,
  tasks: TaskGroup,
  onPrimary: (primary: boolean) => void,
): { readonly tablet: Tablet; readonly engine: QueryEngine } {
  const { alias, keyspace, shard } = view.seen.record;
  const health = new HealthBroadcast({
    alias,
    target: { keyspace, shard, tabletType: flags.initTabletType },
    serving: false,
    primaryTermStartTime: undefined,
    lagSeconds: undefined,
    error: "the tablet is starting",
    schemaVersion: 0,
  });
  const database = databaseOf(flags);
  const engine = new QueryEngine({
    alias,
    address: mysqld.address,
    ...mysqld.app,
    database,
    limits: queryLimits(flags),
    serving: new TabletServing({ keyspace, shard }, health, () => tablet.state),
    clock: HOST_CLOCK,
    log,
    onSchemaChange: () => tablet.announce(),
  });
  const tablet: Tablet = new Tablet({
    view,
    convergence: {
      server: mysqld.server,
      databases: { keyspace: database, sidecar: SIDECAR },
      login: mysqld.replication,
      managed: mysqld.managed,
      clients: mysqld.clients,
    },
    queries: queryControl(engine, () => tablet.state, flags.shutdownGracePeriod, log),
    health,
    tasks,
    clock: HOST_CLOCK,
    log,
    baseType: flags.initTabletType,
    lagMaxSeconds: flags.unhealthyThreshold / 1000,
    onDeleted: () => stop("Tablet record has disappeared, shutting down"),
    onPrimary,
  });
  return { tablet, engine };
}

function serve(
  flags: TabletFlags,
  tablet: Tablet,
  mysqld: MysqldSetup,
  { engine, vreplication, vdiff, fence }: {
    readonly engine: QueryEngine;
    readonly vreplication: VReplication;
    readonly vdiff: VDiff;
    readonly fence: Fence;
  },
  log: Log,
): HttpServer {
  const metrics = new Metrics();
  addTabletMetrics(metrics, tablet, engine);
  const app = createHttpApp({
    program: "vttablet",
    metrics,
    log,
    status: () => ({
      ...statusSections(tablet, mysqld.life, engine),
      VReplication: vreplication.engine.status,
    }),
    notReady: () => whyNotReady(tablet),
  });
  addHealthCheck(app, tablet);
  const parts = {
    vreplication: vreplication.engine,
    vdiff,
    fence,
    sequences: engine.sequences,
    admitted: {
      ended: (options: { readonly signal: AbortSignal }) => engine.inFlight.ended(options),
      endTransactions: (threads: ReadonlySet<number>, reason: string) =>
        engine.transactions.endThreads(threads, reason),
    },
    mysqld: mysqld.life,
  };
  const { signal } = tablet.options.tasks;
  addAdminRpc(app, tabletHandlers(tablet, parts), { log, signal, fence });
  return serveHttp(app, { hostname: flags.hostname, port: flags.httpPort });
}

/** Whether it serves queries, in Vitess's words. */
function addHealthCheck(app: Hono, tablet: Tablet): void {
  app.get("/debug/health", (context) => {
    const { serving, error } = tablet.options.health.current;
    return serving ? context.text("ok") : context.text(`not ok: ${error ?? ""}`, 500);
  });
}

function startLoops(tablet: Tablet, tasks: TaskGroup): void {
  tasks.start("follow the shard", (signal) => followLoop(tablet, { signal }));
  tasks.start("check", (signal) => checkLoop(tablet, { signal }));
  tasks.start("heartbeat", (signal) => heartbeatLoop(tablet, { signal }));
  tasks.start("refresh", (signal) => refreshLoop(tablet, { signal }));
  tasks.start("errant", (signal) => errantLoop(tablet, { signal }));
  tasks.start("abandoned", (signal) => abandonedLoop(tablet, { signal }));
}

async function sayGoodbye(view: TopologyView, log: Log): Promise<void> {
  const tabletShutdownTime = new Date().toISOString();
  try {
    const signal = AbortSignal.timeout(GOODBYE_TIMEOUT_MS);
    await view.updateRecord((record) => ({ ...record, tabletShutdownTime }), { signal });
  } catch (error) {
    // A topology that is away, or a record that is gone: it ends all the same.
    log.warn("the record could not be closed", { error: String(error) });
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
