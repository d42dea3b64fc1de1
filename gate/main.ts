/** vtgate: takes statements of MySQL clients, plans them and runs them on the shards' tablets. */
import { vtError, vtErrorFrom } from "../shared/error/errors.ts";
import { HOST_CLOCK } from "../shared/host/clock.ts";
import { createHttpApp, serveHttp } from "../shared/host/http.ts";
import { Metrics } from "../shared/host/metrics.ts";
import { type ProgramContext, runProgram } from "../shared/host/process.ts";
import { TaskGroup } from "../shared/host/task_group.ts";
import type { Log } from "../shared/io/log.ts";
import { databaseName } from "../shared/model/records.ts";
import { openTopology } from "../topo/open.ts";
import { addGateMetrics, addGateRoutes, statusSections } from "./admin/status.ts";
import type { KnownTablet } from "./executor/catalog.ts";
import { ClusterView } from "./executor/cluster_view.ts";
import { followTopology, SchemaFollower } from "./executor/follow_cluster.ts";
import type { GateServices } from "./executor/gate_services.ts";
import { keepLocks, LOCK_HEARTBEAT_MS } from "./executor/lock_heartbeat.ts";
import { PlanCache } from "./executor/plan_cache.ts";
import { Replanner } from "./executor/replanner.ts";
import { GateSessionFactory } from "./executor/session_factory.ts";
import { SessionRegistry } from "./executor/session_registry.ts";
import { StatementMetrics } from "./executor/statement_metrics.ts";
import { GATE_FLAGS, type GateFlags } from "./flags.ts";
import { MysqlServer, type MysqlServerOptions } from "./server/mysql_server.ts";
import { tlsStarter } from "./server/tls_channel.ts";
import { UsersFile } from "./server/users_file.ts";
import { TabletDirectory, type TabletStatus } from "./tablets/directory.ts";
import { discoverTablets } from "./tablets/discovery.ts";
import { BUFFER_MS, Gateway } from "./tablets/gateway.ts";

/** Statements that may wait for a tablet at a time (Vitess's --buffer-size). */
const WAITING_STATEMENTS_MAX = 1000;

const WARM_UP_MS_MAX = 3000;
const WARM_UP_STEP_MS = 20;

if (import.meta.main) {
  await runProgram({
    program: "vtgate",
    summary: "takes statements of MySQL clients and runs them on the shards",
    flags: GATE_FLAGS,
  }, run);
}

async function run(context: ProgramContext<typeof GATE_FLAGS>): Promise<void> {
  const { flags, log, signal } = context;
  // Each part is closed before those that it stands on.
  await using scope = new AsyncDisposableStack();
  const tls = await clientTls(flags);
  const topo = scope.use(await openTopology({ flags, log }));
  const users = await UsersFile.open(flags.usersFile, { log });
  const view: ClusterView = new ClusterView(() => directory.statuses.map(knownTablet));
  const directory = scope.use(openDirectory(context, view));
  const tasks = scope.use(new TaskGroup({ log }));
  const tablets = new Gateway({ directory, clock: HOST_CLOCK, bufferMs: BUFFER_MS });
  const schemas = new SchemaFollower({ view, tasks, log }, tablets);
  const cells = flags.cellsToWatch.length === 0 ? [flags.cell] : flags.cellsToWatch;
  tasks.start("watch users", (ended) => users.watch({ signal: ended }));
  using _reloading = onHangUp(() => void users.reload());
  tasks.start(
    "follow topology",
    (ended) => followTopology({ topo, cell: flags.cell, view, tasks, log }, { signal: ended }),
  );
  tasks.start(
    "discover tablets",
    (ended) => discoverTablets(topo, cells, directory, log, { signal: ended }),
  );
  const gate = gateServices(flags.mysqlServerVersion, flags.cell, view, tablets, log);
  const { sessions } = gate;
  tasks.start(
    "keep locks",
    (ended) => keepLocks(sessions, HOST_CLOCK, LOCK_HEARTBEAT_MS, { signal: ended }),
  );
  using _following = directory.onChange(() => schemas.check());
  using _viewing = view.onChange(() => {
    directory.reconsider();
    schemas.check();
  });
  scope.use(serveStatus(context, { gate, directory }, view));
  await waitForCluster(view, log, signal);
  const server = scope.use(MysqlServer.listen({
    ...tls,
    hostname: flags.hostname,
    port: flags.mysqlPort,
    serverVersion: flags.mysqlServerVersion,
    connectionsMax: flags.maxConnections,
    users: () => users.users,
    sessions: new GateSessionFactory(gate),
    log,
  }));
  log.info("serving", { mysqlPort: server.port, httpPort: flags.httpPort });
  await aborted(signal);
  log.info("draining", { clients: server.connectionCount });
  await server.drain({ signal: AbortSignal.timeout(flags.drainTimeoutMs) });
}

