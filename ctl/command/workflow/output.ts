/** Results as people read them, in vtctldclient's words. */
import type { JsonObject } from "../../../shared/model/records.ts";
import type { StreamStatus } from "../../../shared/rpc/vreplication.ts";
import { isFrozen, type WorkflowFacts } from "../../workflow/facts.ts";
import { lagSeconds } from "../../workflow/checks.ts";
import { etaSeconds, printProgressLine } from "../../workflow/progress_line.ts";
import type { WorkflowStatus } from "./progress.ts";
import { logKey, NO_LOGS, type StreamLogs } from "./stream_logs.ts";
import type { SwitchResult } from "./switch_traffic.ts";

/** Text for people, and what --json prints. */
export interface Printed {
  readonly text: string;
  readonly json: unknown;
}

export function printSwitch(verb: string, result: SwitchResult, now: Date): Printed {
  const name = `${result.keyspace}.${result.workflow}`;
  if (result.plan !== undefined) return printDryRun(verb, name, result.plan, now);
  return {
    text: `${verb} was successful for workflow ${name}\n\nStart State: ${result.startState}\n` +
      `Current State: ${result.currentState}`,
    json: {
      summary: `${verb} was successful for workflow ${name}`,
      start_state: result.startState,
      current_state: result.currentState,
      dry_run_results: [],
      writes_paused_ms: result.pauseMs ?? null,
    },
  };
}

