/**
 * A digest of a set of rows that does not depend on their order: the sums of two 32-bit hashes of
 * each row. So rows that come from several shards add up to the digest of the shard that they
 * went to, and chunks of both sides compare by two numbers and a count.
 *
 * The hashes tell rows apart that differ by accident, not by malice (64 bits together).
 */
import type { Row } from "../../shared/binlog/change.ts";
import type { RowDigest } from "../../shared/rpc/vdiff.ts";

/** Multipliers of MurmurHash3's 32-bit rounds (Austin Appleby, public domain). */
const C1 = 0xcc9e2d51 | 0;
const C2 = 0x1b873593 | 0;
const C3 = 0x85ebca6b | 0;
const C4 = 0xc2b2ae35 | 0;

/** Takes the place of a length, which is never negative. */
const NULL_LENGTH = -1;

export const EMPTY_DIGEST: RowDigest = { rows: 0, low: 0, high: 0 };

export class DigestBuilder {
  #rows = 0;
  #low = 0;
  #high = 0;

  add(row: Row): void {
    const { low, high } = hashRow(row);
    this.#rows++;
    this.#low = (this.#low + low) | 0;
    this.#high = (this.#high + high) | 0;
  }

  get digest(): RowDigest {
    return { rows: this.#rows, low: this.#low, high: this.#high };
  }
}

/** Two hashes that share no step: one mixes as it goes, the other multiplies and adds. */
export function hashRow(row: Row): { readonly low: number; readonly high: number } {
  let low = 0x9747b28c | 0;
  let high = 0x3c6ef372 | 0;
  for (const value of row) {
    const length = value === null ? NULL_LENGTH : value.length;
    low = mix(low, length);
    high = (Math.imul(high, C4) + length) | 0;
    if (value === null) continue;
    let at = 0;
    for (; at + 4 <= length; at += 4) {
      const word = (value[at] ?? 0) | ((value[at + 1] ?? 0) << 8) | ((value[at + 2] ?? 0) << 16) |
        ((value[at + 3] ?? 0) << 24);
      low = mix(low, word);
      high = Math.imul(high ^ (high >>> 15), C3) + word | 0;
    }
    let tail = 0;
    for (; at < length; at++) tail = (tail << 8) | (value[at] ?? 0);
    low = mix(low, tail);
    high = Math.imul(high ^ (high >>> 15), C3) + tail | 0;
  }
  return { low: finish(low), high: finish(high) };
}

function mix(hash: number, word: number): number {
  let k = Math.imul(word, C1);
  k = (k << 15) | (k >>> 17);
  const h = hash ^ Math.imul(k, C2);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), C3);
  h = Math.imul(h ^ (h >>> 13), C4);
  return h ^ (h >>> 16);
}

/** The digest of both sets together. */
export function addDigests(a: RowDigest, b: RowDigest): RowDigest {
  return { rows: a.rows + b.rows, low: (a.low + b.low) | 0, high: (a.high + b.high) | 0 };
}

export function sameDigest(a: RowDigest, b: RowDigest): boolean {
  return a.rows === b.rows && a.low === b.low && a.high === b.high;
}

/** Which of `parts` sets of a table without a key the row belongs to. */
export function partOf(row: Row, parts: number): number {
  return (hashRow(row).low >>> 0) % parts;
}
