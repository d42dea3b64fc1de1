import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { forRandom, type Random } from "../../tests/harness/random.ts";
import { VtError } from "../error/errors.ts";
import { decodeBinaryRow, encodeBinaryRow } from "./binary_row.ts";
import { latin1Bytes, latin1Text, type ValueFormat } from "./binary_value.ts";
import * as column from "./column_types.ts";
import { printDouble, printFixed, printFloat } from "./float_text.ts";

/** Number to what both servers print for it; checked on MariaDB 10.11 and MySQL 9.7. */
const DOUBLES: readonly (readonly [number, string])[] = [
  [0, "0"],
  [-0, "-0"],
  [0.1, "0.1"],
  [-1.5, "-1.5"],
  [100, "100"],
  [123456789012345, "123456789012345"],
  [1e15, "1e15"],
  [1234567890123456, "1.234567890123456e15"],
  [2480924996095140.5, "2480924996095140.5"],
  [123456789012345678, "1.2345678901234568e17"],
  [1e-15, "0.000000000000001"],
  [1e-16, "1e-16"],
  [1.7976931348623157e308, "1.7976931348623157e308"],
];

const FLOATS: readonly (readonly [number, string])[] = [
  [0.1, "0.1"],
  [16777216, "16777200"],
  [37847.25, "37847.2"],
  [1636705, "1636700"],
  [3.4028234663852886e38, "3.40282e38"],
  [-123456.789, "-123457"],
];

Deno.test("printDouble() and printFloat() print as mysqld does", () => {
  for (const [value, text] of DOUBLES) strictEqual(printDouble(value), text);
  for (const [value, text] of FLOATS) strictEqual(printFloat(Math.fround(value)), text);
});

Deno.test("printDouble() reads back the same", () => {
  forRandom(2000, (random) => {
    const value = (random.next() - 0.5) * 10 ** (random.int(600) - 300);
    strictEqual(Number(printDouble(value)), value);
  });
});

Deno.test("printFixed() fills with zeros and rounds", () => {
  strictEqual(printFixed(0.1, 3), "0.100");
  strictEqual(printFixed(-1234.5678, 2), "-1234.57");
  strictEqual(printFixed(1e22, 2), "10000000000000000000000.00");
  strictEqual(printFixed(12, 0), "12");
});

function format(type: number, more: Partial<ValueFormat> = {}): ValueFormat {
  return { type, flags: 0, decimals: 0, columnLength: 0, ...more };
}

function number(random: Random, low: bigint, high: bigint): string {
  const span = high - low + 1n;
  const any = (BigInt(random.int(2 ** 32)) << 32n) | BigInt(random.int(2 ** 32));
  return String(random.pick([low, high, 0n, low + any % span]));
}

function two(random: Random, below: number): string {
  return String(random.int(below)).padStart(2, "0");
}

function clock(random: Random): string {
  const zero = random.int(4) === 0;
  return zero ? "00:00:00" : `${two(random, 24)}:${two(random, 60)}:${two(random, 60)}`;
}

function date(random: Random): string {
  const year = String(random.int(10_000)).padStart(4, "0");
  return random.int(5) === 0 ? "0000-00-00" : `${year}-${two(random, 13)}-${two(random, 32)}`;
}

function micros(random: Random): string {
  return random.pick(["000000", String(random.int(1e6)).padStart(6, "0")]);
}

const UNSIGNED = { flags: column.UNSIGNED_FLAG };

