import assert from "node:assert/strict";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { startTestMysqld, type TestServer, testServers } from "../../tests/harness/mysqld.ts";
import { queryRow } from "../mysqld/dba.ts";
import { readPosition, type Server, setReadOnly } from "../mysqld/replication.ts";
import { applySchema } from "./apply_schema.ts";
import { executeFetch } from "./execute_fetch.ts";
import { getSchema } from "./get_schema.ts";
import { preflightSchema } from "./preflight.ts";

const { signal } = new AbortController();
const DATABASE = "vt_ks";

function changes(statements: readonly string[]) {
  return { statements, copied: false };
}

function onEach(name: string, run: (server: Server) => Promise<void>): void {
  for (const kind of testServers()) {
    Deno.test(`${name} (${kind})`, async () => await withServer(kind, run));
  }
}

async function withServer(kind: TestServer, run: (server: Server) => Promise<void>): Promise<void> {
  await using mysqld = await startTestMysqld({ server: kind });
  const server = { dba: mysqld.root, flavor: mysqld.flavor };
  await server.dba.query(`CREATE DATABASE ${DATABASE}`, { signal });
  await applySchema(
    server,
    DATABASE,
    changes([
      "CREATE TABLE customer (id bigint PRIMARY KEY, email varchar(64), UNIQUE KEY (email))",
      "CREATE TABLE a_order (id bigint, c bigint, PRIMARY KEY (id, c), " +
      "FOREIGN KEY (c) REFERENCES customer (id))",
      "CREATE VIEW b_emails AS SELECT email FROM vt_ks.customer",
      "CREATE VIEW a_view AS SELECT email FROM b_emails",
    ]),
    { signal },
  );
  await run(server);
}

onEach(
  "tables that come or go together do so in any order of their foreign keys",
  async (server) => {
    const chained = (name: string, parent: string): string =>
      `CREATE TABLE ${name} (id int PRIMARY KEY, ` +
      `CONSTRAINT ${name}_k FOREIGN KEY (id) REFERENCES ${parent} (id))`;
    const created = [
      chained("chain_a", "chain_b"),
      chained("chain_b", "chain_c"),
      "CREATE TABLE chain_c (id int PRIMARY KEY, d datetime NOT NULL DEFAULT '0000-00-00')",
    ];
    const copied = (statements: readonly string[]) => ({ statements, copied: true });
    const tried = await preflightSchema(server, DATABASE, copied(created), { signal });
    assert.deepEqual(tried.map(({ error }) => error), [undefined, undefined, undefined]);
    await applySchema(server, DATABASE, copied(created), { signal });
    const dropped = ["c", "b", "a"].map((name) => `DROP TABLE chain_${name}`);
    await assert.rejects(applySchema(server, DATABASE, changes(dropped), { signal }), MysqlError);
    await applySchema(server, DATABASE, copied(dropped), { signal });
  },
);

onEach("preflightSchema() judges statements without a trace", async (server) => {
  await server.dba.query("INSERT INTO vt_ks.customer VALUES (1, 'a')", { signal });
  const before = await readPosition(server, { signal });
  const statements = [
    "ALTER TABLE customer ADD COLUMN name varchar(9)",
    "ALTER TABLE customer ADD INDEX (name)",
    "/* a comment */ CREATE TABLE t (id int PRIMARY KEY)",
    "ALTER TABLE nothing ADD COLUMN x int",
    "CREATE TABLE t (id int)",
    "ALTER TABLE customer ADD COLUMN",
    "DROP TABLE vt_ks.customer",
    "DROP DATABASE vt_ks",
    "DELETE FROM customer",
    "DROP TABLE a_order",
  ];
  const results = await preflightSchema(server, DATABASE, changes(statements), { signal });
  const errors = results.map(({ error }) => error);
  assert.equal(errors[0], undefined);
  assert.equal(errors[1], undefined);
  assert.equal(errors[2], undefined);
  assert.match(errors[3] ?? "", /errno 1146/);
  assert.match(errors[4] ?? "", /errno 1050/);
  assert.match(errors[5] ?? "", /errno 1064/);
  assert.match(errors[6] ?? "", /errno 1142/);
  assert.match(errors[7] ?? "", /^VT22001: not a change of a table or view: "DROP DATABASE vt_ks"/);
  assert.match(errors[8] ?? "", /^VT22001/);
  assert.equal(errors[9], undefined);

  assert.equal(await readPosition(server, { signal }), before);
  const left = await queryRow(
    server.dba,
    "SELECT (SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE '%preflight%') " +
      "+ (SELECT COUNT(*) FROM mysql.user WHERE user LIKE '%preflight%') AS n, " +
      "(SELECT COUNT(*) FROM vt_ks.customer) AS kept",
    { signal },
  );
  assert.deepEqual(left, { n: "0", kept: "1" });
});

