import assert from "node:assert/strict";
import { parseVersion, type ServerFacts, type TableFacts } from "./servers.ts";
import { translateTable } from "./translate_table.ts";

function server(version: string, ...collations: string[]): ServerFacts {
  return {
    at: "ks/-",
    ...parseVersion(version),
    variables: new Map(),
    replicates: false,
    collations: new Set(collations),
  };
}

const MARIADB = server(
  "10.11.6-MariaDB",
  "latin1_bin",
  "utf8mb4_uca1400_ai_ci",
  "utf8mb4_uca1400_nopad_ai_ci",
  "utf8mb4_uca1400_nopad_as_cs",
  "utf8mb4_nopad_bin",
);
const MYSQL = server("9.7.0", "latin1_bin", "utf8mb4_0900_ai_ci", "utf8mb4_0900_bin");

function translate(
  sql: string,
  from: ServerFacts,
  to: ServerFacts,
  columns: TableFacts["columns"] = [],
): string {
  const facts = {
    name: "t",
    type: "BASE TABLE",
    engine: "InnoDB",
    triggers: [],
    columns,
  };
  return translateTable({ name: "t", sql }, facts, from, to).sql;
}

Deno.test("translateTable() writes MySQL's definitions for MariaDB", () => {
  const mysql = [
    "CREATE TABLE `COLLATE utf8mb4_0900_ai_ci` (",
    "  `a` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'COLLATE x',",
    "  `b` int DEFAULT NULL /*!80023 INVISIBLE */ COMMENT 'it''s /*!80023 INVISIBLE */',",
    "  `g` geomcollection /*!80003 SRID 4326 */ DEFAULT NULL,",
    "  KEY `k` (`a`) /*!80000 INVISIBLE */",
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci",
    "/*!50100 PARTITION BY HASH (`b`) */",
  ];
  const mariadb = [
    "CREATE TABLE `COLLATE utf8mb4_0900_ai_ci` (",
    "  `a` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin DEFAULT 'COLLATE x',",
    "  `b` int DEFAULT NULL INVISIBLE COMMENT 'it''s /*!80023 INVISIBLE */',",
    "  `g` geometrycollection  DEFAULT NULL,",
    "  KEY `k` (`a`) IGNORED",
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_nopad_ai_ci",
    "/*!50100 PARTITION BY HASH (`b`) */",
  ];
  assert.equal(translate(mysql.join("\n"), MYSQL, MARIADB), mariadb.join("\n"));
  assert.equal(translate(mysql.join("\n"), MYSQL, MYSQL), mysql.join("\n"));
});

Deno.test("translateTable() writes MariaDB's definitions for MySQL", () => {
  const mariadb = "`a` char(36) COLLATE utf8mb4_uca1400_ai_ci DEFAULT uuid(), " +
    "`t` timestamp DEFAULT current_timestamp(), KEY `k` (`a`) IGNORED";
  const mysql = "`a` char(36) COLLATE utf8mb4_0900_ai_ci DEFAULT (uuid()), " +
    "`t` timestamp DEFAULT current_timestamp(), KEY `k` (`a`) INVISIBLE";
  assert.equal(translate(mariadb, MARIADB, MYSQL), mysql);
});

Deno.test("translateTable() refuses what has no equal, with the way out", () => {
  const column = { name: "c", type: "varchar", collation: "", unique: false };
  const refused = (pattern: RegExp, run: () => string) => assert.throws(run, pattern);
  refused(
    /UUID \(CHAR\(36\) holds its text\).*ApplySchema/s,
    () => translate("x", MARIADB, MYSQL, [{ ...column, type: "uuid" }]),
  );
  translate("x", MARIADB, MARIADB, [{ ...column, type: "uuid" }]);
  refused(
    /utf8mb4_ja_0900_as_cs/,
    () => translate("COLLATE utf8mb4_ja_0900_as_cs", MYSQL, MARIADB),
  );
  refused(/utf8mb4_0900_as_ci/, () => translate("COLLATE utf8mb4_0900_as_ci", MYSQL, MARIADB));
  refused(/NOT ENFORCED/, () => translate("CHECK (1) /*!80016 NOT ENFORCED */", MYSQL, MARIADB));
  // "a" and "a " are one value of a unique key only where spaces are padded.
  const padded = { ...column, collation: "utf8mb4_uca1400_ai_ci", unique: true };
  refused(
    /utf8mb4_uca1400_ai_ci/,
    () => translate("COLLATE utf8mb4_uca1400_ai_ci", MARIADB, MYSQL, [padded]),
  );
});
