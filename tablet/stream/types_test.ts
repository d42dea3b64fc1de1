import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { loginOf, recordFromNow, selectRaw } from "../../tests/harness/change_stream.ts";
import { startTestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import type { Row } from "../../shared/binlog/change.ts";
import { MYSQL_TYPE_FLOAT } from "../../shared/mysql/column_types.ts";
import { rowsOf } from "../../shared/mysql/row_packets.ts";
import { streamRows } from "./row_stream.ts";

const NEVER = { signal: new AbortController().signal };

function list(count: number, member: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => member(i)).join(",");
}

/** Characters that each character set has, some of two bytes or four, some with a byte of ASCII. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  ascii: ["plain"],
  big5: ["中文", "功能許蓋"],
  cp1250: ["čšž", "Łódź"],
  cp1251: ["привет"],
  cp850: ["éüß"],
  cp866: ["привет"],
  cp932: ["①日本", "ソース表"],
  dec8: ["éüß"],
  eucjpms: ["日本語①"],
  euckr: ["한국어"],
  gb2312: ["中文"],
  gbk: ["中文汉字", "镕"],
  greek: ["αβγ"],
  hebrew: ["שלום"],
  koi8r: ["привет"],
  latin2: ["čšž"],
  latin5: ["ığş"],
  latin7: ["ąčę"],
  macroman: ["éüß"],
  sjis: ["ソース表", "ｱｲｳ"],
  tis620: ["ไทย"],
  ucs2: ["ab é 中", ""],
  ujis: ["日本語", "ソース"],
  utf16: ["🎉é", "a"],
  utf16le: ["🎉é", "a"],
  utf32: ["🎉a", "é"],
  utf8mb3: ["é中", "a "],
};

/** Of each, a text and an enumeration. */
const CHARSET_COLUMNS = Object.entries(TEXTS).flatMap(([name, texts]) => {
  const values = texts.map((text) => `'${text}'`);
  const distinct = [...new Set([...values, "'x'"])];
  return [
    [`v_${name} varchar(12) character set ${name}`, values],
    [`c_${name} char(9) character set ${name}`, values],
    [`e_${name} enum(${distinct.join(",")}) character set ${name}`, distinct],
  ] as const;
});

