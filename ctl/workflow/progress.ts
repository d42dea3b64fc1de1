/** How far a copy is, from the streams' rows and the servers' estimates of their tables. */
import { BUILDING_KEYS } from "../../shared/rpc/vreplication.ts";
import { lagSeconds } from "./checks.ts";
import { expectedSizes, type Size, type TableSize, totalSizes } from "./copy_sizes.ts";
import type { PlacedStream, WorkflowFacts } from "./facts.ts";

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
  /** As the streams count them. */
  readonly rowsCopied: number;
  /** Of all tables: an estimate that is never below the rows that are copied, and theirs at the end. */
  readonly rowsTotal: number;
  /** Of the sources' tables; 0 of 0 when nothing is copied any more. */
  readonly bytesCopied: number;
  readonly bytesTotal: number;
  /** 0 ... 100. */
  readonly percent: number;
  readonly lagSeconds: number;
  readonly state: "copying" | "building keys" | "catching up" | "running" | "stopped" | "error";
}

/** What is estimated is not done before the streams say so. */
const PERCENT_MAX = 99.9;

/** A table and how much of it is copied. */
interface Part {
  readonly table: string;
  readonly size: Size;
  /** 0 ... 1 */
  readonly share: number;
}

/** `source` and `target`: of their shards; not looked at when nothing is to be copied any more. */
export function measure(
  facts: Pick<WorkflowFacts, "streams" | "tables">,
  source: readonly TableSize[],
  target: readonly TableSize[],
  nowSeconds: number,
): Progress {
  const pending = pendingTables(facts.streams);
  const rowsCopied = sum(facts.streams.map(({ stream }) => stream.rowsCopied));
  const lags = facts.streams.filter(({ stream }) => stream.position !== "")
    .map(({ stream }) => lagSeconds(stream, nowSeconds));
  const common = {
    rowsCopied,
    lagSeconds: Math.max(0, ...lags),
    state: stateOf(facts.streams, pending.size > 0),
  };
  if (pending.size === 0) {
    const done = { tables: [], rowsTotal: rowsCopied, bytesCopied: 0, bytesTotal: 0, percent: 100 };
    return { ...common, ...done };
  }
  const expected = expectedSizes(facts.streams, source);
  const here = totalSizes(target);
  const parts = [...new Set([...facts.tables, ...pending.keys()])].map((table): Part => {
    const size = expected.get(table) ?? { rows: 0, bytes: 0 };
    const share = pending.has(table) ? shareOf(here.get(table)?.rows ?? 0, size.rows) : 1;
    return { table, size, share };
  });
  return {
    ...common,
    tables: parts.filter(({ table }) => pending.has(table)).map((part) =>
      tableProgress(part, here.get(part.table)?.rows ?? 0, pending.get(part.table) === true)
    ),
    rowsTotal: Math.max(rowsCopied, sum(parts.map(({ size }) => size.rows))),
    bytesCopied: sum(parts.map(({ size, share }) => Math.round(size.bytes * share))),
    bytesTotal: sum(parts.map(({ size }) => size.bytes)),
    percent: percentOf(parts),
  };
}

/** Tables that a stream has to copy; true when it has begun. */
function pendingTables(streams: readonly PlacedStream[]): ReadonlyMap<string, boolean> {
  const pending = new Map<string, boolean>();
  for (const { stream } of streams) {
    for (const { table, lastPk } of stream.copyState) {
      pending.set(table, lastPk !== "" || pending.get(table) === true);
    }
    // It has not come so far that it notes what it has to do.
    if (stream.position !== "" || stream.copyState.length > 0) continue;
    for (const { match } of stream.source.filter.rules) {
      if (!pending.has(match)) pending.set(match, false);
    }
  }
  return pending;
}

function tableProgress({ table, size, share }: Part, here: number, begun: boolean): TableProgress {
  return {
    table,
    rowsCopied: Math.min(here, size.rows),
    rowsTotal: size.rows,
    bytesCopied: Math.round(size.bytes * share),
    bytesTotal: size.bytes,
    // The first rows come before there is a last key.
    phase: begun || here > 0 ? "copying" : "pending",
  };
}

function shareOf(copied: number, total: number): number {
  return total === 0 ? 0 : Math.min(1, copied / total);
}

/** A row takes as long as so many bytes more: what it costs by itself. */
const ROW_BYTES = 100;

/**
 * Tables weigh as much as it takes to copy them, by their bytes and their rows. Either alone
 * misleads: rows of one table may be a hundred times as long as another's, and servers count a
 * table's bytes seconds after its rows.
 */
function percentOf(parts: readonly Part[]): number {
  const weights = parts.map(({ size }) => size.bytes + size.rows * ROW_BYTES);
  const whole = sum(weights);
  const done = whole === 0
    ? sum(parts.map(({ share }) => share)) / Math.max(1, parts.length)
    : sum(parts.map(({ share }, i) => share * (weights[i] ?? 0))) / whole;
  return Math.min(PERCENT_MAX, Math.round(10_000 * done) / 100);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function stateOf(streams: readonly PlacedStream[], isCopying: boolean): Progress["state"] {
  if (streams.some(({ stream }) => stream.state === "Error")) return "error";
  if (streams.some(({ stream }) => stream.state === "Stopped")) return "stopped";
  if (isCopying) return streams.every(hasRows) ? "building keys" : "copying";
  return streams.some(({ stream }) => stream.state !== "Running") ? "catching up" : "running";
}

/** All that it has to copy, or all of a round, for which it builds keys now. */
function hasRows({ stream }: PlacedStream): boolean {
  const isCopied = stream.position !== "" && stream.copyState.length === 0;
  return isCopied || stream.message.startsWith(BUILDING_KEYS);
}
