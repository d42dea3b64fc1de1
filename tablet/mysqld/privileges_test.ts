import assert from "node:assert/strict";
import { startTestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import { Dba, toRows } from "./dba.ts";
import { missingGrants } from "./privileges.ts";
import { parseServerVersion } from "./version.ts";

const MARIADB = parseServerVersion("10.11.6-MariaDB");
const MYSQL = parseServerVersion("9.7.0");
const DATABASES = { keyspace: "my_shop", sidecar: "_vt" };
const VT = "'vt'@'10.%'";

function missing(version: typeof MYSQL, ...lines: string[]): readonly string[] {
  return missingGrants(lines, VT, version, DATABASES);
}

Deno.test("missingGrants() gives the statements to run, in each server's words", () => {
  assert.deepEqual(missing(MARIADB, "GRANT USAGE ON *.* TO `vt`@`10.%`"), [
    `GRANT PROCESS, REPLICATION SLAVE, SLAVE MONITOR ON *.* TO ${VT}`,
    "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, CREATE TEMPORARY TABLES, DROP, ALTER, INDEX, " +
    "REFERENCES, LOCK TABLES, SHOW VIEW, TRIGGER ON `my_shop`.* TO " + VT,
    "GRANT ALL ON `_vt`.* TO " + VT,
  ]);
  assert.deepEqual(
    missing(
      MYSQL,
      "GRANT PROCESS ON *.* TO `vt`@`10.%`",
      "GRANT ALL PRIVILEGES ON `my\\_shop`.* TO `vt`@`10.%`",
      "GRANT ALL PRIVILEGES ON `\\_vt`.* TO `vt`@`10.%`",
    ),
    [`GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO ${VT}`],
  );
});

Deno.test("missingGrants() reads patterns, lists and whole servers, and no columns", () => {
  const all = "GRANT ALL PRIVILEGES ON *.* TO `vt`@`10.%` WITH GRANT OPTION";
  assert.deepEqual(missing(MARIADB, all), []);
  const split = [
    "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, PROCESS, REPLICATION SLAVE, " +
    "REPLICATION CLIENT ON *.* TO `vt`@`10.%`",
    "GRANT ALTER, INDEX, CREATE TEMPORARY TABLES, REFERENCES, LOCK TABLES, SHOW VIEW, TRIGGER " +
    "ON `my%`.* TO `vt`@`10.%`",
    "GRANT ALTER ON `_vt`.* TO `vt`@`10.%`",
  ];
  assert.deepEqual(missing(MYSQL, ...split), []);
  const columns = missing(
    MYSQL,
    "GRANT SELECT (`a`, `b`) ON `my_shop`.`t` TO `vt`@`10.%`",
    "GRANT `role`@`%` TO `vt`@`10.%`",
  );
  assert.equal(columns.length, 3);
  const other = missing(MYSQL, "GRANT ALL PRIVILEGES ON `my\\_shops`.* TO `vt`@`10.%`");
  assert.equal(other.length, 3);
});

const NEVER = { signal: new AbortController().signal };

/** Of each kind that the programs themselves run in the keyspace's database. */
const STATEMENTS = [
  "CREATE TABLE p (id int PRIMARY KEY, v int)",
  "CREATE TABLE c (id int PRIMARY KEY, p int, CONSTRAINT c_p FOREIGN KEY (p) REFERENCES p (id))",
  // Where streams evaluate expressions, and comparisons gather what there should be.
  "CREATE TEMPORARY TABLE _vt_rows_1 (id int PRIMARY KEY)",
  "CREATE TEMPORARY TABLE _vt_wanted LIKE p",
  "ALTER TABLE _vt_wanted ADD COLUMN found bigint NOT NULL DEFAULT 0",
  "INSERT INTO _vt_wanted VALUES (1, 2, 0) ON DUPLICATE KEY UPDATE found = 1",
  "REPLACE INTO p SELECT id, v FROM _vt_wanted",
  "UPDATE p SET v = 3",
  "DELETE FROM p",
  "LOCK TABLES p READ",
  "UNLOCK TABLES",
  "SHOW CREATE VIEW w",
  "SHOW TRIGGERS",
  "RENAME TABLE c TO _c_old",
  "DROP TABLE _c_old",
] as const;

for (const server of testServers()) {
  Deno.test(`who has what is asked for may do all that a tablet does (${server})`, async () => {
    await using mysqld = await startTestMysqld({ server });
    const { root, socketPath } = mysqld;
    await root.query("CREATE DATABASE my_shop", NEVER);
    await root.query("CREATE VIEW my_shop.w AS SELECT 1", NEVER);
    await root.query("CREATE USER vt@localhost", NEVER);
    await using vt = new Dba({ address: { socketPath }, user: "vt", password: "" });
    const lacking = async () => {
      const lines = toRows(await vt.query("SHOW GRANTS", NEVER))
        .map((grant) => Object.values(grant)[0] ?? "");
      return missingGrants(lines, "vt@localhost", mysqld.flavor.version, DATABASES);
    };
    for (const grant of await lacking()) await root.query(grant, NEVER);
    assert.deepEqual(await lacking(), []);
    await vt.session(async (session) => {
      await session.query("USE my_shop", NEVER);
      for (const statement of STATEMENTS) await session.query(statement, NEVER);
    }, NEVER);
  });
}