/** Each type with a way to make texts as mysqld prints them. */
const TYPES: readonly (readonly [ValueFormat, (random: Random) => string])[] = [
  [format(column.MYSQL_TYPE_TINY), (r) => number(r, -128n, 127n)],
  [format(column.MYSQL_TYPE_TINY, UNSIGNED), (r) => number(r, 0n, 255n)],
  [format(column.MYSQL_TYPE_SHORT), (r) => number(r, -32768n, 32767n)],
  [format(column.MYSQL_TYPE_SHORT, UNSIGNED), (r) => number(r, 0n, 65535n)],
  [format(column.MYSQL_TYPE_INT24), (r) => number(r, -8388608n, 8388607n)],
  [format(column.MYSQL_TYPE_LONG), (r) => number(r, -(2n ** 31n), 2n ** 31n - 1n)],
  [format(column.MYSQL_TYPE_LONG, UNSIGNED), (r) => number(r, 0n, 2n ** 32n - 1n)],
  [format(column.MYSQL_TYPE_LONGLONG), (r) => number(r, -(2n ** 63n), 2n ** 63n - 1n)],
  [format(column.MYSQL_TYPE_LONGLONG, UNSIGNED), (r) => number(r, 0n, 2n ** 64n - 1n)],
  [
    format(column.MYSQL_TYPE_LONG, {
      flags: column.UNSIGNED_FLAG | column.ZEROFILL_FLAG,
      columnLength: 10,
    }),
    (r) => number(r, 0n, 2n ** 32n - 1n).padStart(10, "0"),
  ],
  [format(column.MYSQL_TYPE_YEAR), (r) => r.pick(["0000", "1901", "2155"])],
  [format(column.MYSQL_TYPE_DOUBLE, { decimals: 31 }), (r) => printDouble(r.next() * 1e9)],
  [
    format(column.MYSQL_TYPE_FLOAT, { decimals: 31 }),
    (r) => printFloat(Math.fround(r.next() * 1e9)),
  ],
  [format(column.MYSQL_TYPE_DATE), date],
  [format(column.MYSQL_TYPE_DATETIME), (r) => `${date(r)} ${clock(r)}`],
  [
    format(column.MYSQL_TYPE_DATETIME, { decimals: 6 }),
    (r) => `${date(r)} ${clock(r)}.${micros(r)}`,
  ],
  [
    format(column.MYSQL_TYPE_TIMESTAMP, { decimals: 3 }),
    (r) => `${date(r)} ${clock(r)}.${micros(r).slice(0, 3)}`,
  ],
  [
    format(column.MYSQL_TYPE_TIME, { decimals: 6 }),
    (r) => `${r.pick(["", "-"])}${r.pick(["838", "01", "24"])}:59:59.${micros(r)}`,
  ],
  [format(column.MYSQL_TYPE_NEWDECIMAL), () => "-12345.67890"],
  [format(column.MYSQL_TYPE_BLOB), (r) => latin1Text(r.bytes(r.int(300)))],
  [format(column.MYSQL_TYPE_JSON), () => '{"a": 1}'],
  [format(column.MYSQL_TYPE_BIT), () => "\x03\xff"],
  [format(column.MYSQL_TYPE_GEOMETRY), (r) => latin1Text(r.bytes(25))],
];

function randomRow(random: Random): {
  readonly columns: readonly ValueFormat[];
  readonly texts: readonly (string | null)[];
} {
  const chosen = Array.from({ length: random.int(20) }, () => random.pick(TYPES));
  return {
    columns: chosen.map(([value]) => value),
    texts: chosen.map(([, make]) => random.int(5) === 0 ? null : make(random)),
  };
}

Deno.test("binary rows give back the text of every type", () => {
  forRandom(500, (random) => {
    const { columns, texts } = randomRow(random);
    const values = texts.map((text) => text === null ? null : latin1Bytes(text));
    const row = decodeBinaryRow(encodeBinaryRow(values, columns), columns);
    deepStrictEqual(row.map((value) => value === null ? null : latin1Text(value)), texts);
  });
});

Deno.test("a binary row that is cut anywhere is malformed", () => {
  forRandom(50, (random) => {
    const { columns, texts } = randomRow(random);
    const values = texts.map((text) => text === null ? null : latin1Bytes(text));
    const packet = encodeBinaryRow(values, columns);
    for (let length = 0; length < packet.length; length++) {
      throws(() => decodeBinaryRow(packet.subarray(0, length), columns), VtError);
    }
  });
});

Deno.test("decodeBinaryRow() reads the manual's row", () => {
  const row = decodeBinaryRow(Uint8Array.fromHex("000006666f6f626172"), [
    format(column.MYSQL_TYPE_VAR_STRING),
  ]);
  deepStrictEqual(row.map((value) => value && latin1Text(value)), ["foobar"]);
});

Deno.test("encodeBinaryRow() refuses text that is none of the type", () => {
  const bad: readonly (readonly [number, string])[] = [
    [column.MYSQL_TYPE_LONG, "x"],
    [column.MYSQL_TYPE_LONG, ""],
    [column.MYSQL_TYPE_LONGLONG, "1.5"],
    [column.MYSQL_TYPE_DATE, "yesterday"],
    [column.MYSQL_TYPE_TIME, "25"],
    [column.MYSQL_TYPE_NULL, ""],
  ];
  for (const [type, text] of bad) {
    throws(() => encodeBinaryRow([latin1Bytes(text)], [format(type)]), VtError, `${type} ${text}`);
  }
});
