/** Which shards a reshard may go from and to. */
import { vtError } from "../../shared/error/errors.ts";
import { compare, type KeyRange, overlaps } from "../../shared/key/range.ts";
import { nameOf, type ShardFacts } from "./facts.ts";
import { rangeOf } from "./serving.ts";

/** VT22002 unless the targets take over exactly what the sources serve. */
export function checkShards(
  keyspace: string,
  sources: readonly ShardFacts[],
  targets: readonly ShardFacts[],
): void {
  // Names alone tell: they come before what has to be looked up.
  checkDisjoint("source", sources);
  checkDisjoint("target", targets);
  for (const source of sources) {
    if (source.isPrimaryServing) continue;
    throw vtError(
      "VT22002",
      `source shard ${nameOf(source)} is not in serving state; give the shards that serve now`,
    );
  }
  for (const target of targets) {
    if (!target.isPrimaryServing) continue;
    throw vtError(
      "VT22002",
      `target shard ${
        nameOf(target)
      } is in serving state; give new shards, which CreateShard makes`,
    );
  }
  const [from, to] = [spans(sources), spans(targets)];
  if (print(from) === print(to)) return;
  throw vtError(
    "VT22002",
    `source shards ${names(sources)} of ${keyspace} cover the key range(s) ${
      print(from)
    }, but target shards ${names(targets)} cover ${
      print(to)
    }; they must be the same: create the missing shards, or name others`,
  );
}

function names(shards: readonly ShardFacts[]): string {
  return shards.map(({ shard }) => shard).join(",");
}

function checkDisjoint(side: string, shards: readonly ShardFacts[]): void {
  if (shards.length === 0) throw vtError("VT22001", `no ${side} shards: give --${side}-shards`);
  for (const [i, one] of shards.entries()) {
    for (const other of shards.slice(i + 1)) {
      if (!overlaps(rangeOf(one.shard), rangeOf(other.shard))) continue;
      throw vtError(
        "VT22002",
        `${side} shards ${nameOf(one)} and ${
          nameOf(other)
        } overlap, so rows would be in both; give --${side}-shards that share no keys (FindAllShardsInKeyspace ${one.keyspace} lists what there is)`,
      );
    }
  }
}

/** The key ranges that shards cover together, adjoining ones joined. */
function spans(shards: readonly ShardFacts[]): readonly KeyRange[] {
  const ranges = shards.map(({ shard }) => rangeOf(shard))
    .toSorted((a, b) => compare(a.start, b.start));
  const joined: KeyRange[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last?.end !== undefined && trimmed(last.end) === trimmed(range.start)) {
      joined[joined.length - 1] = { start: last.start, end: range.end };
    } else joined.push(range);
  }
  return joined;
}

/** "80" and "8000" are the same bound. */
function trimmed(bound: Uint8Array): string {
  return bound.toHex().replace(/(00)+$/, "");
}

function print(ranges: readonly KeyRange[]): string {
  return ranges.map(({ start, end }) =>
    `${trimmed(start)}-${end === undefined ? "" : trimmed(end)}`
  )
    .join(" ");
}