export function printDryRun(
  verb: string,
  name: string,
  plan: readonly string[],
  now: Date,
): Printed {
  const heading = `${verb} dry run results for workflow ${name} at ${printRfc822(now)}`;
  return {
    text: `${heading}\n\n${plan.join("\n")}`,
    json: { summary: heading, dry_run_results: plan },
  };
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Go's time.RFC822 in UTC: "02 Jan 06 15:04 UTC". */
export function printRfc822(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const month = MONTHS[date.getUTCMonth()] ?? "";
  return `${two(date.getUTCDate())} ${month} ${two(date.getUTCFullYear() % 100)} ${
    two(date.getUTCHours())
  }:${two(date.getUTCMinutes())} UTC`;
}

/** What `status` and `create` print. */
export function printStatus(status: WorkflowStatus, now: Date): Printed {
  const { facts, progress, trafficState } = status;
  const nowSeconds = Math.floor(now.getTime() / 1000);
  const name = `${status.keyspace}.${status.workflow}`;
  const streams = facts.streams.map(({ shard, stream }) =>
    `id=${stream.id} on ${status.keyspace}/${shard}: Status: ${describe(stream, nowSeconds)}`
  );
  const tables = progress.tables.map((table) => {
    const rows = percent(table.rowsCopied, table.rowsTotal);
    const bytes = percent(table.bytesCopied, table.bytesTotal);
    return `\t${table.table}: RowsCopied:${table.rowsCopied}, RowsTotal:${table.rowsTotal}, ` +
      `RowsPercentage:${rows}, BytesCopied:${table.bytesCopied}, ` +
      `BytesTotal:${table.bytesTotal}, BytesPercentage:${bytes}, Phase:${
        table.phase === "copying" ? "InProgress" : "NotStarted"
      }`;
  });
  return {
    text: [
      `The following vreplication streams exist for workflow ${name}:`,
      "",
      ...streams,
      ...(tables.length > 0 ? ["", "Table Copy Status:", ...tables] : []),
      // Of a copy that was stopped, too.
      ...(progress.state === "copying" || tables.length > 0
        ? ["", printProgressLine(progress, status.begun)]
        : []),
      "",
      `Traffic State: ${trafficState}`,
    ].join("\n"),
    json: {
      table_copy_state: Object.fromEntries(
        progress.tables.map((table) => [table.table, {
          rows_copied: table.rowsCopied,
          rows_total: table.rowsTotal,
          bytes_copied: table.bytesCopied,
          bytes_total: table.bytesTotal,
          phase: table.phase,
        }]),
      ),
      shard_streams: shardStreams(facts, nowSeconds),
      traffic_state: trafficState,
      state: progress.state,
      percent: progress.percent,
      rows_copied: progress.rowsCopied,
      rows_total: progress.rowsTotal,
      bytes_copied: progress.bytesCopied,
      bytes_total: progress.bytesTotal,
      lag_seconds: progress.lagSeconds,
      eta_seconds: etaSeconds(progress, status.begun) ?? null,
    },
  };
}

/** What waits says so each second. */
const THROTTLED_SECONDS = 10;

function describe(stream: StreamStatus, nowSeconds: number): string {
  const { state, message } = stream;
  if (state === "Error") return `Error: ${message}.`;
  if (state === "Stopped") return message === "" ? "Stopped." : `Stopped. ${message}.`;
  if (nowSeconds - stream.timeThrottled <= THROTTLED_SECONDS) {
    return `${state}. Waits: ${stream.reasonThrottled}.`;
  }
  if (state !== "Running") return `${state}. ${message || "VStream has not started"}.`;
  return `Running. VStream Lag: ${lagSeconds(stream, nowSeconds)}s.`;
}

function percent(part: number, whole: number): string {
  return (whole === 0 ? 0 : 100 * part / whole).toFixed(2);
}

function shardStreams(facts: WorkflowFacts, nowSeconds: number): JsonObject {
  return Object.fromEntries(facts.targets.map((target) => [
    `${target.shard}/${target.primary}`,
    {
      streams: facts.streams.filter(({ shard }) => shard === target.shard).map(({ stream }) => ({
        id: stream.id,
        tablet: target.primary,
        source_shard: `${stream.source.keyspace}/${stream.source.shard}`,
        position: stream.position,
        status: stream.state,
        info: describe(stream, nowSeconds),
      })),
    },
  ]));
}

/** One workflow as `Workflow show` and GetWorkflows print it (proto/vtctldata.proto Workflow). */
export function workflowJson(
  facts: WorkflowFacts,
  nowSeconds: number,
  logs: StreamLogs = NO_LOGS,
): JsonObject {
  const lags = facts.streams.map(({ stream }) => lagSeconds(stream, nowSeconds));
  return {
    name: facts.name,
    source: { keyspace: facts.sourceKeyspace, shards: facts.sources.map(({ shard }) => shard) },
    target: { keyspace: facts.targetKeyspace, shards: facts.targets.map(({ shard }) => shard) },
    max_v_replication_lag: Math.max(0, ...lags),
    workflow_type: { move_tables: "MoveTables", reshard: "Reshard", materialize: "Materialize" }[
      facts.kind
    ],
    defer_secondary_keys: facts.streams.some(({ stream }) => stream.deferSecondaryKeys),
    frozen: isFrozen(facts),
    shard_streams: Object.fromEntries(facts.targets.map((target) => [
      `${target.shard}/${target.primary}`,
      {
        streams: facts.streams.filter(({ shard }) => shard === target.shard)
          .map(({ stream }) => ({
            ...streamJson(target, stream),
            ...logsJson(logs.get(logKey(target.shard, stream.id))),
          })),
        tablet_controls: target.tabletControls.map((control) => ({
          tablet_type: control.tabletType.toUpperCase(),
          denied_tables: [...control.deniedTables],
        })),
        is_primary_serving: target.isPrimaryServing,
      },
    ])),
  };
}

function logsJson(logs: readonly JsonObject[] | undefined): JsonObject {
  return logs === undefined ? {} : { logs };
}

function streamJson(
  { shard, primary }: { readonly shard: string; readonly primary: string },
  stream: StreamStatus,
): JsonObject {
  return {
    id: String(stream.id),
    shard,
    tablet: primary,
    binlog_source: {
      keyspace: stream.source.keyspace,
      shard: stream.source.shard,
      filter: { rules: stream.source.filter.rules.map(({ match, filter }) => ({ match, filter })) },
      on_ddl: stream.source.onDdl,
    },
    position: stream.position,
    stop_position: stream.stopPosition,
    state: stream.state,
    db_name: stream.dbName,
    transaction_timestamp: stream.transactionTimestamp,
    time_updated: stream.timeUpdated,
    time_heartbeat: stream.timeHeartbeat,
    time_throttled: stream.timeThrottled,
    component_throttled: stream.componentThrottled,
    reason_throttled: stream.reasonThrottled,
    message: stream.message,
    copy_states: stream.copyState.map(({ table, lastPk }) => ({ table, last_pk: lastPk })),
    rows_copied: String(stream.rowsCopied),
    cells: stream.cells,
    tablet_types: stream.tabletTypes,
  };
}
