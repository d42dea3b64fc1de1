/** How far a copy is, from the streams' rows and the servers' estimates of their tables. */
import { lagSeconds } from "./checks.ts";
import type { PlacedStream, WorkflowFacts } from "./facts.ts";

/** Of one shard; estimates of the server. */
export interface TableSize {
  readonly table: string;
  readonly rows: number;
  readonly bytes: number;
}

export interface TableProgress {
  readonly table: string;
  readonly rowsCopied: number;
  readonly rowsTotal: number;
  readonly bytesCopied: number;
  readonly bytesTotal: number;
  readonly phase: "copying" | "pending";
}

export interface Progress {
  /** Only tables that are not copied whole. */
  readonly tables: readonly TableProgress[];
  readonly rowsCopied: number;
  /** Of the tables that are being copied; 0 when there are none. */
  readonly rowsTotal: number;
  /** 0 ... 100. */
  readonly percent: number;
  readonly lagSeconds: number;
  readonly state: "copying" | "catching up" | "running" | "stopped" | "error";
}

export function measure(
  facts: Pick<WorkflowFacts, "streams" | "tables">,
  source: readonly TableSize[],
  target: readonly TableSize[],
  nowSeconds: number,
): Progress {
  const pending = new Map<string, "copying" | "pending">();
  for (const { stream } of facts.streams) {
    for (const { table, lastPk } of stream.copyState) {
      if (lastPk !== "" || pending.get(table) === undefined) {
        pending.set(table, lastPk === "" ? "pending" : "copying");
      }
    }
  }
  const tables = facts.tables.filter((table) => pending.has(table)).map((table) => {
    const [from, to] = [sum(source, table), sum(target, table)];
    return {
      table,
      rowsCopied: Math.min(to.rows, from.rows),
      rowsTotal: from.rows,
      bytesCopied: Math.min(to.bytes, from.bytes),
      bytesTotal: from.bytes,
      // The first rows come before there is a last key.
      phase: to.rows > 0 ? "copying" : pending.get(table) ?? "pending",
    };
  });
  const lags = facts.streams.filter(({ stream }) => stream.position !== "")
    .map(({ stream }) => lagSeconds(stream, nowSeconds));
  return {
    tables,
    rowsCopied: facts.streams.reduce((rows, { stream }) => rows + stream.rowsCopied, 0),
    rowsTotal: tables.reduce((rows, table) => rows + table.rowsTotal, 0),
    percent: percentOf(facts, tables),
    lagSeconds: Math.max(0, ...lags),
    state: stateOf(facts.streams, tables),
  };
}

function sum(sizes: readonly TableSize[], table: string): Pick<TableSize, "rows" | "bytes"> {
  return sizes.filter((size) => size.table === table).reduce(
    (all, { rows, bytes }) => ({ rows: all.rows + rows, bytes: all.bytes + bytes }),
    { rows: 0, bytes: 0 },
  );
}

/** Tables that are done count whole; the others by their rows. Never 100 before all are done. */
function percentOf(
  facts: Pick<WorkflowFacts, "streams" | "tables">,
  pending: readonly TableProgress[],
): number {
  const isBegun = facts.streams.every(({ stream }) =>
    stream.position !== "" || stream.copyState.length > 0
  );
  if (!isBegun) return 0;
  if (pending.length === 0) return 100;
  const done = facts.tables.length - pending.length;
  const part = pending.reduce(
    (all, { rowsCopied, rowsTotal }) => all + (rowsTotal === 0 ? 0 : rowsCopied / rowsTotal),
    0,
  );
  return Math.min(99.9, (100 * (done + part)) / Math.max(1, facts.tables.length));
}

function stateOf(
  streams: readonly PlacedStream[],
  pending: readonly TableProgress[],
): Progress["state"] {
  if (streams.some(({ stream }) => stream.state === "Error")) return "error";
  if (streams.some(({ stream }) => stream.state === "Stopped")) return "stopped";
  const isCopying = pending.length > 0 || streams.some(({ stream }) => stream.position === "");
  if (isCopying) return "copying";
  return streams.some(({ stream }) => stream.state !== "Running") ? "catching up" : "running";
}

const BAR_COLUMNS = 30;

/** "[###########...................]  37.4% 374 of 1000 rows, copying, ETA 12s". */
export function printProgressLine(progress: Progress, elapsedSeconds: number): string {
  const filled = Math.round(progress.percent / 100 * BAR_COLUMNS);
  const bar = "#".repeat(filled) + ".".repeat(BAR_COLUMNS - filled);
  const parts = [`${progress.rowsCopied} rows copied`, progress.state];
  if (progress.state === "running" || progress.state === "catching up") {
    parts.push(`lag ${progress.lagSeconds}s`);
  }
  const eta = etaSeconds(progress, elapsedSeconds);
  if (eta !== undefined) parts.push(`ETA ${printSeconds(eta)}`);
  return `[${bar}] ${progress.percent.toFixed(1).padStart(5)}% ${parts.join(", ")}`;
}

/** As fast as so far; undefined where nothing can be said yet. */
export function etaSeconds(progress: Progress, elapsedSeconds: number): number | undefined {
  if (progress.state !== "copying" || progress.percent < 1 || elapsedSeconds < 1) return undefined;
  return Math.round(elapsedSeconds * (100 - progress.percent) / progress.percent);
}

function printSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes}m${seconds % 60}s`
    : `${Math.floor(minutes / 60)}h${minutes % 60}m`;
}
