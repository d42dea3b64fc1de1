import { deepStrictEqual, notDeepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Row } from "../../shared/binlog/change.ts";
import { addDigests, DigestBuilder, hashRow, partOf, sameDigest } from "./row_digest.ts";

const UTF8 = new TextEncoder();

function row(...values: readonly (string | null)[]): Row {
  return values.map((value) => value === null ? null : UTF8.encode(value));
}

function digest(rows: readonly Row[]) {
  const builder = new DigestBuilder();
  for (const item of rows) builder.add(item);
  return builder.digest;
}

Deno.test("the order of rows does not matter, and sets add up", () => {
  const rows = Array.from({ length: 100 }, (_, i) => row(String(i), `name ${i}`, null));
  deepStrictEqual(digest(rows), digest(rows.toReversed()));
  const parts = addDigests(digest(rows.slice(0, 30)), digest(rows.slice(30)));
  ok(sameDigest(parts, digest(rows)));
});

Deno.test("rows that nearly are alike have different hashes", () => {
  const rows = [
    row("a", "bc"),
    row("ab", "c"),
    row("abc", ""),
    row("", "abc"),
    row("abc", null),
    row(null, "abc"),
    row("abc"),
    row("abc\0"),
    row("abc\0\0\0\0"),
    row("\0"),
    row(""),
    row(null),
    row("abcd"),
    row("abce"),
    row("1", "2"),
    row("2", "1"),
  ];
  const hashes = rows.map((item) => JSON.stringify(hashRow(item)));
  strictEqual(new Set(hashes).size, rows.length);
  strictEqual(new Set(rows.map((item) => hashRow(item).low)).size, rows.length);
  strictEqual(new Set(rows.map((item) => hashRow(item).high)).size, rows.length);
});

Deno.test("two changes do not cancel each other out", () => {
  const before = [row("1", "10"), row("2", "20")];
  notDeepStrictEqual(digest(before), digest([row("1", "20"), row("2", "10")]));
  notDeepStrictEqual(digest(before), digest([row("1", "11"), row("2", "19")]));
  notDeepStrictEqual(digest(before), digest([before[0] ?? [], before[0] ?? []]));
});

Deno.test("200,000 rows of consecutive numbers have 200,000 hashes, spread over parts", () => {
  const seen = new Set<string>();
  const parts = new Array<number>(16).fill(0);
  for (let i = 0; i < 200_000; i++) {
    const item = row(String(i));
    const { low, high } = hashRow(item);
    seen.add(`${low}:${high}`);
    const part = partOf(item, 16);
    parts[part] = (parts[part] ?? 0) + 1;
  }
  strictEqual(seen.size, 200_000);
  for (const count of parts) ok(count > 11_000 && count < 14_000, String(parts));
});
