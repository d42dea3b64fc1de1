/** What /debug/status and /metrics say of a tablet. */
import type { StatusSections } from "../../shared/host/http.ts";
import type { Metrics } from "../../shared/host/metrics.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import { printServerVersion } from "../mysqld/version.ts";
import type { MysqldLife } from "../mysqld/supervisor.ts";
import type { QueryEngine } from "../query/service.ts";
import { typeOf } from "../serve/desired.ts";
import { isServing, stateName, whyNotServing } from "../serve/state.ts";
import { servingWord } from "./loops.ts";
import type { Tablet } from "./tablet.ts";

export function statusSections(
  tablet: Tablet,
  life: MysqldLife,
  engine: QueryEngine,
): StatusSections {
  const { view, convergence, health } = tablet.options;
  const { record, shard } = view.seen;
  const { role } = tablet.state.desired;
  const source = role.is === "replica" || role.is === "spare" ? role.source : undefined;
  return {
    Tablet: {
      alias: printTabletAlias(record.alias),
      keyspace: record.keyspace,
      shard: record.shard,
      type: typeOf(role).toUpperCase(),
      primary: shard.primaryAlias && printTabletAlias(shard.primaryAlias),
      "primary term started": health.current.primaryTermStartTime,
      database: convergence.databases.keyspace,
      "RPC port": record.portMap.grpc,
    },
    Health: {
      state: servingWord(tablet),
      "reason not serving": whyNotServing(tablet.state),
      "health error": tablet.healthError,
      "replication lag, seconds": health.current.lagSeconds,
      "semi-sync": tablet.state.desired.semiSync,
      "denied tables": tablet.state.desired.deniedTables,
      "gates that listen": health.listeners,
    },
    MySQL: {
      server: printServerVersion(convergence.server.flavor.version),
      address: `${record.mysqlHostname}:${record.mysqlPort}`,
      pid: life.pid,
      "replicates from": source &&
        `${printTabletAlias(source.alias)} (${source.host}:${source.port})`,
    },
    "Query service": engine.stats,
  };
}

export function addTabletMetrics(metrics: Metrics, tablet: Tablet, engine: QueryEngine): void {
  metrics.gaugeOf(
    "vttablet_serving",
    "1 while the tablet serves queries.",
    () => isServing(tablet.state) ? 1 : 0,
  );
  metrics.gaugeOf(
    "vttablet_replication_lag_seconds",
    "Seconds behind the primary; -1 when that is not known.",
    () => tablet.options.health.current.lagSeconds ?? -1,
  );
  metrics.gaugeOf(
    "vttablet_is_primary",
    "1 on the primary of the shard.",
    () => typeOf(tablet.state.desired.role) === "primary" ? 1 : 0,
  );
  metrics.gaugeOf(
    "vttablet_transactions",
    "Transactions and reserved connections that are open.",
    () => engine.stats.transactions,
  );
  metrics.gaugeOf(
    "vttablet_health_listeners",
    "Gates that stream this tablet's health.",
    () => tablet.options.health.listeners,
  );
}

/** "" when mysqld is what the topology wants; a replica without a primary is ready too. */
export function whyNotReady(tablet: Tablet): string {
  return tablet.state.at === "settled"
    ? ""
    : whyNotServing(tablet.state) ?? stateName(tablet.state);
}