onEach("preflightSchema() refuses on a server that takes no writes", async (server) => {
  await setReadOnly(server, true, { signal });
  const refused = preflightSchema(server, DATABASE, changes(["DROP TABLE a_order"]), { signal });
  await assert.rejects(refused, /VT22002: schema changes are tried out on the primary/);
});

onEach("getSchema() gives tables and views, or those that are named", async (server) => {
  const all = await getSchema(server, DATABASE, {
    tables: [],
    excludeTables: [],
    includeViews: true,
  }, { signal });
  assert.match(all.databaseSchema, /^CREATE DATABASE `vt_ks`/);
  const names = all.tableDefinitions.map(({ name, type }) => `${name} ${type}`);
  assert.deepEqual(names, [
    "a_order BASE TABLE",
    "customer BASE TABLE",
    "a_view VIEW",
    "b_emails VIEW",
  ]);
  const [order] = all.tableDefinitions;
  assert.deepEqual(order?.columns.map(({ name }) => name), ["id", "c"]);
  assert.deepEqual(order?.primaryKeyColumns, ["id", "c"]);
  const customer = all.tableDefinitions.find(({ name }) => name === "customer");
  assert.deepEqual(customer?.uniqueKeys.toSorted(), [["email"], ["id"]]);
  assert.match(order?.schema ?? "", /^CREATE TABLE `a_order`/);

  const some = await getSchema(server, DATABASE, {
    tables: ["/^a_/", "customer"],
    excludeTables: ["a_order"],
    includeViews: false,
  }, { signal });
  assert.deepEqual(some.tableDefinitions.map(({ name }) => name), ["customer"]);
});

onEach("applySchema() stops at the first error, which is the server's", async (server) => {
  const statements = [
    "CREATE TABLE t1 (id int)",
    "CREATE TABLE t1 (id int)",
    "CREATE TABLE t2 (id int)",
  ];
  const failed = applySchema(server, DATABASE, changes(statements), { signal });
  await assert.rejects(failed, (error) => error instanceof MysqlError && error.errno === 1050);
  const rows = await executeFetch(server, DATABASE, {
    sql: "SHOW TABLES LIKE 't_'",
    rowsMax: 10,
    disableBinlogs: false,
  }, { signal });
  assert.deepEqual(rows.rows, [["t1"]]);
});

onEach("executeFetch() limits rows and can leave the binlog alone", async (server) => {
  const fetch = (sql: string, rowsMax: number, disableBinlogs: boolean) =>
    executeFetch(server, DATABASE, { sql, rowsMax, disableBinlogs }, { signal });
  await assert.rejects(fetch("SELECT 1 UNION SELECT 2", 1, false), /VT20010/);
  const before = await readPosition(server, { signal });
  const done = await fetch("INSERT INTO customer VALUES (1, NULL), (2, NULL)", 0, true);
  assert.equal(done.affectedRows, 2);
  assert.equal(await readPosition(server, { signal }), before);
});
