import {
  contains,
  overlaps,
  parseShardName,
  partitions,
  printKeyRange,
  sameShard,
} from "./range.ts";

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

Deno.test("parseShardName() covers both halves exactly once", () => {
  const lo = parseShardName("-80");
  const hi = parseShardName("80-");
  for (let byte = 0; byte < 256; byte++) {
    const id = Uint8Array.of(byte);
    check(contains(lo, id) !== contains(hi, id), `byte ${byte} is in both or neither`);
  }
});

Deno.test("parseShardName() refuses what is no shard name", () => {
  for (const name of ["", "80", "8-0x", "-8", "80-40", "80-80", "-80-", "x"]) {
    try {
      parseShardName(name);
    } catch {
      continue;
    }
    throw new Error(`accepted "${name}"`);
  }
});

Deno.test("sameShard() takes 0 and - for the same shard, and -80 and -8000", () => {
  check(sameShard("0", "-"), "0 and -");
  check(sameShard("-80", "-8000"), "-80 and -8000");
  check(!sameShard("-80", "80-"), "-80 and 80-");
  check(!sameShard("-80", "-"), "-80 and -");
});

Deno.test("partitions() wants the whole key space, once", () => {
  const of = (...names: string[]): boolean => partitions(names.map(parseShardName));
  check(of("-"), "-");
  check(of("80-", "-80"), "-80,80-");
  check(of("-40", "40-80", "80-c0", "c0-"), "quarters");
  check(!of("-80"), "hole at the end");
  check(!of("-40", "80-"), "hole in the middle");
  check(!of("-80", "40-"), "overlap");
  check(!of(), "nothing");
});

Deno.test("overlaps() and printKeyRange()", () => {
  check(!overlaps(parseShardName("-80"), parseShardName("80-")), "halves");
  check(overlaps(parseShardName("-"), parseShardName("80-")), "whole and half");
  check(printKeyRange(parseShardName("40-c0")) === "40-c0", "printed");
});
