/** Every type into every other one: what comes out is what went in, or it was refused. */
import assert from "node:assert/strict";
import type { Row, TableFields } from "../../shared/binlog/change.ts";
import { VtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { startTestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import { MysqldConnection } from "../mysqld/connection.ts";
import { readTableColumns } from "../stream/table_columns.ts";
import { insertRows } from "./row_statements.ts";
import { type WriteLogin, WriteSession } from "./session.ts";
import { writeRows } from "./target_table.ts";
import { TargetTables } from "./target_tables.ts";

const NEVER = { signal: new AbortController().signal };
const LATIN1 = new TextDecoder("latin1");
const UTF8 = new TextDecoder();

/** Types, and values that try their limits. */
const TYPES: readonly (readonly [type: string, ...values: readonly string[]])[] = [
  ["tinyint", "-128", "127", "0"],
  ["smallint unsigned", "65535", "5"],
  ["int", "-2147483648", "2147483647", "20260101"],
  ["bigint", "9223372036854775807", "-9007199254740993"],
  ["bigint unsigned", "18446744073709551615"],
  ["int(5) unsigned zerofill", "42"],
  ["decimal(10,4)", "1.2345", "-99999.9999", "7"],
  ["decimal(20,0)", "12345678901234567890"],
  ["float", "0.1", "-1.5", "1e10"],
  ["double", "0.1", "1e300", "123456789.123456"],
  ["double(8,2)", "1.25", "99999.5"],
  ["bit(8)", "b'1'", "b'11111111'"],
  ["year", "2026", "1901"],
  ["date", "'2026-02-03'", "'0000-00-00'"],
  ["datetime", "'2026-02-03 04:05:06'", "'0000-00-00 00:00:00'"],
  ["datetime(6)", "'2026-02-03 04:05:06.999999'", "'2026-02-03 00:00:00'"],
  ["timestamp(3) null", "'2026-02-03 04:05:06.999'", "'2026-02-03 04:05:06'"],
  ["time", "'-838:59:59'", "'04:05:06'"],
  ["time(6)", "'04:05:06.999999'"],
  ["char(4)", "'ab'", "' b'", "''"],
  ["varchar(8)", "'ab'", "'ab  '", "'longtext'", "'7'", "'2026'", "'1.5'", "'007'"],
  ["varchar(3) character set latin1", "_utf8mb4'\u00e9 '", "'a'"],
  ["text", "'ab '", "'2026-02-03'", "'04:05:06'"],
  ["binary(4)", "'ab'", "'abcd'"],
  ["varbinary(8)", "'ab '", "x'00ff'"],
  ["blob", "'ab'", "'12345678'"],
  ["enum('ab','7','b')", "'ab'", "'7'"],
  ["set('ab','c')", "'ab'", "'ab,c'", "''"],
];

/** Between texts and bytes the bytes stay. */
type Encoding = "latin1" | "utf8";

/** A value as it is compared: formats of the same number or moment are alike. */
function meaning(value: Row[number], encoding: Encoding): string | null {
  if (value === null) return null;
  const text = (encoding === "utf8" ? UTF8 : LATIN1).decode(value);
  if (/^-?0*\d+(?:\.\d+)?$/.test(text)) return plainNumber(text);
  if (/^-?[\d.]+e[-+]?\d+$/i.test(text)) return plainNumber(BigInt(Number(text)).toString());
  const time = /^(-?\d+:\d\d:\d\d)(?:\.(\d*?)0*)?$/.exec(text);
  if (time !== null) return `${time[1]}.${time[2] ?? ""}`;
  const moment = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(?:\.(\d+))?)?$/.exec(text);
  if (moment === null) return text;
  return `${moment[1]} ${moment[2] ?? "00:00:00"}.${(moment[3] ?? "").replace(/0+$/, "")}`;
}

function plainNumber(text: string): string {
  const [, sign = "", whole = "", part = ""] = /^(-?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(text) ?? [];
  return `${sign}${whole}.${part}`;
}

interface Source {
  readonly type: string;
  readonly fields: TableFields;
  readonly rows: readonly Row[];
}

async function makeSources(
  login: WriteLogin,
  session: WriteSession,
): Promise<readonly Source[]> {
  using connection = await MysqldConnection.connect(
    { ...login, capabilities: 0, collation: 45 },
    NEVER,
  );
  const sources: Source[] = [];
  for (const [i, [type, ...values]] of TYPES.entries()) {
    const name = `s${i}`;
    await connection.fetchRows(`CREATE TABLE ${name} (id int PRIMARY KEY, v ${type})`, NEVER);
    await session.run("SET sql_mode = 'ALLOW_INVALID_DATES'", NEVER);
    for (const [id, value] of values.entries()) {
      await session.run(`INSERT INTO ${name} VALUES (${id}, ${value})`, NEVER);
    }
    const { fields } = await readTableColumns(connection, login.database, name, NEVER);
    const rows: Row[] = [];
    const onRow = (row: Row) => void rows.push(row.map((one) => one?.slice() ?? null));
    await session.scan(`SELECT id, v FROM ${name} ORDER BY id`, onRow, NEVER);
    sources.push({ type, fields, rows });
  }
  return sources;
}

for (const server of testServers()) {
  Deno.test(`no type makes another value of what it is given in silence: ${server}`, async () => {
    await using mysqld = await startTestMysqld({ server, users: false });
    await mysqld.root.query("CREATE DATABASE vt_t CHARACTER SET utf8mb4", NEVER);
    const address = { socketPath: mysqld.socketPath };
    const login = { address, user: "root", password: "", database: "vt_t" };
    using maker = await WriteSession.open(login, NEVER);
    const sources = await makeSources(login, maker);
    using session = await WriteSession.open(login, NEVER);
    using tables = new TargetTables({ streamId: 1, session, login, rules: [] }, NEVER);
    const changed: string[] = [];
    let kept = 0;
    for (const [i, [target]] of TYPES.entries()) {
      const table = `t${i}`;
      await maker.run(`CREATE TABLE ${table} (id int PRIMARY KEY, v ${target})`, NEVER);
      for (const { type, fields, rows } of sources) {
        for (const row of rows) {
          const found = await sent(session, tables, { ...fields, table }, row);
          if (found === undefined) continue;
          kept++;
          const isBytes = [type, target].some((one) => /^(?:var)?binary|blob/.test(one));
          const read = (value: Row[number] = null, of: string) =>
            meaning(value, isBytes || of.includes("latin1") ? "latin1" : "utf8");
          const [one, other] = [read(row[1], type), read(found[1], target)];
          if (one !== other) changed.push(`${type} to ${target}: ${one} became ${other}`);
        }
      }
    }
    assert.deepEqual(changed, []);
    assert.ok(kept > 300, `${kept} were kept`);
  });
}

/** The row that the table then has; undefined when it was refused. */
async function sent(
  session: WriteSession,
  tables: TargetTables,
  fields: TableFields,
  row: Row,
): Promise<Row | undefined> {
  try {
    const plan = await tables.describe(fields);
    await session.run(`DELETE FROM ${plan.name}`, NEVER);
    await insertRows(plan, [row], "INSERT", (sql) => writeRows(session, plan, sql, NEVER));
  } catch (error) {
    if (error instanceof MysqlError) return undefined;
    if (error instanceof VtError && error.id === "VT27013") return undefined;
    throw error;
  }
  const found: Row[] = [];
  const onRow = (one: Row) => void found.push(one.map((value) => value?.slice() ?? null));
  await session.scan(`SELECT id, v FROM ${fields.table}`, onRow, NEVER);
  return found[0];
}
