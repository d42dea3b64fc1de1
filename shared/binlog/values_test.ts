import { strictEqual, throws } from "node:assert/strict";
import { readDecimal } from "./decimal.ts";
import { printFloatExact } from "./float_exact.ts";
import { decodeMysqlGtid, decodeTaggedGtid } from "./gtid.ts";
import { parsePosition, positionContains, PositionTracker, printPosition } from "./position.ts";
import { RowCursor, TextSlab } from "./row_cursor.ts";
import { readDatetime2, readTimestamp2 } from "./temporal.ts";

function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 0x1_0000_0000 * below);
  };
}

const BYTES = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

/** The slow twin: the digits of a decimal in the manual's layout, one group at a time. */
function encodeDecimal(whole: string, fraction: string, negative: boolean): Uint8Array {
  const out: number[] = [];
  const group = (digits: string) => {
    const size = BYTES[digits.length] ?? 0;
    let value = Number(digits || "0");
    const bytes: number[] = [];
    for (let i = 0; i < size; i++, value = Math.floor(value / 256)) bytes.unshift(value % 256);
    out.push(...bytes);
  };
  const lead = whole.length % 9;
  group(whole.slice(0, lead));
  for (let at = lead; at < whole.length; at += 9) group(whole.slice(at, at + 9));
  for (let at = 0; at < fraction.length; at += 9) group(fraction.slice(at, at + 9));
  const bytes = Uint8Array.from(out, (byte) => negative ? byte ^ 0xff : byte);
  bytes[0] = (bytes[0] ?? 0) ^ 0x80;
  return bytes;
}

Deno.test("decimals of any size are read exactly", () => {
  const seed = 65_30;
  const random = generator(seed);
  for (let round = 0; round < 5000; round++) {
    const scale = random(31);
    const precision = Math.max(1, scale + random(65 - scale + 1));
    const digits = (count: number) => Array.from({ length: count }, () => random(10)).join("");
    const whole = digits(precision - scale);
    const fraction = digits(scale);
    const negative = random(2) === 1 && /[1-9]/.test(whole + fraction);
    const bytes = encodeDecimal(whole, fraction, negative);
    const want = (negative ? "-" : "") + (whole.replace(/^0+/, "") || "0") +
      (scale === 0 ? "" : `.${fraction}`);
    strictEqual(readDecimal(new RowCursor(bytes), precision, scale), want, `seed ${seed}`);
  }
});

Deno.test("timestamps are the calendar's, over the whole range", () => {
  const random = generator(1970);
  const bytes = new Uint8Array(4);
  for (let round = 0; round < 5000; round++) {
    const seconds = 1 + random(0xffff_fffe);
    new DataView(bytes.buffer).setUint32(0, seconds);
    const iso = new Date(seconds * 1000).toISOString();
    strictEqual(
      readTimestamp2(new RowCursor(bytes), 0),
      `${iso.slice(0, 10)} ${iso.slice(11, 19)}`,
    );
  }
});

Deno.test("the manual's datetime: 2012-12-31 23:59:59", () => {
  const packed = BigInt((2012 * 13 + 12) << 5 | 31) * 0x2_0000n + BigInt(23 << 12 | 59 << 6 | 59);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, (packed + 0x80_0000_0000n) << 24n);
  strictEqual(readDatetime2(new RowCursor(bytes), 0), "2012-12-31 23:59:59");
  throws(() => readDatetime2(new RowCursor(bytes.subarray(0, 4)), 0), /VT26001/);
});

Deno.test("a float keeps its bits and is as short as can be", () => {
  const random = generator(32);
  const view = new DataView(new ArrayBuffer(4));
  for (let round = 0; round < 20_000; round++) {
    view.setUint32(0, random(0x1_0000_0000));
    const value = view.getFloat32(0);
    if (!Number.isFinite(value)) continue;
    strictEqual(Math.fround(Number(printFloatExact(value))), value);
  }
  strictEqual(printFloatExact(Math.fround(0.1)), "0.1");
  strictEqual(printFloatExact(Math.fround(16_777_217)), "16777216");
});

Deno.test("whole numbers print as JavaScript prints them", () => {
  const slab = new TextSlab();
  const random = generator(7);
  for (let round = 0; round < 20_000; round++) {
    const value = random(2 ** (1 + random(53))) - (random(2) === 0 ? 0 : 2 ** random(52));
    strictEqual(new TextDecoder().decode(slab.integer(value)), String(value));
  }
});

Deno.test("GTID events, plain and tagged", () => {
  const uuid = "00112233445566778899aabbccddeeff";
  const plain = Uint8Array.fromHex(`01${uuid}0700000000000000`);
  strictEqual(decodeMysqlGtid(plain).source, "00112233-4455-6677-8899-aabbccddeeff");
  strictEqual(decodeMysqlGtid(plain).number, 7n);
  // Each part a varint: version 1, size, last needed field 0; flags, UUID, number 7, tag "ab".
  const parts = [0x00, 0x02, 0x02];
  for (const byte of Uint8Array.fromHex(uuid)) {
    if (byte < 0x80) parts.push(byte << 1);
    else parts.push(((byte << 2) | 1) & 0xff, byte >> 6);
  }
  parts.push(0x04, 7 << 2, 0x06, 2 << 1, 0x61, 0x62);
  const size = parts.length + 3;
  const tagged = decodeTaggedGtid(Uint8Array.from([0x02, size << 1, 0x00, ...parts]));
  strictEqual(tagged.source, "00112233-4455-6677-8899-aabbccddeeff:ab");
  strictEqual(tagged.number, 7n);
});

Deno.test("positions carry their flavor, compare and grow", () => {
  const uuid = "00112233-4455-6677-8899-aabbccddeeff";
  strictEqual(printPosition("mariadb", "1-1-5,0-2-3"), "MariaDB/0-2-3,1-1-5");
  throws(() => parsePosition("0-1-2"), SyntaxError);
  strictEqual(positionContains("MariaDB/0-1-5", "MariaDB/0-1-4"), true);
  strictEqual(positionContains("MariaDB/0-1-5", `MySQL56/${uuid}:1`), false);
  const tracker = new PositionTracker(parsePosition(`MySQL56/${uuid}:1-3`));
  tracker.addMysql(uuid, 4n);
  tracker.addMysql(uuid, 6n);
  strictEqual(tracker.print(), `MySQL56/${uuid}:1-4:6`);
  tracker.addMysql(uuid, 5n);
  strictEqual(tracker.print(), `MySQL56/${uuid}:1-6`);
});
