/**
 * A gate for tests of statements: two real mysqlds hold three tablets (`commerce`, and the shards
 * of `customer`) and, in the database `plain` of the first, the same tables unsharded, to compare
 * with. The gate follows a topology in memory.
 */
import type { KnownTablet } from "../../gate/executor/catalog.ts";
import { ClusterView } from "../../gate/executor/cluster_view.ts";
import { followTopology, SchemaFollower } from "../../gate/executor/follow_cluster.ts";
import type { GateServices } from "../../gate/executor/gate_services.ts";
import { PlanCache } from "../../gate/executor/plan_cache.ts";
import { Replanner } from "../../gate/executor/replanner.ts";
import { GateSessionFactory } from "../../gate/executor/session_factory.ts";
import { SessionRegistry } from "../../gate/executor/session_registry.ts";
import { StatementMetrics } from "../../gate/executor/statement_metrics.ts";
import { MysqlServer } from "../../gate/server/mysql_server.ts";
import { parseUsers } from "../../gate/server/users.ts";
import { TabletDirectory, type TabletStatus } from "../../gate/tablets/directory.ts";
import { Gateway } from "../../gate/tablets/gateway.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { TaskGroup } from "../../shared/host/task_group.ts";
import type { Log } from "../../shared/io/log.ts";
import { databaseName, type JsonObject, type TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias, type Target } from "../../shared/model/tablet.ts";
import type { QueryLimits } from "../../tablet/query/query_limits.ts";
import { CELL, type GateTopology, openGateTopology } from "./gate_topology.ts";
import { startTestMysqld, type TestMysqld, type TestServer } from "./mysqld.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import { type QueryTablet, startQueryTablet } from "./query_tablet.ts";
import { waitFor } from "./wait.ts";

/** Statements that make a keyspace's tables, in the order given. */
export interface ClusterSchema {
  readonly commerce: readonly string[];
  readonly customer: readonly string[];
  /** Of the database `plain`. */
  readonly plain: readonly string[];
  readonly vschema: { readonly commerce: JsonObject; readonly customer: JsonObject };
}

export interface GateCluster extends AsyncDisposable {
  readonly port: number;
  readonly server: MysqlServer;
  readonly gate: GateServices;
  readonly gateway: Gateway;
  readonly directory: TabletDirectory;
  /** Holds commerce, customer -80 and `plain`. */
  readonly first: TestMysqld;
  /** Holds customer 80-. */
  readonly second: TestMysqld;
  readonly tablets: readonly QueryTablet[];
  readonly topology: GateTopology;
}

/** A tablet besides the three, on the first mysqld with a database of its own. */
export interface MoreTablet {
  readonly uid: number;
  readonly target: Target;
  readonly database: string;
  readonly statements: readonly string[];
}

export interface GateClusterOptions {
  readonly schema: ClusterSchema;
  readonly server?: TestServer;
  /** Not in SrvKeyspace at first. They follow the three in `tablets`. */
  readonly moreTablets?: readonly MoreTablet[];
  readonly bufferMs?: number;
  /** Of the three tablets. */
  readonly limits?: Partial<QueryLimits>;
  readonly log?: Log;
}

const NEVER = { signal: new AbortController().signal };

