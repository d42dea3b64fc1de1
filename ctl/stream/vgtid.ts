/**
 * A position in the change stream of a keyspace: how far each shard was read. JSON with the field
 * names of Vitess's message (proto/binlogdata.proto VGtid).
 */
import { parsePosition } from "../../shared/binlog/position.ts";

export interface ShardGtid {
  readonly keyspace: string;
  readonly shard: string;
  /** With its flavor, "MariaDB/0-1-2"; everything after it is to come. */
  readonly gtid: string;
}

export type VGtid = readonly ShardGtid[];

export interface VGtidJson {
  readonly shard_gtids: readonly ShardGtid[];
}

/** What people write for "from now on". */
export const CURRENT = "current";

export function vgtidJson(vgtid: VGtid): VGtidJson {
  return { shard_gtids: vgtid.map(({ keyspace, shard, gtid }) => ({ keyspace, shard, gtid })) };
}

/**
 * Reads {"shard_gtids": [...]} or the list alone. A gtid may be "current". SyntaxError says what
 * is wrong.
 */
export function parseVGtid(text: string): VGtid {
  const list = listOf(readJson(text));
  const seen = new Set<string>();
  return list.map((entry) => {
    const parsed = parseShardGtid(entry);
    const place = `${parsed.keyspace}/${parsed.shard}`;
    if (seen.has(place)) throw new SyntaxError(`the position names ${place} twice`);
    seen.add(place);
    return parsed;
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError(`the position is no JSON: ${text.slice(0, 80)}`);
  }
}

function listOf(value: unknown): readonly unknown[] {
  const list = typeof value === "object" && value !== null && "shard_gtids" in value
    ? value.shard_gtids
    : value;
  if (Array.isArray(list) && list.length > 0) return list;
  throw new SyntaxError(
    'want a position like {"shard_gtids": [{"keyspace": "k", "shard": "-80", "gtid": "..."}]}',
  );
}

function parseShardGtid(entry: unknown): ShardGtid {
  const text = (key: string): string => {
    const value = isRecord(entry) ? entry[key] : undefined;
    if (typeof value === "string" && value !== "") return value;
    throw new SyntaxError(`an entry of the position has no ${key}: ${JSON.stringify(entry)}`);
  };
  const gtid = text("gtid");
  return {
    keyspace: text("keyspace"),
    shard: text("shard"),
    gtid: gtid === CURRENT ? gtid : (parsePosition(gtid), gtid),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