/** Columns and, for each, values as SQL; the rows take them in turn. */
const COLUMNS: readonly (readonly [string, readonly string[]])[] = [
  ["t1 tinyint", ["-128", "127", "0", "NULL"]],
  ["t1u tinyint unsigned", ["0", "255", "NULL"]],
  ["t2 smallint", ["-32768", "32767", "-1"]],
  ["t2u smallint unsigned", ["65535", "0"]],
  ["t3 mediumint", ["-8388608", "8388607", "-1"]],
  ["t3u mediumint unsigned", ["16777215", "0"]],
  ["t4 int", ["-2147483648", "2147483647", "0"]],
  ["t4u int unsigned", ["4294967295", "7"]],
  ["t8 bigint", [
    "-9223372036854775808",
    "9223372036854775807",
    "-1",
    "9007199254740993",
    "4294967296",
  ]],
  ["t8u bigint unsigned", ["18446744073709551615", "9007199254740991", "0", "9223372036854775808"]],
  ["d1 decimal(10,2)", ["-12345678.91", "0", "0.01", "-0.05"]],
  ["d2 decimal(65,30)", [
    "12345678901234567890123456789012345.123456789012345678901234567890",
    "-0.000000000000000000000000000001",
    "0",
  ]],
  ["d3 decimal(5,0)", ["-99999", "99999", "0"]],
  ["d4 decimal(9,9)", ["0.123456789", "-0.999999999"]],
  ["d5 decimal(20,1) unsigned", ["1234567890123456789.5", "0.1"]],
  ["f1 float", ["1.5", "-3.25e10", "1e-20", "0.1", "16777217", "3.4028234e38", "1.17549435e-38"]],
  ["f2 double", ["0.1", "-1.7976931348623157e308", "5e-324", "123456789012345678", "1e15", "-0.0"]],
  ["b1 bit(1)", ["b'1'", "b'0'"]],
  ["b13 bit(13)", ["b'1010101010101'", "b'1'"]],
  ["b64 bit(64)", ["0xffffffffffffffff", "0"]],
  ["y year", ["1901", "2155", "0", "2026"]],
  ["da date", ["'2026-02-28'", "'0000-00-00'", "'2026-00-00'", "'9999-12-31'", "'1000-01-01'"]],
  ["ti time", ["'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'"]],
  ["ti3 time(3)", ["'-12:34:56.789'", "'00:00:00.001'", "'-00:00:00.001'"]],
  ["ti6 time(6)", ["'-00:00:00.000001'", "'838:59:58.999999'", "'-838:59:58.999999'"]],
  ["ti1 time(1)", ["'-01:02:03.4'", "'01:02:03.5'", "'-00:00:00.1'"]],
  ["dt datetime", ["'2026-11-20 23:59:59'", "'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'"]],
  ["dt2 datetime(2)", ["'2026-11-20 23:59:59.12'", "'2026-00-00 00:00:00.01'"]],
  ["dt6 datetime(6)", ["'1000-01-01 00:00:00.000001'", "'2024-02-29 12:00:00.999999'"]],
  ["ts timestamp null", ["'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'0000-00-00'", "NULL"]],
  ["ts4 timestamp(4) null", ["'2024-02-29 12:00:00.1234'", "'2000-03-01 00:00:00.0001'"]],
  ["ts6 timestamp(6) null", ["'2026-12-31 23:59:59.999999'", "'1999-12-31 00:00:00'"]],
  ["c10 char(10) character set utf8mb4", ["'a  '", "'héllo 🎉'", "''"]],
  ["c200 char(200) character set utf8mb4", ["repeat('ß',200)", "'x'"]],
  ["cl char(5) character set latin1", ["'é'", "'abc'"]],
  ["vl varchar(300) character set latin1", ["'ÿ'", "repeat('a',300)", "''"]],
  ["v255 varchar(20) character set utf8mb4", ["'日本語'", "'tail  '"]],
  ["vbin varchar(50) collate utf8mb4_bin", ["'A'", "'a'"]],
  ["bi binary(8)", ["x'0100'", "x'00'", "x'0102030405060708'", "''", "'a  '"]],
  ["bi300 binary(255)", ["x'ff'", "repeat(x'01',255)"]],
  ["vb varbinary(400)", ["x'00ff00'", "''", "repeat(x'80',400)"]],
  ["tt tinytext", ["'tiny'", "''"]],
  ["tx text character set latin1", ["'é'", "'plain'"]],
  ["mt mediumtext", ["repeat('m',70000)", "'m'"]],
  ["lt longtext character set utf16", ["'utf16 é'", "'b'"]],
  ["tb tinyblob", ["x'00'", "x'ff'"]],
  ["bl blob", ["x'0027225c0a0d1a'", "''"]],
  ["mb mediumblob", ["repeat(x'27',70000)", "x'5c'"]],
  ["lb longblob", ["x'fffe'", "NULL"]],
  ["e enum('a','b,c','d''e','é')", ["'a'", "'b,c'", "'d''e'", "'é'"]],
  ["el enum('x','ü') character set latin1", ["'ü'", "'x'"]],
  ["s set('r','g','bé')", ["'r,bé'", "''", "'g'", "'r,g,bé'"]],
  ["s9 set('1','2','3','4','5','6','7','8','9')", ["'1,9'", "'8'", "'1,2,3,4,5,6,7,8,9'"]],
  [`e300 enum(${list(300, (i) => `'m${i}'`)})`, ["'m299'", "'m0'", "'m255'", "'m254'", "NULL"]],
  ["eq enum('a,b','c\"d','e\\\\f','')", ["'a,b'", "'c\"d'", "'e\\\\f'", "''"]],
  [`s64 set(${list(64, (i) => `'x${i}'`)})`, [
    "'x63'",
    "'x0,x31,x32,x63'",
    `'${list(64, (i) => `x${i}`)}'`,
  ]],
  ["j json", [
    `'{"b": [1, -2.5, 1e100, true, null], "a": "q\\\\"\\\\\\\\ \\\\u0001 é", "long": "${
      "x".repeat(300)
    }"}'`,
    "'[]'",
    "'\"s\"'",
    "'-9223372036854775808'",
    "'18446744073709551615'",
    "'{}'",
    "'1.0'",
    "'[1.5, 100000, 70000, -40000, 3000000000, 1e16, 1e-7, 123456789.125]'",
  ]],
  ["g geometry", ["ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('LINESTRING(0 0,1 1)')"]],
  ["p point", ["ST_GeomFromText('POINT(-1 0.5)')", "NULL"]],
  ["jd json", [
    `'${"[".repeat(30)}1${"]".repeat(30)}'`,
    `'{"é": {"": [null, {"a b": "\\u20ac"}]}}'`,
  ]],
  ["mp multipolygon", [
    "ST_GeomFromText('MULTIPOLYGON(((0 0,0 3,3 3,3 0,0 0),(1 1,1 2,2 2,2 1,1 1)),((5 5,5 6,6 6,5 5)))')",
    "NULL",
  ]],
  ["gc geometrycollection", [
    "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))')",
  ]],
  ["gs int as (t4u + 1) stored", ["DEFAULT"]],
  ["gv int as (t2 * 2) virtual", ["DEFAULT"]],
  ["inv int invisible default 5", ["DEFAULT", "17"]],
];

const MYSQL_ONLY: readonly (readonly [string, readonly string[]])[] = [
  ["jd99 json", [`'${"[".repeat(99)}1${"]".repeat(99)}'`]],
  ["jo json", [
    "json_object('d', cast('2026-01-02' as date), 'dt', cast('2026-01-02 03:04:05.000006' as datetime(6)), 't', cast('-12:34:56.5' as time(6)), 'n', cast(1.50 as decimal(10,2)), 'bin', x'cafe')",
    "json_array(cast(-5 as signed), 2.0e0, 1e300, 0.1e0, -0.0e0)",
    "concat('[', repeat('12345,', 20000), '1]')",
    "json_object('k', repeat('y', 70000))",
  ]],
  ["ve vector(3)", ["to_vector('[1,2,3]')", "NULL"]],
  ["v_gb18030 varchar(12) character set gb18030", ["'㐀🎉中'", "'a'"]],
];

