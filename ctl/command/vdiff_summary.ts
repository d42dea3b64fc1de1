/** What the shards of a VDiff found, put together, and its texts (vtctldclient's, and the old client's). */
import type { RowSample, VDiffReport, VDiffState, VDiffStatus } from "../../shared/rpc/vdiff.ts";

export interface TableSummary {
  readonly table: string;
  readonly state: VDiffState;
  readonly processedRows: number;
  readonly matchingRows: number;
  readonly mismatchedRows: number;
  readonly extraRowsSource: number;
  readonly extraRowsTarget: number;
  /** As the servers estimate them. */
  readonly tableRows: number;
  readonly lastUpdated: string;
  /** By shard, those with differences. */
  readonly reports: ReadonlyMap<string, VDiffReport>;
}

export interface VDiffSummary {
  readonly keyspace: string;
  readonly workflow: string;
  readonly uuid: string;
  readonly state: VDiffState;
  readonly shards: readonly string[];
  readonly rowsCompared: number;
  readonly hasMismatch: boolean;
  readonly startedAt: string;
  readonly completedAt: string;
  /** By shard. */
  readonly errors: ReadonlyMap<string, string>;
  readonly tables: readonly TableSummary[];
  /** 0 to 100. */
  readonly percent: number;
}

/** The first of these that some part is in is the state of the whole. */
const STATES: readonly VDiffState[] = ["error", "stopped", "started", "pending", "unknown"];

function overall(states: readonly VDiffState[]): VDiffState {
  if (states.length === 0) return "pending";
  return STATES.find((state) => states.includes(state)) ?? "completed";
}

/** `shards` are statuses of one VDiff, one a shard. */
export function summarize(
  name: { readonly keyspace: string; readonly workflow: string; readonly uuid: string },
  shards: readonly VDiffStatus[],
): VDiffSummary {
  const names = [...new Set(shards.flatMap(({ tables }) => tables.map(({ table }) => table)))];
  const tables = names.sort().map((table) => summarizeTable(table, shards));
  const rowsCompared = sum(tables.map(({ processedRows }) => processedRows));
  const state = overall(shards.map((shard) => shard.state));
  const expected = sum(
    tables.map(({ tableRows, processedRows, state: one }) =>
      one === "completed" ? processedRows : Math.max(tableRows, processedRows)
    ),
  );
  return {
    ...name,
    state,
    shards: shards.map(({ shard }) => shard).sort(),
    rowsCompared,
    hasMismatch: tables.some(({ reports }) => reports.size > 0),
    startedAt: shards.map(({ startedAt }) => startedAt).filter((at) => at !== "").sort()[0] ?? "",
    completedAt: state === "completed" || state === "error"
      ? shards.map(({ completedAt }) => completedAt).sort().at(-1) ?? ""
      : "",
    errors: new Map(
      shards.filter(({ lastError }) => lastError !== "")
        .map(({ shard, lastError }) => [shard, lastError]),
    ),
    tables,
    percent: state === "completed" ? 100 : expected === 0 ? 0 : 100 * rowsCompared / expected,
  };
}

