/** The largest count that a keyspace can be split into by GenerateShardRanges. */
const COUNT_MAX = 65536;

/** A count of shards from 1 on. */
export function parseCount(text: string): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > COUNT_MAX) {
    throw new RangeError(`"${text}" is no count of shards from 1 to ${COUNT_MAX}`);
  }
  return count;
}

/** ["-40", "40-80", "80-c0", "c0-"]: the shortest bounds that split the key space evenly. */
export function equalShards(count: number): readonly string[] {
  if (count === 1) return ["-"];
  const bytes = count <= 256 ? 1 : 2;
  const space = 256 ** bytes;
  const bounds = Array.from(
    { length: count - 1 },
    (_, i) => Math.floor(((i + 1) * space) / count).toString(16).padStart(bytes * 2, "0"),
  );
  return ["", ...bounds].map((start, i) => `${start}-${bounds[i] ?? ""}`);
}