const MARIADB_ONLY: readonly (readonly [string, readonly string[]])[] = [
  // MySQL's last moment is 838:59:59.
  ["tm6 time(6)", ["'838:59:59.999999'", "'-838:59:59.999999'"]],
  ["vc varchar(1000) compressed", ["repeat('compress me ', 80)", "'short'", "''"]],
  ["bc blob compressed", ["repeat('compress me ', 80)", "x'00'"]],
];

const NOTHING = new Uint8Array();

const ROWS = 8;

function columnsOf(server: string): typeof COLUMNS {
  return [...COLUMNS, ...CHARSET_COLUMNS, ...(server === "mysql" ? MYSQL_ONLY : MARIADB_ONLY)];
}

function show(value: Uint8Array | null | undefined): string {
  if (value === null || value === undefined) return String(value);
  const text = Array.from(value.subarray(0, 400), (byte) => String.fromCharCode(byte)).join("");
  return `${value.length}:${JSON.stringify(text)}`;
}

function compareRows(
  names: readonly string[],
  types: readonly number[],
  got: Row,
  want: Row,
  where: string,
): void {
  strictEqual(got.length, want.length, where);
  for (const [i, name] of names.entries()) {
    const [ours, theirs] = [show(got[i]), show(want[i])];
    if (types[i] === MYSQL_TYPE_FLOAT) {
      const number = (text: string) => Number(JSON.parse(text.slice(text.indexOf(":") + 1)));
      // mysqld prints six digits; ours are exact.
      ok(Math.abs(number(ours) / number(theirs) - 1) < 1e-5, `${where} ${name}: ${ours} ${theirs}`);
    } else {
      strictEqual(ours, theirs, `${where} column ${name}`);
      ok(Buffer.compare(got[i] ?? NOTHING, want[i] ?? NOTHING) === 0, `${where} column ${name}`);
    }
  }
}

for (const flavor of testServers()) {
  Deno.test(`every column type comes as SELECT prints it: ${flavor}`, async () => {
    await using server = await startTestMysqld({
      server: flavor,
      users: false,
      extraLines: ["max_allowed_packet=256M", "explicit_defaults_for_timestamp=ON"],
    });
    const columns = columnsOf(flavor);
    const { root } = server;
    await root.query("CREATE DATABASE vt_t CHARACTER SET utf8mb4", NEVER);
    await using stream = await recordFromNow(server);
    await root.query(
      `CREATE TABLE vt_t.a (id bigint primary key, ${columns.map(([c]) => c).join(", ")}) ` +
        "ROW_FORMAT=DYNAMIC",
      NEVER,
    );
    const names = columns.map(([c]) => c.split(" ")[0]);
    for (let row = 0; row < ROWS; row++) {
      const values = columns.map(([, choices]) => choices[row % choices.length]);
      await root.session(async (session) => {
        await session.query("SET sql_mode = '', time_zone = '+00:00', names utf8mb4", NEVER);
        await session.query(
          `INSERT INTO vt_t.a (id, ${names.join(", ")}) VALUES (${row}, ${values.join(", ")})`,
          NEVER,
        );
      }, NEVER);
    }
    await stream.until("all rows", () => stream.changes().length === ROWS);
    const all = ["id", ...names].map(String);
    const want = await selectRaw(server, `SELECT ${all.join(", ")} FROM vt_t.a ORDER BY id`);
    const [fields] = stream.fields("a");
    ok(fields);
    deepStrictEqual(fields.fields.map((field) => field.name), all);
    deepStrictEqual(fields.primaryKey, [0]);
    const types = fields.fields.map((field) => field.type);
    for (const [i, change] of stream.changes().entries()) {
      ok(change.kind === "insert");
      compareRows(all, types, change.after, want[i] ?? [], `row ${i}`);
    }
    // A copy gives the same bytes as the stream, FLOAT included.
    const copied: Row[] = [];
    await streamRows(
      { login: loginOf(server), database: "vt_t", table: "a", lastKey: undefined },
      (item) => {
        if (item.kind === "rows") copied.push(...rowsOf(item.packets, all.length));
      },
      NEVER,
    );
    strictEqual(copied.length, ROWS);
    for (const [i, change] of stream.changes().entries()) {
      ok(change.kind === "insert");
      deepStrictEqual(copied[i]?.map(show), change.after.map(show), `row ${i}`);
    }
    // MariaDB logs no visibility.
    deepStrictEqual(
      fields.fields.filter((field) => field.invisible).map((field) => field.name),
      flavor === "mysql" ? ["inv"] : [],
    );
  });
}
