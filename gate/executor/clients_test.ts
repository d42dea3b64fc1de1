/** Real clients at a gate of two shards: mysql2, and the mysql command. */
import assert from "node:assert/strict";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { type GateCluster, startGateCluster } from "../../tests/harness/gate_cluster.ts";
import { TEST_SCHEMA } from "../../tests/harness/gate_schema.ts";
import { type TestServer, whyNoMysql } from "../../tests/harness/mysqld.ts";
import { waitFor } from "../../tests/harness/wait.ts";

const skipped = whyNoMysql() === undefined ? "" : ` (skipped: ${whyNoMysql()})`;

type Connection = Awaited<ReturnType<typeof createConnection>>;

const OPTIONS = {
  user: "user",
  dateStrings: true,
  supportBigNumbers: true,
  bigNumberStrings: true,
};

async function connect(cluster: GateCluster, more: Record<string, unknown> = {}) {
  return await createConnection({
    ...OPTIONS,
    host: "127.0.0.1",
    port: cluster.port,
    database: "customer",
    ...more,
  });
}

async function rowsOf(connection: Connection, sql: string, values?: unknown[]) {
  const [rows] = await connection.query<RowDataPacket[]>(sql, values);
  return rows;
}

async function runCli(cluster: GateCluster, input: string, ...args: readonly string[]) {
  const command = new Deno.Command("mysql", {
    args: ["-h", "127.0.0.1", "-P", String(cluster.port), "-u", "user", ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { stdout, stderr } = await child.output();
  return { out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("clients of a gate", (t) => clientsOf("mariadb", t));
Deno.test({
  name: `clients of a gate before MySQL${skipped}`,
  ignore: whyNoMysql() !== undefined,
  fn: (t) => clientsOf("mysql", t),
});

async function clientsOf(server: TestServer, t: Deno.TestContext): Promise<void> {
  await using cluster = await startGateCluster({ schema: TEST_SCHEMA, server });
  const setup = await connect(cluster);
  await setup.query(`insert into customer (email) values ('a'), ('b'), ('c'), ('d'), ('e')`);
  await setup.query(
    `insert into typed (id, big, tiny, dec_, flt, dbl, ch, vc, vb, d, t, dt, yr, en, st, bi, js)
     values (1, -5, 250, 12.50, 1.5, 2.25, 'chr', 'Ünï', x'00ff41', '2024-02-29', '-12:30:00.5',
       '2024-02-29 23:59:59.123456', 2024, 'b', 'x,y', b'101', '{"a": 1}'),
     (2, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
       null, null), (3, 1, 2, 3.25, 4, 5, 'z', 'y', 'x', '2000-01-01', '10:00:00',
       '2000-01-01 00:00:00', 2000, 'a', '', b'1', '[]')`,
  );
  await setup.end();
  await t.step("prepared statements", () => preparedStatements(cluster));
  await t.step("ids that nobody gives", () => missingIds(cluster));
  await t.step("prepared statements of any kind", () => preparedKinds(cluster));
  await t.step("transactions", () => transactions(cluster));
  await t.step("settings", () => settings(cluster));
  await t.step("blanks before parentheses", () => ignoreSpace(cluster));
  await t.step("limits of a statement's time", () => statementTimes(cluster));
  await t.step("SHOW WARNINGS", () => warnings(cluster));
  await t.step("locks", () => locks(cluster));
  await t.step("multi-statements", () => multiStatements(cluster));
  await t.step("a client that leaves is rolled back", () => leavingClient(cluster));
  await t.step("KILL", () => killing(cluster));
  await t.step("a large result", () => largeResult(cluster));
  await t.step("the mysql command", () => cli(cluster));
  await t.step("SHOW", () => shows(cluster));
}

async function preparedStatements(cluster: GateCluster): Promise<void> {
  const connection = await connect(cluster);
  for (
    const [sql, values] of [
      ["select * from typed where id = ?", [1]],
      ["select * from typed where id = ?", ["2"]],
      ["select * from typed order by id", []],
      ["select * from typed where id > ? order by id", [0]],
      ["select id, vc from typed where id in (?, ?, ?) order by vc", [1, 2, 3]],
      ["select count(*), sum(dec_), max(dt), min(flt) from typed where id < ?", [10]],
      ["select id from typed order by id limit ? offset ?", ["2", "1"]],
      ["select * from typed where vc = ?", ["Ünï"]],
      ["select customer.typed.id from customer.typed where id = ?", [3]],
    ] as const
  ) {
    const [binary] = await connection.execute<RowDataPacket[]>(sql, [...values]);
    const text = await rowsOf(
      connection,
      sql.replaceAll("?", () => "?"),
      [...values].map((value) => sql.includes("limit") ? Number(value) : value),
    );
    assert.ok(text.length > 0, sql);
    assert.deepEqual(normal(binary), normal(text), sql);
  }
  const [changed] = await connection.execute(
    "update customer set email = ? where customer_id = ?",
    [
      "prepared",
      1,
    ],
  );
  assert.equal((changed as { affectedRows: number }).affectedRows, 1);
  const [inserted] = await connection.execute(
    "insert into customer (customer_id, email) values (?, ?), (?, ?)",
    [50, "x", 51, "it's"],
  );
  assert.equal((inserted as { affectedRows: number }).affectedRows, 2);
  assert.equal(
    (await rowsOf(connection, "select email from customer where customer_id = 51"))[0]?.["email"],
    "it's",
  );
  const [generated] = await connection.execute("insert into customer (email) values (?)", ["g"]);
  assert.ok((generated as { insertId: number }).insertId > 5);
  await assert.rejects(
    connection.execute("select nosuch from customer where customer_id = ?", [1]),
    {
      errno: 1054,
    },
  );
  await connection.execute("delete from customer where customer_id >= ?", [50]);
  await connection.end();
}

/** mysqld would make up another id than the one that the row was placed by. */
async function missingIds(cluster: GateCluster): Promise<void> {
  const connection = await connect(cluster);
  const refusal = { errno: 1235, message: /AUTO_INCREMENT of ticket\.id .* without a sequence/ };
  const insert = "insert into ticket (id, note) values (?, 'n')";
  for (const id of [0, "0", null, "", "0.0", 0.25]) {
    await assert.rejects(connection.execute(insert, [id]), refusal, `execute ${id}`);
    await assert.rejects(connection.query(insert, [id]), refusal, `query ${id}`);
  }
  await assert.rejects(connection.query("insert into ticket (note) values ('n')"));
  const both = "insert into ticket (id, note) values (?, 'n'), (?, 'n')";
  await assert.rejects(connection.execute(both, [5, 0]), refusal);
  assert.deepEqual(await rowsOf(connection, "select count(*) c from ticket"), [{ c: "0" }]);
  await connection.execute(both, [5, "6"]);
  await connection.query("set sql_mode = 'NO_AUTO_VALUE_ON_ZERO'");
  await connection.execute(insert, [0]);
  const rows = await rowsOf(connection, "select id from ticket where id = 0");
  assert.equal(rows.length, 1);
  await connection.end();
}

/** From the text protocol mysql2 gives the zeros of fractions of seconds, from binary it doesn't. */
function normal(rows: readonly RowDataPacket[]): unknown {
  return JSON.parse(JSON.stringify(rows, (_key, value) => {
    if (typeof value !== "string" || !/:\d\d\.\d+$/.test(value)) return value;
    return value.replace(/\.?0+$/, "");
  }));
}

async function preparedKinds(cluster: GateCluster): Promise<void> {
  const connection = await connect(cluster);
  await connection.execute("set @p = 3");
  await connection.execute("begin");
  await connection.execute("update customer set email = 'in tx' where customer_id = 2");
  await connection.execute("rollback");
  const [rows] = await connection.execute<RowDataPacket[]>("show vitess_shards");
  assert.deepEqual(rows.map((row) => row["Shards"]), [
    "commerce/-",
    "customer/-80",
    "customer/80-",
  ]);
  await connection.query("prepare s from 'select email from customer where customer_id = ?'");
  await connection.query("set @id = 2");
  assert.equal((await rowsOf(connection, "execute s using @id"))[0]?.["email"], "b");
  await connection.query("deallocate prepare s");
  await assert.rejects(connection.query("execute s using @id"), { errno: 1243 });
  await connection.end();
}

async function transactions(cluster: GateCluster): Promise<void> {
  const one = await connect(cluster);
  const other = await connect(cluster);
  const emails = async (connection: Connection) =>
    (await rowsOf(connection, "select email from customer order by customer_id")).map((row) =>
      row["email"]
    );
  const before = await emails(other);
  await one.query("begin");
  await one.query("update customer set email = 'changed'");
  assert.deepEqual(new Set(await emails(one)), new Set(["changed"]));
  assert.deepEqual(await emails(other), before);
  await one.query("rollback");
  assert.deepEqual(await emails(one), before);
  // A statement on two shards that fails on one of them changes nothing, inside and outside.
  await one.query("begin");
  await one.query("update customer set email = 'first' where customer_id = 1");
  const duplicate =
    "insert into customer (customer_id, email) values (60, 'x'), (4, 'y'), (61, 'z')";
  await assert.rejects(one.query(duplicate), { errno: 1062 });
  assert.equal(
    (await rowsOf(one, "select count(*) as n from customer where customer_id > 50"))[0]?.["n"],
    "0",
  );
  assert.equal((await emails(one))[0], "first", "the transaction itself goes on");
  await one.query("rollback");
  await assert.rejects(other.query(duplicate), { errno: 1062 });
  assert.deepEqual(await emails(other), before);
  await one.query("set transaction_mode = 'single'");
  await one.query("begin");
  await one.query("select * from customer where customer_id = 1");
  await assert.rejects(one.query("select * from customer where customer_id = 4"), /VT24005/);
  await one.query("rollback");
  await assert.rejects(one.query("set transaction_mode = 'twopc'"), /VT12001/);
  assert.equal(cluster.gateway.pinned, 0);
  await one.end();
  await other.end();
}

async function settings(cluster: GateCluster): Promise<void> {
  const one = await connect(cluster);
  const other = await connect(cluster);
  const modes = async (connection: Connection) =>
    (await rowsOf(connection, "select @@sql_mode as m from customer where customer_id in (1, 4)"))
      .map((row) => row["m"]);
  const usual = await modes(other);
  assert.equal(usual.length, 2);
  // In a transaction: it counts at once, also on shards that join later, and never for others.
  await one.query("begin");
  await one.query("update customer set email = email where customer_id = 1");
  await one.query("set sql_mode = 'NO_ZERO_DATE'");
  assert.deepEqual(await modes(one), ["NO_ZERO_DATE", "NO_ZERO_DATE"]);
  await one.query("commit");
  assert.deepEqual(await modes(one), ["NO_ZERO_DATE", "NO_ZERO_DATE"]);
  for (let i = 0; i < 20; i++) assert.deepEqual(await modes(other), usual);
  await one.query("begin");
  await one.query("update customer set email = 'x' where customer_id = 4");
  await one.query("set sql_mode = ''");
  await one.query("rollback");
  assert.deepEqual(await modes(one), ["", ""]);
  for (let i = 0; i < 20; i++) assert.deepEqual(await modes(other), usual);
  await one.query("set session transaction isolation level serializable");
  const isolation = await rowsOf(one, "select @@transaction_isolation as i, @@tx_isolation as o");
  assert.deepEqual([isolation[0]?.["i"], isolation[0]?.["o"]], ["SERIALIZABLE", "SERIALIZABLE"]);
  await one.changeUser({ user: "user" });
  assert.deepEqual(await modes(one), usual);
  assert.equal(cluster.gateway.pinned, 0);
  await one.end();
  await other.end();
}

/** mysql2 logs in with CLIENT_IGNORE_SPACE, and without it when told so. */
async function ignoreSpace(cluster: GateCluster): Promise<void> {
  const ignoring = await connect(cluster);
  for (
    const sql of ["select count (*) c from customer", "select max (customer_id) m from customer"]
  ) {
    assert.equal((await rowsOf(ignoring, sql)).length, 1);
    assert.equal((await ignoring.execute<RowDataPacket[]>(sql))[0].length, 1);
  }
  const [row] = await rowsOf(ignoring, "select @@sql_mode m");
  assert.match(String(row?.["m"]), /IGNORE_SPACE/);
  await ignoring.query("set sql_mode = ''");
  await assert.rejects(ignoring.query("select count (*) from customer"));
  await ignoring.end();
  const strict = await connect(cluster, { flags: ["-IGNORE_SPACE"] });
  await assert.rejects(strict.query("select count (*) from customer"));
  await strict.end();
}

async function warnings(cluster: GateCluster): Promise<void> {
  const connection = await connect(cluster);
  const shown = async () =>
    (await rowsOf(connection, "show warnings")).map((row) => `${row["Level"]} ${row["Code"]}`);
  const truncating = "select cast('12x' as signed) n from customer where customer_id = 2";
  for (const inTransaction of [false, true]) {
    if (inTransaction) await connection.query("begin");
    await connection.query(truncating);
    assert.deepEqual(await shown(), ["Warning 1292"]);
    const [first] = await rowsOf(connection, "show warnings");
    assert.match(String(first?.["Message"]), /Truncated incorrect INTEGER value: '12x'/);
    await connection.execute(truncating);
    assert.deepEqual(await shown(), ["Warning 1292"]);
    // On each shard that has a row.
    await connection.query("select cast('12x' as signed) n from customer where customer_id < 6");
    assert.ok((await shown()).length > 1);
    await connection.query("select 1");
    assert.deepEqual(await shown(), []);
    await assert.rejects(connection.query("select nosuch from customer where customer_id = 2"));
    assert.deepEqual(await shown(), ["Error 1054"]);
    if (inTransaction) await connection.query("rollback");
  }
  await connection.query(truncating);
  await connection.query("set @a = 1");
  assert.deepEqual(await shown(), []);
  await connection.query("drop table if exists customer.nosuch");
  assert.deepEqual(new Set(await shown()), new Set(["Note 1051"]));
  await connection.end();
}

async function statementTimes(cluster: GateCluster): Promise<void> {
  const connection = await connect(cluster);
  const late = { errno: 3024 };
  // Alone, sleep() that is interrupted is 1 and no error on MySQL.
  const slow = "1 from customer where customer_id = 2 and sleep";
  await assert.rejects(connection.query(`select /*vt+ QUERY_TIMEOUT_MS=100 */ ${slow}(5)`), late);
  await assert.rejects(connection.query(`/*vt+ QUERY_TIMEOUT_MS=100 */ select ${slow}(5)`), late);
  await assert.rejects(
    connection.execute(`select /*vt+ ALLOW_SCATTER QUERY_TIMEOUT_MS=100 */ ${slow}(?)`, [5]),
    late,
  );
  await connection.query("set query_timeout = 100");
  await assert.rejects(connection.query(`select ${slow}(5)`), late);
  await connection.query("select /*vt+ QUERY_TIMEOUT_MS=5000 */ sleep(0.2)");
  await connection.query("set query_timeout = 0");
  await connection.query("select sleep(0.15)");
  const rows = await rowsOf(
    connection,
    "/*vt+ ALLOW_SCATTER SCATTER_ERRORS_AS_WARNINGS NO_SUCH=1 QUERY_TIMEOUT_MS=soon */ " +
      "select /*vt+ PLANNER=gen4 */ customer_id from customer limit 1",
  );
  assert.equal(rows.length, 1);
  await connection.end();
}

async function locks(cluster: GateCluster): Promise<void> {
  const one = await connect(cluster);
  const other = await connect(cluster);
  const value = async (connection: Connection, sql: string) =>
    Number(Object.values((await rowsOf(connection, sql))[0] ?? {})[0]);
  assert.equal(await value(one, "select get_lock('migration', 1)"), 1);
  assert.equal(await value(other, "select get_lock('migration', 0)"), 0);
  assert.equal(await value(other, "select is_free_lock('migration')"), 0);
  assert.equal(await value(one, "select release_lock('migration')"), 1);
  assert.equal(await value(other, "select get_lock('migration', 1)"), 1);
  other.destroy();
  await waitFor(
    "the lock of a client that left",
    async () => await value(one, "select get_lock('migration', 0)") === 1,
  );
  await one.end();
}

async function multiStatements(cluster: GateCluster): Promise<void> {
  const connection = await connect(cluster, { multipleStatements: true });
  const [results] = await connection.query(
    "select 1 as a; set @x = 2; select @x as b; select 3 as c;",
  );
  const [first, second, third, fourth] = results as unknown[];
  // 1 is an INT here and a BIGINT there.
  const texts: unknown = JSON.parse(
    JSON.stringify([first, third, fourth]).replace(/:(\d)/g, ':"$1"'),
  );
  assert.deepEqual(texts, [[{ a: "1" }], [{ b: "2" }], [{ c: "3" }]]);
  assert.equal((second as { affectedRows: number }).affectedRows, 0);
  await assert.rejects(connection.query("set @y = 1; selec 1; set @y = 2"), { errno: 1064 });
  assert.equal((await rowsOf(connection, "select @y as y"))[0]?.["y"], "1");
  await connection.end();
  const plain = await connect(cluster);
  await assert.rejects(plain.query("select 1; select 2"), { errno: 1064 });
  await plain.end();
}

async function leavingClient(cluster: GateCluster): Promise<void> {
  const connection = await connect(cluster);
  await connection.query("begin");
  await connection.query("update customer set email = 'gone'");
  assert.equal(cluster.gateway.pinned, 2);
  connection.destroy();
  await waitFor("the transaction's end", () => cluster.gateway.pinned === 0);
  const other = await connect(cluster);
  const rows = await rowsOf(other, "select count(*) as n from customer where email = 'gone'");
  assert.equal(rows[0]?.["n"], "0");
  await other.end();
}

async function killing(cluster: GateCluster): Promise<void> {
  const victim = await connect(cluster);
  const killer = await connect(cluster);
  const id = (await rowsOf(victim, "select connection_id() as id"))[0]?.["id"];
  const sleeping = assert.rejects(
    victim.query("select 1 from customer where email <> '' and sleep(30)"),
    {
      errno: 1317,
    },
  );
  await waitFor(
    "the sleeping statement",
    async () =>
      (await rowsOf(killer, "show processlist")).some((row) =>
        String(row["Info"]).includes("sleep(30)")
      ),
  );
  await killer.query(`kill query ${id}`);
  await sleeping;
  assert.equal(Number((await rowsOf(victim, "select 1 as one"))[0]?.["one"]), 1);
  await assert.rejects(killer.query("kill 99999999"), { errno: 1094 });
  await victim.end();
  await killer.end();
}

async function largeResult(cluster: GateCluster): Promise<void> {
  const connection = await connect(cluster);
  const values = Array.from({ length: 2000 }, (_, i) => `(${1000 + i}, '${"x".repeat(100)}${i}')`);
  await connection.query(`insert into customer (customer_id, email) values ${values.join(",")}`);
  const rows = await rowsOf(
    connection,
    "select customer_id, email from customer where customer_id >= 1000 order by customer_id desc",
  );
  assert.equal(rows.length, 2000);
  assert.equal(rows[0]?.["customer_id"], "2999");
  assert.equal(rows.at(-1)?.["customer_id"], "1000");
  assert.equal((await rowsOf(connection, "select found_rows() as n"))[0]?.["n"], "2000");
  const [one] = await connection.query<RowDataPacket[]>(
    "select customer_id, repeat('y', 17 * 1024 * 1024) as big from customer where customer_id = 1",
  );
  assert.equal(String(one[0]?.["big"]).length, 17 * 1024 * 1024);
  await connection.query("delete from customer where customer_id >= 1000");
  await connection.end();
}

async function cli(cluster: GateCluster): Promise<void> {
  const table = await runCli(
    cluster,
    "use customer/-80\nselect * from customer where customer_id < 6 order by customer_id;\n" +
      "use customer/80-\nselect * from customer where customer_id < 6 order by customer_id;\n",
    "--table",
  );
  assert.equal(table.err, "");
  assert.match(table.out, /\| customer_id \| email \|/);
  assert.match(table.out, /\|\s+4 \| d\s+\|/);
  const ids = [...table.out.matchAll(/^\| +(\d+) \|/gm)].map(([, id]) => id);
  assert.deepEqual(ids, ["1", "2", "3", "5", "4"]);
  const wrong = await runCli(cluster, "use nosuch;\nuse customer/40-;", "--force");
  assert.match(wrong.err, /1049 \(42000\).*VT05003: unknown database 'nosuch' in vschema/);
  assert.match(wrong.err, /keyspace customer has no shard "40-" \(it has -80, 80-\)/);
  const named = await runCli(
    cluster,
    "use customer:-80@primary|zone1-200;\nselect count(*) > 0 from customer;",
  );
  assert.equal(named.err, "");
  const other = await runCli(
    cluster,
    "use customer:-80@primary|zone1-999999;\nselect count(*) from customer;",
  );
  assert.match(other.err, /VT20005.*tablet:zone1-0000999999/);
  const none = await runCli(cluster, "select * from nosuch;");
  assert.match(none.err, /ERROR/);
}

async function shows(cluster: GateCluster): Promise<void> {
  const connection = await connect(cluster);
  const values = async (sql: string) =>
    (await rowsOf(connection, sql)).map((row) => Object.values(row));
  assert.deepEqual(await values("show databases"), [
    ["commerce"],
    ["customer"],
    ["information_schema"],
    ["mysql"],
    ["sys"],
    ["performance_schema"],
  ]);
  assert.deepEqual(await values("show keyspaces like 'cust%'"), [["customer"]]);
  assert.deepEqual(await values("show tables"), [["corder"], ["customer"], ["ticket"], ["typed"]]);
  assert.deepEqual(Object.keys((await rowsOf(connection, "show tables"))[0] ?? {}), [
    "Tables_in_customer",
  ]);
  assert.deepEqual(await values("show full tables from commerce like 'prod%'"), [[
    "product",
    "BASE TABLE",
  ]]);
  assert.deepEqual(await values("show tables where Tables_in_customer like 'c%'"), [["corder"], [
    "customer",
  ]]);
  assert.deepEqual(await values("show vitess_shards like 'customer%'"), [["customer/-80"], [
    "customer/80-",
  ]]);
  const tablets = await values("show vitess_tablets");
  assert.deepEqual(tablets[1], [
    "zone1",
    "customer",
    "-80",
    "PRIMARY",
    "SERVING",
    "zone1-0000000200",
    "127.0.0.1",
    "2026-08-01T00:00:00Z",
  ]);
  assert.deepEqual(await values("show vschema tables"), [
    ["corder"],
    ["customer"],
    ["ticket"],
    ["typed"],
  ]);
  assert.deepEqual(await values("show vschema vindexes"), [["customer", "hash", "hash", "", ""]]);
  assert.deepEqual(await values("show vschema vindexes on customer.corder"), [
    ["customer_id", "hash", "hash", "", ""],
  ]);
  await connection.query("use customer:-80@primary");
  assert.deepEqual(await values("show vitess_target"), [["customer:-80"]]);
  await connection.query("use customer");
  assert.deepEqual(await values("show variables like 'version'"), [["version", "8.0.40-Vitess"]]);
  assert.deepEqual(await values("select version(), @@version, database()"), [
    ["8.0.40-Vitess", "8.0.40-Vitess", "customer"],
  ]);
  const [plan] = await values("vexplain plan select * from customer where customer_id = 7");
  const json = JSON.parse(String(plan?.[0]));
  assert.equal(json.Variant, "EqualUnique");
  assert.deepEqual(json.Values, ["7"]);
  assert.deepEqual(
    await values("vexplain queries select email from customer where customer_id = 1"),
    [
      [0, "customer", "-80", "select email from customer where customer_id = 1"],
    ].map((row) => [String(row[0]), ...row.slice(1)]),
  );
  for (
    const sql of ["select email from customer where customer_id = 1", "select email from customer"]
  ) {
    for (let i = 0; i < 2; i++) {
      const [, fields] = await connection.query(sql);
      assert.deepEqual(fields.map(({ schema }) => schema), ["customer"]);
    }
  }
  const create = await values("show create table customer.customer");
  assert.match(String(create[0]?.[1]), /CREATE TABLE `customer`/);
  const database = await values("show create database customer");
  assert.match(String(database[0]?.[1]), /^CREATE DATABASE `customer`/);
  await connection.end();
}