function summarizeTable(table: string, shards: readonly VDiffStatus[]): TableSummary {
  const parts = shards.flatMap(({ shard, tables }) =>
    tables.filter((one) => one.table === table).map((one) => ({ shard, ...one }))
  );
  const total = (of: (report: VDiffReport) => number): number =>
    sum(parts.map(({ report }) => of(report)));
  return {
    table,
    state: overall(parts.map(({ state }) => state)),
    processedRows: total(({ processedRows }) => processedRows),
    matchingRows: total(({ matchingRows }) => matchingRows),
    mismatchedRows: total(({ mismatchedRows }) => mismatchedRows),
    extraRowsSource: total(({ extraRowsSource }) => extraRowsSource),
    extraRowsTarget: total(({ extraRowsTarget }) => extraRowsTarget),
    tableRows: sum(parts.map(({ tableRows }) => tableRows)),
    lastUpdated: parts.map(({ updatedAt }) => updatedAt).sort().at(-1) ?? "",
    reports: new Map(
      parts.filter(({ report }) => report.processedRows !== report.matchingRows)
        .map(({ shard, report }) => [shard, report]),
    ),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** The old client's, a line a table. */
export function printLegacySummary(summary: VDiffSummary): string {
  return summary.tables.map((table) =>
    `Summary for ${table.table}: {ProcessedRows:${table.processedRows} ` +
    `MatchingRows:${table.matchingRows} MismatchedRows:${table.mismatchedRows} ` +
    `ExtraRowsSource:${table.extraRowsSource} ExtraRowsTarget:${table.extraRowsTarget}}`
  ).join("\n");
}

/** vtctldclient's; with `verbose`, the rows that differ follow. */
export function printSummary(summary: VDiffSummary, nowMs: number, verbose: boolean): string {
  const lines = [
    `VDiff Summary for ${summary.keyspace}.${summary.workflow} (${summary.uuid})`,
    `State:        ${summary.state}`,
    ...[...summary.errors].map(([shard, error]) =>
      `              Error: (shard ${shard}) ${error}`
    ),
    `RowsCompared: ${summary.rowsCompared}`,
    `HasMismatch:  ${summary.hasMismatch}`,
    `StartedAt:    ${summary.startedAt}`,
    ...(summary.state === "started" ? [`Progress:     ${printProgress(summary, nowMs)}`] : []),
    ...(summary.completedAt === "" ? [] : [`CompletedAt:  ${summary.completedAt}`]),
    ...summary.tables.flatMap((table) => ["", ...printTable(table, verbose)]),
    "",
    'Use "--json" for more detailed output.',
  ];
  return lines.join("\n");
}

function printTable(table: TableSummary, verbose: boolean): readonly string[] {
  const optional = (name: string, count: number): readonly string[] =>
    count === 0 ? [] : [`\t${`${name}:`.padEnd(18)}${count}`];
  return [
    `Table ${table.table}:`,
    `\tState:            ${table.state}`,
    `\tProcessedRows:    ${table.processedRows}`,
    `\tMatchingRows:     ${table.matchingRows}`,
    ...optional("MismatchedRows", table.mismatchedRows),
    ...optional("ExtraRowsSource", table.extraRowsSource),
    ...optional("ExtraRowsTarget", table.extraRowsTarget),
    ...(verbose ? [...table.reports].flatMap(([shard, report]) => printRows(shard, report)) : []),
  ];
}

function printRows(shard: string, report: VDiffReport): readonly string[] {
  return [
    ...report.mismatchedSample.map(({ source, target }) =>
      `\tshard ${shard}: source ${printRow(source)} target ${printRow(target)}`
    ),
    ...report.extraSourceSample.map((row) => `\tshard ${shard}: only source ${printRow(row)}`),
    ...report.extraTargetSample.map((row) => `\tshard ${shard}: only target ${printRow(row)}`),
  ];
}

function printRow(row: RowSample): string {
  return JSON.stringify(row);
}

/** "45.00%, ETA: 2026-01-31 12:00:00"; the time only when there is a speed to tell it from. */
function printProgress(summary: VDiffSummary, nowMs: number): string {
  const share = `${summary.percent.toFixed(2)}%`;
  const eta = etaOf(summary, nowMs);
  return eta === "" ? share : `${share}, ETA: ${eta}`;
}

function etaOf({ percent, startedAt }: VDiffSummary, nowMs: number): string {
  const startedMs = Date.parse(`${startedAt.replace(" ", "T")}Z`);
  if (Number.isNaN(startedMs) || percent <= 0 || percent >= 100) return "";
  const leftMs = (nowMs - startedMs) * (100 - percent) / percent;
  return new Date(nowMs + Math.max(0, leftMs)).toISOString().slice(0, 19).replace("T", " ");
}

/** With the keys of Vitess's JSON (go/cmd/vtctldclient/command/vreplication/vdiff). */
export function summaryJson(
  summary: VDiffSummary,
  nowMs: number,
): Readonly<Record<string, unknown>> {
  return {
    Workflow: summary.workflow,
    Keyspace: summary.keyspace,
    State: summary.state,
    UUID: summary.uuid,
    RowsCompared: summary.rowsCompared,
    HasMismatch: summary.hasMismatch,
    Shards: summary.shards.join(","),
    StartedAt: summary.startedAt,
    ...(summary.completedAt === "" ? {} : { CompletedAt: summary.completedAt }),
    TableSummary: Object.fromEntries(summary.tables.map((table) => [table.table, {
      TableName: table.table,
      State: table.state,
      RowsCompared: table.processedRows,
      MatchingRows: table.matchingRows,
      MismatchedRows: table.mismatchedRows,
      ExtraRowsSource: table.extraRowsSource,
      ExtraRowsTarget: table.extraRowsTarget,
      LastUpdated: table.lastUpdated,
    }])),
    Reports: Object.fromEntries(
      summary.tables.filter(({ reports }) => reports.size > 0).map((table) => [
        table.table,
        Object.fromEntries(
          [...table.reports].map(([shard, report]) => [shard, reportJson(table.table, report)]),
        ),
      ]),
    ),
    ...(summary.errors.size === 0 ? {} : { Errors: Object.fromEntries(summary.errors) }),
    ...(summary.state === "started"
      ? { Progress: { Percentage: summary.percent, ETA: etaOf(summary, nowMs) } }
      : {}),
  };
}

function reportJson(table: string, report: VDiffReport): Readonly<Record<string, unknown>> {
  const rows = (samples: readonly RowSample[]): readonly unknown[] =>
    samples.map((row) => ({ Row: row }));
  return {
    TableName: table,
    ProcessedRows: report.processedRows,
    MatchingRows: report.matchingRows,
    MismatchedRows: report.mismatchedRows,
    ExtraRowsSource: report.extraRowsSource,
    ExtraRowsSourceDiffs: rows(report.extraSourceSample),
    ExtraRowsTarget: report.extraRowsTarget,
    ExtraRowsTargetDiffs: rows(report.extraTargetSample),
    MismatchedRowsDiffs: report.mismatchedSample.map(({ source, target }) => ({
      Source: { Row: source },
      Target: { Row: target },
    })),
  };
}
