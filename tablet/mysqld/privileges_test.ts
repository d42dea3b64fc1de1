import assert from "node:assert/strict";
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
    "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, LOCK TABLES, SHOW VIEW, " +
    "TRIGGER " +
    "ON `my_shop`.* TO " + VT,
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
    "GRANT ALTER, INDEX, LOCK TABLES, SHOW VIEW, TRIGGER ON `my%`.* TO `vt`@`10.%`",
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