/** What the server needs for TLS; nothing without a certificate. VT23002 for what can't be used. */
async function clientTls(
  flags: GateFlags,
): Promise<Pick<MysqlServerOptions, "startTls" | "requiresTls">> {
  const { mysqlServerSslCert: cert, mysqlServerSslKey: key } = flags;
  const requiresTls = flags.mysqlServerRequireSecureTransport;
  if (cert === "" && key === "") {
    if (!requiresTls) return {};
    const remedy = "needs --mysql-server-ssl-cert and --mysql-server-ssl-key";
    throw vtError("VT23002", "mysql-server-require-secure-transport", remedy);
  }
  const missing = cert === "" ? "mysql-server-ssl-cert" : "mysql-server-ssl-key";
  if (cert === "" || key === "") throw vtError("VT23003", missing, "TLS needs both files");
  try {
    const [certificate, privateKey] = await Promise.all([
      Deno.readTextFile(cert),
      Deno.readTextFile(key),
    ]);
    return { startTls: tlsStarter({ certificate, privateKey }), requiresTls };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw vtErrorFrom(error, "VT23002", "mysql-server-ssl-cert", `${cert}, ${key}: ${cause}`);
  }
}

function onHangUp(listener: () => void): Disposable {
  Deno.addSignalListener("SIGHUP", listener);
  return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGHUP", listener) };
}

/**
 * Clients that come before the gate knows the cluster would be told of unknown databases: they are
 * not accepted until it does. A cluster that isn't whole is served after a while all the same.
 */
async function waitForCluster(
  view: ClusterView,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const deadline = HOST_CLOCK.monotonicMs() + WARM_UP_MS_MAX;
  while (view.missing !== "" && HOST_CLOCK.monotonicMs() < deadline) {
    await HOST_CLOCK.sleep(WARM_UP_STEP_MS, { signal });
  }
  const { missing } = view;
  if (missing !== "") log.warn("serving without all of the cluster", { missing });
}

function openDirectory(
  { flags, log }: ProgramContext<typeof GATE_FLAGS>,
  view: ClusterView,
): TabletDirectory {
  return new TabletDirectory({
    cell: flags.cell,
    gateName: `vtgate ${flags.hostname}:${flags.mysqlPort}`,
    clock: HOST_CLOCK,
    log,
    random: Math.random,
    waitersMax: WAITING_STATEMENTS_MAX,
    serves: (target) => view.serves(target),
  });
}

function knownTablet({ record, health }: TabletStatus): KnownTablet {
  const { hostname, mysqlHostname, mysqlPort } = record;
  return { health, hostname, database: databaseName(record), mysqlHostname, mysqlPort };
}

function gateServices(
  serverVersion: string,
  cell: string,
  view: ClusterView,
  tablets: Gateway,
  log: Log,
): GateServices {
  return {
    catalog: () => view.catalog,
    tablets,
    plans: new PlanCache(),
    replanner: new Replanner({
      version: () => view.catalog.version,
      onChange: (listener) => view.onChange(listener),
      clock: HOST_CLOCK,
      bufferMs: BUFFER_MS,
      waitersMax: WAITING_STATEMENTS_MAX,
    }),
    sessions: new SessionRegistry(),
    metrics: new StatementMetrics(),
    clock: HOST_CLOCK,
    log,
    serverVersion,
    cell,
  };
}

function serveStatus(
  { flags, log }: ProgramContext<typeof GATE_FLAGS>,
  source: { readonly gate: GateServices; readonly directory: TabletDirectory },
  view: ClusterView,
) {
  const metrics = new Metrics();
  addGateMetrics(metrics, source);
  const app = createHttpApp({
    program: "vtgate",
    metrics,
    log,
    status: () => statusSections(source),
    notReady: () => view.isKnown ? "" : "no SrvVSchema yet: is the topology up?",
  });
  addGateRoutes(app, source);
  return serveHttp(app, { hostname: flags.hostname, port: flags.httpPort });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
