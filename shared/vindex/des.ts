/**
 * DES (FIPS 46-3) of one 64-bit block under the all-zero key: what the `hash` vindex is (Vitess:
 * three-DES, which with three equal keys is one DES; go/vt/vtgate/vindexes/hash.go).
 *
 * All round keys of that key are zero, so the key schedule falls away, and a round is a table
 * look-up of the right half alone. The same function turns a keyspace id back into the number.
 */

// deno-fmt-ignore
const S_BOXES: readonly (readonly number[])[] = [
  [14,4,13,1,2,15,11,8,3,10,6,12,5,9,0,7, 0,15,7,4,14,2,13,1,10,6,12,11,9,5,3,8,
   4,1,14,8,13,6,2,11,15,12,9,7,3,10,5,0, 15,12,8,2,4,9,1,7,5,11,3,14,10,0,6,13],
  [15,1,8,14,6,11,3,4,9,7,2,13,12,0,5,10, 3,13,4,7,15,2,8,14,12,0,1,10,6,9,11,5,
   0,14,7,11,10,4,13,1,5,8,12,6,9,3,2,15, 13,8,10,1,3,15,4,2,11,6,7,12,0,5,14,9],
  [10,0,9,14,6,3,15,5,1,13,12,7,11,4,2,8, 13,7,0,9,3,4,6,10,2,8,5,14,12,11,15,1,
   13,6,4,9,8,15,3,0,11,1,2,12,5,10,14,7, 1,10,13,0,6,9,8,7,4,15,14,3,11,5,2,12],
  [7,13,14,3,0,6,9,10,1,2,8,5,11,12,4,15, 13,8,11,5,6,15,0,3,4,7,2,12,1,10,14,9,
   10,6,9,0,12,11,7,13,15,1,3,14,5,2,8,4, 3,15,0,6,10,1,13,8,9,4,5,11,12,7,2,14],
  [2,12,4,1,7,10,11,6,8,5,3,15,13,0,14,9, 14,11,2,12,4,7,13,1,5,0,15,10,3,9,8,6,
   4,2,1,11,10,13,7,8,15,9,12,5,6,3,0,14, 11,8,12,7,1,14,2,13,6,15,0,9,10,4,5,3],
  [12,1,10,15,9,2,6,8,0,13,3,4,14,7,5,11, 10,15,4,2,7,12,9,5,6,1,13,14,0,11,3,8,
   9,14,15,5,2,8,12,3,7,0,4,10,1,13,11,6, 4,3,2,12,9,5,15,10,11,14,1,7,6,0,8,13],
  [4,11,2,14,15,0,8,13,3,12,9,7,5,10,6,1, 13,0,11,7,4,9,1,10,14,3,5,12,2,15,8,6,
   1,4,11,13,12,3,7,14,10,15,6,8,0,5,9,2, 6,11,13,8,1,4,10,7,9,5,0,15,14,2,3,12],
  [13,2,8,4,6,15,11,1,10,9,3,14,5,0,12,7, 1,15,13,8,10,3,7,4,12,5,6,11,0,14,9,2,
   7,11,4,1,9,12,14,2,0,6,10,13,15,3,5,8, 2,1,14,7,4,10,8,13,15,12,9,0,3,5,6,11],
];
// deno-fmt-ignore
const P: readonly number[] = [
  16,7,20,21,29,12,28,17, 1,15,23,26,5,18,31,10, 2,8,24,14,32,27,3,9, 19,13,30,6,22,11,4,25,
];

/** An S-box followed by the permutation P: 64 words for each of the 8 boxes. */
const SP: Int32Array = buildSp();

function buildSp(): Int32Array {
  const out = new Int32Array(8 * 64);
  for (let box = 0; box < 8; box++) {
    for (let six = 0; six < 64; six++) {
      const row = ((six >> 4) & 2) | (six & 1);
      const nibble = S_BOXES[box]?.[row * 16 + ((six >> 1) & 15)] ?? 0;
      out[box * 64 + six] = permuteNibble(box, nibble);
    }
  }
  return out;
}

function permuteNibble(box: number, nibble: number): number {
  const before = nibble << (28 - 4 * box);
  let after = 0;
  for (let bit = 0; bit < 32; bit++) {
    if (before & (1 << (32 - (P[bit] ?? 1)))) after |= 1 << (31 - bit);
  }
  return after;
}

/** The round function for a round key of zero: six overlapping bits of R for each box. */
function round(r: number): number {
  // Rotated so that each group of six (bits 32,1..5; 4..9; ...) lies at the word's low end.
  const a = (r >>> 1) | (r << 31);
  return (SP[(a >>> 26) & 63] ?? 0) ^
    (SP[64 + ((r >>> 23) & 63)] ?? 0) ^
    (SP[128 + ((r >>> 19) & 63)] ?? 0) ^
    (SP[192 + ((r >>> 15) & 63)] ?? 0) ^
    (SP[256 + ((r >>> 11) & 63)] ?? 0) ^
    (SP[320 + ((r >>> 7) & 63)] ?? 0) ^
    (SP[384 + ((r >>> 3) & 63)] ?? 0) ^
    (SP[448 + (((r << 1) | (r >>> 31)) & 63)] ?? 0);
}

/**
 * Writes the encrypted block at out[0..7]. `high` and `low` are the halves of the number, any
 * signedness. The function is its own inverse.
 */
export function desZeroKey(high: number, low: number, out: Uint8Array): void {
  let l = high | 0;
  let r = low | 0;
  // Initial permutation as five bit-matrix swaps.
  let t = ((l >>> 4) ^ r) & 0x0f0f0f0f;
  r ^= t;
  l ^= t << 4;
  t = ((l >>> 16) ^ r) & 0x0000ffff;
  r ^= t;
  l ^= t << 16;
  t = ((r >>> 2) ^ l) & 0x33333333;
  l ^= t;
  r ^= t << 2;
  t = ((r >>> 8) ^ l) & 0x00ff00ff;
  l ^= t;
  r ^= t << 8;
  t = ((l >>> 1) ^ r) & 0x55555555;
  r ^= t;
  l ^= t << 1;
  for (let i = 0; i < 8; i++) {
    l ^= round(r);
    r ^= round(l);
  }
  // The halves are swapped before the final permutation, which undoes the initial one.
  t = l;
  l = r;
  r = t;
  t = ((l >>> 1) ^ r) & 0x55555555;
  r ^= t;
  l ^= t << 1;
  t = ((r >>> 8) ^ l) & 0x00ff00ff;
  l ^= t;
  r ^= t << 8;
  t = ((r >>> 2) ^ l) & 0x33333333;
  l ^= t;
  r ^= t << 2;
  t = ((l >>> 16) ^ r) & 0x0000ffff;
  r ^= t;
  l ^= t << 16;
  t = ((l >>> 4) ^ r) & 0x0f0f0f0f;
  r ^= t;
  l ^= t << 4;
  writeUint32(out, 0, l);
  writeUint32(out, 4, r);
}

function writeUint32(out: Uint8Array, at: number, word: number): void {
  out[at] = word >>> 24;
  out[at + 1] = word >>> 16;
  out[at + 2] = word >>> 8;
  out[at + 3] = word;
}