export async function startGateCluster(options: GateClusterOptions): Promise<GateCluster> {
  const { schema, moreTablets = [], server = "mariadb", limits = {} } = options;
  await using scope = new AsyncDisposableStack();
  const [first, second] = await Promise.all([
    startTestMysqld({ server }),
    startTestMysqld({ server }),
  ]);
  scope.use(first);
  scope.use(second);
  await createDatabases(first, [["vt_commerce", schema.commerce], ["plain", schema.plain]]);
  await createDatabases(first, [["vt_customer", schema.customer]]);
  await createDatabases(second, [["vt_customer", schema.customer]]);
  const tablets = [
    scope.use(tabletOf(first, 100, "commerce", "-", limits)),
    scope.use(tabletOf(first, 200, "customer", "-80", limits)),
    scope.use(tabletOf(second, 300, "customer", "80-", limits)),
  ];
  for (const { database, statements, ...more } of moreTablets) {
    await createDatabases(first, [[database, statements]]);
    const { socketPath } = first;
    tablets.push(scope.use(startQueryTablet({ ...more, database, socketPath })));
  }
  const gate = await startGate(tablets, options, scope);
  const owned = scope.move();
  return {
    port: gate.server.port,
    ...gate,
    first,
    second,
    tablets,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function createDatabases(
  { root }: TestMysqld,
  databases: readonly (readonly [name: string, statements: readonly string[]])[],
): Promise<void> {
  for (const [name, statements] of databases) {
    await root.query(`create database ${name}`, NEVER);
    for (const statement of statements) {
      await root.query(statement.replaceAll("{db}", name), NEVER);
    }
  }
}

function tabletOf(
  { socketPath }: TestMysqld,
  uid: number,
  keyspace: string,
  shard: string,
  limits: Partial<QueryLimits>,
): QueryTablet {
  const target: Target = { keyspace, shard, tabletType: "primary" };
  return startQueryTablet({ socketPath, database: `vt_${keyspace}`, uid, target, limits });
}

async function startGate(
  tablets: readonly QueryTablet[],
  { schema, log = SILENT_LOG, bufferMs = 5000 }: GateClusterOptions,
  scope: AsyncDisposableStack,
) {
  const topology = scope.use(await openGateTopology());
  await topology.saveVSchema(schema.vschema);
  await topology.serve("commerce", ["-"]);
  await topology.serve("customer", ["-80", "80-"]);
  const view: ClusterView = new ClusterView(() => directory.statuses.map(knownTablet));
  const directory = scope.use(
    new TabletDirectory({
      cell: CELL,
      gateName: "test gate",
      clock: HOST_CLOCK,
      log,
      random: Math.random,
      waitersMax: 100,
      serves: (target) => view.serves(target),
    }),
  );
  const tasks = scope.use(new TaskGroup({ log }));
  const gateway = new Gateway({ directory, clock: HOST_CLOCK, bufferMs });
  const schemas = new SchemaFollower({ view, tasks, log }, gateway);
  scope.use(directory.onChange(() => schemas.check()));
  scope.use(view.onChange(() => {
    directory.reconsider();
    schemas.check();
  }));
  const { topo } = topology;
  tasks.start(
    "follow topology",
    (signal) => followTopology({ topo, cell: CELL, view, tasks, log }, { signal }),
  );
  directory.update(
    CELL,
    new Map(tablets.map((tablet) => [printTabletAlias(tablet.alias), recordOf(tablet)])),
  );
  await waitFor(
    "schemas of both keyspaces",
    () =>
      view.missing === "" &&
      ["commerce", "customer"].every((name) => {
        const tables = [...view.catalog.vschema.keyspace(name).tables.values()];
        return tables.length > 0 && tables.every(({ columns }) => columns.length > 0);
      }),
  );
  const gate: GateServices = {
    catalog: () => view.catalog,
    tablets: gateway,
    plans: new PlanCache(),
    replanner: new Replanner({
      version: () => view.catalog.version,
      onChange: (listener) => view.onChange(listener),
      clock: HOST_CLOCK,
      bufferMs,
      waitersMax: 100,
    }),
    sessions: new SessionRegistry(),
    metrics: new StatementMetrics(),
    clock: HOST_CLOCK,
    log,
    serverVersion: "8.0.40-Vitess",
    cell: CELL,
  };
  const server = scope.use(listen(gate));
  return { server, gate, gateway, directory, topology };
}

function listen(gate: GateServices): MysqlServer {
  const users = parseUsers('{"user":[{"UserData":"user","Password":""}]}', "users of the test");
  return MysqlServer.listen({
    hostname: "127.0.0.1",
    port: 0,
    serverVersion: gate.serverVersion,
    connectionsMax: 200,
    users: () => users,
    sessions: new GateSessionFactory(gate),
    log: gate.log,
  });
}

function recordOf(tablet: QueryTablet): TabletRecord {
  const { keyspace, shard, tabletType } = tablet.serving.health.target;
  return {
    alias: tablet.alias,
    hostname: "127.0.0.1",
    portMap: { vt: 0, grpc: tablet.port },
    keyspace,
    shard,
    type: tabletType,
    dbNameOverride: "",
    tags: {},
    mysqlHostname: "127.0.0.1",
    mysqlPort: 0,
  };
}

function knownTablet({ record, health }: TabletStatus): KnownTablet {
  return { ...record, health, database: databaseName(record) };
}
