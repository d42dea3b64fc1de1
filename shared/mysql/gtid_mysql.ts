/**
 * MySQL's GTID sets: "uuid:1-5:7,uuid:tag:1-3" (MySQL manual, "GTID Format and Storage"). Tags
 * came with 8.3; white space and newlines may stand between the parts.
 */

/** A closed interval of transaction numbers. */
export interface GtidInterval {
  readonly first: bigint;
  readonly last: bigint;
}

/** Intervals by source, "uuid" or "uuid:tag" in lower case; sorted, apart, never adjacent. */
export type MysqlGtidSet = ReadonlyMap<string, readonly GtidInterval[]>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TAG = /^[a-z_][a-z0-9_]{0,31}$/;
const INTERVAL = /^(\d{1,19})(?:-(\d{1,19}))?$/;

/** Reads a set in any order and spelling; "" is the empty one. SyntaxError when it is not one. */
export function parseMysqlGtidSet(text: string): MysqlGtidSet {
  const sources = new Map<string, GtidInterval[]>();
  for (const part of text.replace(/\s+/g, "").toLowerCase().split(",")) {
    if (part !== "") parseSource(part, sources);
  }
  const set = new Map<string, readonly GtidInterval[]>();
  for (const [source, intervals] of sources) {
    const merged = merge(intervals);
    if (merged.length > 0) set.set(source, merged);
  }
  return set;
}

/** "uuid:1-5:tag:1-3": intervals belong to the tag before them. */
function parseSource(text: string, sources: Map<string, GtidInterval[]>): void {
  const [uuid = "", ...parts] = text.split(":");
  if (!UUID.test(uuid) || parts.length === 0) {
    throw new SyntaxError(`Cannot parse GTID set "${text}": want uuid:first-last`);
  }
  let source = uuid;
  for (const part of parts) {
    const match = INTERVAL.exec(part);
    if (match !== null) {
      const first = BigInt(match[1] ?? "");
      const last = match[2] === undefined ? first : BigInt(match[2]);
      if (first < 1n) throw new SyntaxError(`Cannot parse GTID set "${text}": numbers start at 1`);
      const intervals = sources.get(source) ?? [];
      // The server reads a reversed interval as an empty one (manual, "GTID Sets").
      if (first <= last) intervals.push({ first, last });
      sources.set(source, intervals);
    } else if (TAG.test(part)) {
      source = `${uuid}:${part}`;
    } else {
      throw new SyntaxError(`Cannot parse GTID set "${text}": "${part}" is no interval and no tag`);
    }
  }
}

/** Sorted, with overlapping and adjacent intervals joined. */
function merge(intervals: readonly GtidInterval[]): readonly GtidInterval[] {
  const sorted = [...intervals].sort((
    a,
    b,
  ) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const merged: GtidInterval[] = [];
  for (const interval of sorted) {
    const before = merged.at(-1);
    if (before === undefined || interval.first > before.last + 1n) {
      merged.push(interval);
    } else if (interval.last > before.last) {
      merged[merged.length - 1] = { first: before.first, last: interval.last };
    }
  }
  return merged;
}

/** Sources in ascending order, as @@gtid_executed has them. */
export function printMysqlGtidSet(set: MysqlGtidSet): string {
  return [...set].sort(([a], [b]) => (a < b ? -1 : 1)).map(([source, intervals]) => {
    const parts = intervals.map(({ first, last }) =>
      first === last ? `${first}` : `${first}-${last}`
    );
    return `${source}:${parts.join(":")}`;
  }).join(",");
}

/** True when `outer` has every transaction of `inner`. */
export function containsMysqlGtidSet(outer: MysqlGtidSet, inner: MysqlGtidSet): boolean {
  for (const [source, intervals] of inner) {
    const own = outer.get(source) ?? [];
    const covered = intervals.every(({ first, last }) =>
      own.some((interval) => interval.first <= first && last <= interval.last)
    );
    if (!covered) return false;
  }
  return true;
}

/** The transactions of `from` that `other` does not have: the errant ones of a replica. */
export function subtractMysqlGtidSet(from: MysqlGtidSet, other: MysqlGtidSet): MysqlGtidSet {
  const rest = new Map<string, readonly GtidInterval[]>();
  for (const [source, intervals] of from) {
    let left = intervals;
    for (const hole of other.get(source) ?? []) left = left.flatMap((one) => cut(one, hole));
    if (left.length > 0) rest.set(source, left);
  }
  return rest;
}

function cut(interval: GtidInterval, hole: GtidInterval): readonly GtidInterval[] {
  if (hole.last < interval.first || interval.last < hole.first) return [interval];
  const left: GtidInterval[] = [];
  if (interval.first < hole.first) left.push({ first: interval.first, last: hole.first - 1n });
  if (hole.last < interval.last) left.push({ first: hole.last + 1n, last: interval.last });
  return left;
}
