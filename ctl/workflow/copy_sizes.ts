/** How much a workflow has to copy: its rules, applied to what servers say of their tables. */
import { VtError } from "../../shared/error/errors.ts";
import { type ParsedRule, parseRule } from "../../shared/filter/rule.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import type { PlacedStream } from "./facts.ts";

/** Of one shard; estimates of the server. */
export interface TableSize {
  readonly shard: string;
  readonly table: string;
  readonly rows: number;
  readonly bytes: number;
}

export interface Size {
  readonly rows: number;
  readonly bytes: number;
}

const NOTHING: Size = { rows: 0, bytes: 0 };

/** What one stream reads for a table of the target. */
interface Reading {
  readonly target: string;
  readonly shard: string;
  readonly source: string;
  /** It takes the rows of a key range: others take the rest. */
  readonly divided: boolean;
}

/**
 * What comes to all targets together, by the target's table. Streams that divide a table by key
 * ranges are taken to have equal parts of it. What a WHERE leaves out and a GROUP BY gathers is
 * not known before it is copied.
 */
export function expectedSizes(
  streams: readonly PlacedStream[],
  source: readonly TableSize[],
): ReadonlyMap<string, Size> {
  const readings = readingsOf(streams);
  const key = (shard: string, table: string): string => `${shard} ${table}`;
  const sizes = new Map(source.map((size) => [key(size.shard, size.table), size]));
  const parts = new Map<string, number>();
  for (const { shard, source: table, divided } of readings) {
    if (divided) parts.set(key(shard, table), (parts.get(key(shard, table)) ?? 0) + 1);
  }
  const expected = new Map<string, Size>();
  for (const { target, shard, source: table, divided } of readings) {
    const { rows, bytes } = sizes.get(key(shard, table)) ?? NOTHING;
    const share = divided ? 1 / (parts.get(key(shard, table)) ?? 1) : 1;
    expected.set(target, add(expected.get(target), { rows: rows * share, bytes: bytes * share }));
  }
  return new Map([...expected].map(([table, { rows, bytes }]) => [
    table,
    { rows: Math.round(rows), bytes: Math.round(bytes) },
  ]));
}

/** What the streams read on their source shards. */
export function sourceTables(streams: readonly PlacedStream[]): ReadonlySet<string> {
  return new Set(readingsOf(streams).map(({ source }) => source));
}

function readingsOf(streams: readonly PlacedStream[]): readonly Reading[] {
  return streams.flatMap(({ stream }) =>
    stream.source.filter.rules.flatMap((rule) => readingOf(rule, stream.source.shard))
  );
}

/** Of all shards together, by table. */
export function totalSizes(sizes: readonly TableSize[]): ReadonlyMap<string, Size> {
  const totals = new Map<string, Size>();
  for (const size of sizes) totals.set(size.table, add(totals.get(size.table), size));
  return totals;
}

function add(one: Size | undefined, other: Size): Size {
  const { rows, bytes } = one ?? NOTHING;
  return { rows: rows + other.rows, bytes: bytes + other.bytes };
}

/** None for a pattern, whose tables only the tablets know, and for tables left out. */
function readingOf(rule: FilterRule, shard: string): readonly Reading[] {
  const target = rule.match;
  if (target.startsWith("/")) return [];
  const parsed = parsedRule(rule);
  if (parsed === undefined || parsed.kind === "exclude") return [];
  const source = parsed.kind === "select" ? parsed.select.table : target;
  const divided = parsed.kind === "key_range" || /\bin_keyrange\s*\(/i.test(rule.filter);
  return [{ target, shard, source, divided }];
}

/** Undefined for a rule that can't be: its stream says what is wrong with it. */
function parsedRule(rule: FilterRule): ParsedRule | undefined {
  try {
    return parseRule(rule);
  } catch (error) {
    if (error instanceof VtError) return undefined;
    throw error;
  }
}
