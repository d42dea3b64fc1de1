/** What a gate shows of itself: /debug/status, /debug/query_plans, metrics. */
import type { Hono } from "hono";
import type { Labels, Metrics } from "../../shared/host/metrics.ts";
import type { StatusSections } from "../../shared/host/http.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import { LATENCY_BOUNDS } from "../executor/statement_metrics.ts";
import type { GateServices } from "../executor/gate_services.ts";
import type { TabletDirectory } from "../tablets/directory.ts";
import { planJson, showMarks } from "../show/plan_json.ts";

/** Rows of a section; the pages of the parts have all. */
const SHOWN_MAX = 500;

export interface StatusSource {
  readonly gate: GateServices;
  readonly directory: TabletDirectory;
}

/** Sections of /debug/status. */
export function statusSections({ gate, directory }: StatusSource): StatusSections {
  const catalog = gate.catalog();
  const nowMs = gate.clock.monotonicMs();
  return {
    Gate: {
      cell: gate.cell,
      serverVersion: gate.serverVersion,
      sessions: gate.sessions.size,
      statements: gate.metrics.total,
      waitingForTablets: directory.waiting,
    },
    Tablets: directory.statuses.map(({ record, health, connected, load }) => ({
      alias: printTabletAlias(record.alias),
      keyspace: health.target.keyspace,
      shard: health.target.shard,
      type: health.target.tabletType,
      state: health.serving ? "SERVING" : "NOT_SERVING",
      hostname: record.hostname,
      connected,
      callsInFlight: load,
      lagSeconds: health.lagSeconds ?? "",
      error: health.error ?? "",
    })),
    Keyspaces: catalog.keyspaces.map((name) => ({
      keyspace: name,
      sharded: catalog.isSharded(name),
      shards: catalog.shards(name, "primary").map((shard) => shard.name).join(", "),
      problem: catalog.vschema.errorOf(name)?.message ?? "",
    })),
    "Plan cache": { plans: gate.plans.size, hits: gate.plans.hits, misses: gate.plans.misses },
    Statements: [...gate.metrics.plans].map(([plan, { count, timeMs }]) => ({
      plan,
      count,
      averageMs: Number((timeMs / count).toFixed(3)),
    })),
    Errors: [...gate.metrics.errors].map(([id, count]) => ({ id, count })),
    Sessions: gate.sessions.list().slice(0, SHOWN_MAX).map((session) => ({
      id: session.client.connectionId,
      user: session.client.user,
      client: session.client.remoteAddress,
      target: session.database,
      command: session.command,
      seconds: Math.floor((nowMs - session.sinceMs) / 1000),
      inTransaction: session.inTransaction,
      statement: session.statement.slice(0, 200),
    })),
  };
}

/** /debug/query_plans: plans with what they cost so far. */
export function addGateRoutes(app: Hono, { gate }: StatusSource): void {
  app.get("/debug/query_plans", (context) => {
    const catalog = gate.catalog();
    const options = { show: showMarks, isSharded: (name: string) => catalog.isSharded(name) };
    const plans = [...gate.plans.entries()].slice(0, SHOWN_MAX).map((cached) => ({
      Original: cached.original,
      QueryType: cached.plan.statement.toUpperCase(),
      Instructions: planJson(cached.plan, options),
      ExecCount: cached.executions,
      ExecTimeMs: Number(cached.timeMs.toFixed(3)),
      Errors: cached.errors,
    }));
    return context.json(plans);
  });
}

/** Numbers that others keep, read when somebody asks. */
export function addGateMetrics(metrics: Metrics, { gate, directory }: StatusSource): void {
  metrics.gaugeOf("vtgate_sessions", "clients that are logged in", () => gate.sessions.size);
  metrics.gaugeOf("vtgate_plans", "plans in the cache", () => gate.plans.size);
  metrics.gaugeOf("vtgate_plan_cache_hits", "plans found since the start", () => gate.plans.hits);
  metrics.gaugeOf("vtgate_plan_cache_misses", "plans not found", () => gate.plans.misses);
  metrics.gaugeOf(
    "vtgate_waiting_statements",
    "statements that wait for a tablet",
    () => directory.waiting,
  );
  const plans = () => [...gate.metrics.plans];
  metrics.seriesOf(
    "vtgate_statements",
    "statements by the plan that they ran",
    "counter",
    () => plans().map(([plan, { count }]) => [{ plan }, count]),
  );
  metrics.seriesOf(
    "vtgate_statement_seconds",
    "time that statements took, by plan",
    "counter",
    () => plans().map(([plan, { timeMs }]) => [{ plan }, timeMs / 1000]),
  );
  metrics.seriesOf(
    "vtgate_statement_latency",
    "statements up to a latency",
    "counter",
    () => plans().flatMap(([plan, { buckets }]) => latencies(plan, buckets)),
  );
  metrics.seriesOf(
    "vtgate_errors",
    "errors by id or mysqld's number",
    "counter",
    () => [...gate.metrics.errors].map(([id, count]) => [{ id }, count]),
  );
}

/** Cumulative, as Prometheus' histograms are. */
function latencies(
  plan: string,
  buckets: readonly number[],
): (readonly [Labels, number])[] {
  let below = 0;
  return buckets.map((count, index) => {
    below += count;
    return [{ plan, le: String((LATENCY_BOUNDS[index] ?? 0) / 1000) }, below] as const;
  });
}
