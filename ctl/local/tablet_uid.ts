/** Names that the Vitess operator derives from a cluster file, so that ours come out the same. */
import { createHash } from "node:crypto";
import { printKeyRange } from "../../shared/key/range.ts";

/**
 * Uid of the tablet `index` (from 1) of a pool: the first four bytes of an MD5
 * (vitess-operator pkg/operator/vttablet/uid.go).
 */
export function tabletUid(
  cell: string,
  keyspace: string,
  shard: string,
  poolType: string,
  index: number,
): number {
  const digest = createHash("md5")
    .update(`${cell} ${keyspace} ${shard} ${poolType} ${index}\n`)
    .digest();
  return digest.readUInt32BE(0);
}

/** Shard names of `parts` equal key ranges: 1 gives "-", 2 gives "-80" and "80-". */
export function equalShards(parts: number): readonly string[] {
  // As few bytes a bound as give each part a bound of its own (go/vt/key GenerateShardRanges).
  const width = Math.max(1, Math.ceil(Math.ceil(Math.log2(parts)) / 8));
  const size = 256 ** width;
  const bound = (i: number): Uint8Array =>
    Uint8Array.fromHex(Math.floor((i * size) / parts).toString(16).padStart(width * 2, "0"));
  return Array.from({ length: parts }, (_, i) =>
    printKeyRange({
      start: i === 0 ? new Uint8Array() : bound(i),
      end: i === parts - 1 ? undefined : bound(i + 1),
    }));
}
