/** Values in binary protocol, decoded, against the text that the same server prints for them. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { startTestMysqld, type TestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import { forRandom, type Random } from "../../tests/harness/random.ts";
import { decodeBinaryRow, encodeBinaryRow } from "../../shared/mysql/binary_row.ts";
import { latin1Text } from "../../shared/mysql/binary_value.ts";
import { CLIENT_DEPRECATE_EOF } from "../../shared/mysql/capabilities.ts";
import { packetEnd, packetPayload } from "../../shared/mysql/frame.ts";
import { ResultRows } from "../../shared/mysql/result_rows.ts";
import type { RowValue } from "../../shared/mysql/text_row.ts";
import { MysqldConnection } from "./connection.ts";

const NEVER = { signal: new AbortController().signal };

const TABLE = `create table v (id int primary key auto_increment,
  f float, d double, ff float(7,2), df double(12,3), ti tinyint, tu tinyint unsigned, si smallint,
  mi mediumint, mu mediumint unsigned, iz int unsigned zerofill, b bigint, bu bigint unsigned,
  de decimal(20,5), y year, da date, dt datetime, dt6 datetime(6), ts3 timestamp(3) null, t time,
  t2 time(2), bi bit(10), e enum('a','b'), s set('x','y'), j json, bl blob, n varchar(20),
  g geometry)`;

function insert(random: Random): string {
  const sign = () => random.pick(["", "-"]);
  const two = (below: number) => String(random.int(below)).padStart(2, "0");
  const micros = String(random.int(1_000_000)).padStart(6, "0");
  const wide = () => `${sign()}${1 + random.next() * 9}e${random.int(60) - 30}`;
  const date = random.int(10) === 0
    ? "0000-00-00"
    : `${1000 + random.int(9000)}-0${1 + random.int(9)}-${10 + random.int(19)}`;
  const time = random.int(5) === 0 ? "00:00:00" : `${two(24)}:${two(60)}:${two(60)}`;
  const long = `${sign()}${random.int(839)}${time.slice(2)}`;
  const values = [
    "null",
    wide(),
    wide(),
    `${sign()}${random.next() * 90_000}`,
    `${sign()}${random.next() * 1e8}`,
    `${sign()}${random.int(128)}`,
    random.int(256),
    `${sign()}${random.int(32_768)}`,
    `${sign()}${random.int(8_000_000)}`,
    random.int(16_000_000),
    random.int(4_000_000_000),
    `${sign()}${random.int(2 ** 53)}123`.slice(0, 18),
    `18446744073709551${random.int(600)}`,
    `${sign()}${random.next() * 1e10}`,
    random.pick([0, 1901, 2026, 2155]),
    `'${date}'`,
    `'${date} ${time}'`,
    `'${date} ${time}.${micros}'`,
    `'2020-01-01 ${time}.${micros}'`,
    `'${long}'`,
    `'${long}.${micros}'`,
    random.int(1024),
    random.pick(["null", "'a'"]),
    "'x,y'",
    `'{"a": ${random.int(100)}}'`,
    `x'${random.bytes(random.int(30)).toHex()}'`,
    "null",
    `point(1, ${random.int(9)})`,
  ];
  return `insert into v values (${values.join(", ")})`;
}

function texts(row: readonly RowValue[]): readonly (string | null)[] {
  return row.map((value) => value === null ? null : latin1Text(value));
}

async function checkValues(server: TestMysqld): Promise<void> {
  using connection = await MysqldConnection.connect({
    address: { socketPath: server.socketPath },
    user: "root",
    password: "",
    database: "",
    capabilities: CLIENT_DEPRECATE_EOF,
    collation: 45,
  }, NEVER);
  const setup = ["create database d", "use d", "set sql_mode = ''", TABLE];
  forRandom(100, (random) => setup.push(insert(random)));
  for (const statement of setup) await connection.fetchRows(statement, NEVER);
  const select = new TextEncoder().encode("select * from v order by id");
  const text = new ResultRows({ deprecateEof: true });
  await connection.query(select, (packets) => text.add(packets), NEVER);
  const { statementId } = await connection.prepare(select, NEVER);
  const binary: Uint8Array[] = [];
  await connection.execute(statementId, new Uint8Array(0), (packets) => {
    const bytes = packets.slice();
    for (let at = 0; at < bytes.length;) {
      const end = packetEnd(bytes, at, bytes.length);
      binary.push(packetPayload(bytes, at, end));
      at = end;
    }
  }, NEVER);
  const rows = binary.slice(1 + text.columns.length);
  strictEqual(rows.length, text.rows.length);
  for (const [index, expected] of text.rows.entries()) {
    const row = rows[index] ?? new Uint8Array(0);
    deepStrictEqual(texts(decodeBinaryRow(row, text.columns)), texts(expected));
    const again = encodeBinaryRow(expected, text.columns);
    deepStrictEqual(texts(decodeBinaryRow(again, text.columns)), texts(expected));
  }
}

for (const name of testServers()) {
  Deno.test(`binary values read as ${name} prints them`, async () => {
    await using server = await startTestMysqld({ server: name, users: false });
    await checkValues(server);
  });
}
