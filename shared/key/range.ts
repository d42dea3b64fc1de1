/**
 * Keyspace ids, key ranges and shard names (go/vt/key). A keyspace id is what a vindex computes
 * from a row; a shard serves the ids in its key range.
 */
declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Where a row lives: the bytes that a vindex computes from its sharding columns. */
export type KeyspaceId = Brand<Uint8Array, "KeyspaceId">;

/** A half-open interval [start, end) of keyspace ids; `end` undefined means no upper bound. */
export interface KeyRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array | undefined;
}

/** The whole key space, the range of an unsharded shard. */
export const FULL_RANGE: KeyRange = { start: new Uint8Array(), end: undefined };

/** Parses a shard name: "-80", "80-", "40-c0"; "-" and "0" name the same unsharded shard. */
export function parseShardName(name: string): KeyRange {
  if (name === "-" || name === "0") return FULL_RANGE;
  const match = /^((?:[0-9a-f]{2})*)-((?:[0-9a-f]{2})*)$/i.exec(name);
  if (match === null) {
    throw new SyntaxError(`Cannot parse shard name "${name}": want hex-hex, as in -80 or 40-80`);
  }
  const start = Uint8Array.fromHex(match[1] ?? "");
  const end = match[2] === "" ? undefined : Uint8Array.fromHex(match[2] ?? "");
  if (end !== undefined && compare(start, end) >= 0) {
    throw new RangeError(`Cannot parse shard name "${name}": start must be below end`);
  }
  return { start, end };
}

/** "-80", "40-c0", "-". */
export function printKeyRange(range: KeyRange): string {
  return `${range.start.toHex()}-${range.end?.toHex() ?? ""}`;
}

/** True when two names mean the same shard: "0" and "-", "-80" and "-8000". */
export function sameShard(a: string, b: string): boolean {
  if (a === b) return true;
  const left = parseShardName(a);
  const right = parseShardName(b);
  return sameBound(left.start, right.start) &&
    (left.end === undefined) === (right.end === undefined) &&
    sameBound(left.end ?? left.start, right.end ?? right.start);
}

export function contains(range: KeyRange, id: Uint8Array): boolean {
  if (compare(id, range.start) < 0) return false;
  return range.end === undefined || compare(id, range.end) < 0;
}

export function overlaps(a: KeyRange, b: KeyRange): boolean {
  return (b.end === undefined || compare(a.start, b.end) < 0) &&
    (a.end === undefined || compare(b.start, a.end) < 0);
}

/** True when the ranges, in any order, cover every keyspace id exactly once. */
export function partitions(ranges: readonly KeyRange[]): boolean {
  const sorted = [...ranges].sort((a, b) => compare(a.start, b.start));
  const last = sorted.at(-1);
  if (last === undefined || last.end !== undefined || sorted[0]?.start.length !== 0) return false;
  return sorted.every((range, i) => {
    const next = sorted[i + 1];
    return next === undefined || (range.end !== undefined && sameBound(range.end, next.start));
  });
}

/** Byte order; a prefix sorts before its extensions. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Bounds that differ only in trailing zero bytes split the shards of a real VSchema alike. */
function sameBound(a: Uint8Array, b: Uint8Array): boolean {
  return compare(trimZeros(a), trimZeros(b)) === 0;
}

function trimZeros(bytes: Uint8Array): Uint8Array {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  return bytes.subarray(0, length);
}
