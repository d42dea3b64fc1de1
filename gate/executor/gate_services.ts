/** What all sessions of a gate share. */
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { QueryService } from "../../shared/rpc/query_service.ts";
import type { Catalog } from "./catalog.ts";
import type { PlanCache } from "./plan_cache.ts";
import type { Replanner } from "./replanner.ts";
import type { SessionRegistry } from "./session_registry.ts";
import type { StatementMetrics } from "./statement_metrics.ts";

export interface GateServices {
  /** The newest one. A statement reads it once. */
  readonly catalog: () => Catalog;
  readonly tablets: QueryService;
  readonly plans: PlanCache;
  readonly replanner: Replanner;
  readonly sessions: SessionRegistry;
  readonly metrics: StatementMetrics;
  readonly clock: Clock;
  readonly log: Log;
  /** What SELECT VERSION() answers. */
  readonly serverVersion: string;
  readonly cell: string;
}
