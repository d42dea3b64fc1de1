/** Values of every type, copied and followed, also from one flavor to the other. */
import assert from "node:assert/strict";
import { type TestServer, whyNoMysql } from "../../tests/harness/mysqld.ts";
import { StreamCluster } from "../../tests/harness/stream_cluster.ts";

const COLUMNS: readonly (readonly [string, readonly string[]])[] = [
  ["t1 tinyint", ["-128", "NULL"]],
  ["i8 bigint unsigned", ["18446744073709551615", "0"]],
  ["z int(8) unsigned zerofill", ["42", "NULL"]],
  ["d decimal(65,30)", [
    "12345678901234567890123456789012345.123456789012345678901234567890",
    "-0.5",
  ]],
  ["f float", ["0.1", "3.4028234e38"]],
  ["fd float(7,4)", ["1.5", "-999.0625"]],
  ["gd double(8,2)", ["1.25", "-99999.5"]],
  ["g double", ["-1.7976931348623157e308", "5e-324"]],
  ["b bit(13)", ["b'1010101010101'", "b'0'"]],
  ["b64 bit(64)", ["0xffffffffffffffff", "NULL"]],
  ["y year", ["1901", "2155"]],
  ["da date", ["'0000-00-00'", "'2026-00-31'"]],
  ["ti time(6)", ["'-838:59:58.999999'", "'00:00:00.000001'"]],
  ["dt datetime(3)", ["'9999-12-31 23:59:59.999'", "'2026-02-30 00:00:00'"]],
  ["ts timestamp(6) NULL", ["'1970-01-01 00:00:01.5'", "'0000-00-00'"]],
  ["e enum('x','it''s','\\\\') ", ["'it''s'", "'\\\\'"]],
  ["s set('a','b','c')", ["'a,c'", "''"]],
  ["l1 varchar(20) CHARACTER SET latin1", ["_latin1 0xe4f6fc275c00", "''"]],
  ["u16 varchar(20) CHARACTER SET utf16", ["_utf8mb4'ä😀'", "'x'"]],
  ["sj varchar(20) CHARACTER SET sjis", ["_sjis 0x835c8350", "'a'"]],
  ["u8 text CHARACTER SET utf8mb4", ["'a\\'b\\\\c\\n\\0d😀'", "NULL"]],
  ["c char(5) CHARACTER SET utf8mb4", ["'a '", "''"]],
  ["bi binary(4)", ["0x00", "0x27005c00"]],
  ["vb varbinary(300)", ["REPEAT(0x00275cff, 70)", "''"]],
  ["bl longblob", ["REPEAT(0xff, 70000)", "NULL"]],
  ["j json", [`'{"a": [1, 2.50, null, "é😀\\\\"q"]}'`, "NULL"]],
  ["p point", ["ST_GeomFromText('POINT(1 2)')", "NULL"]],
  ["gs bigint GENERATED ALWAYS AS (i8 DIV 2) STORED", []],
  ["gr decimal(10,2) GENERATED ALWAYS AS (y * 1.005) STORED", []],
  ["gv int GENERATED ALWAYS AS (LENGTH(vb)) VIRTUAL", []],
];

const CREATE = `CREATE TABLE t (id int PRIMARY KEY, ${
  COLUMNS.map(([column]) => column).join(", ")
})`;
/** What a server evaluates beside the values; it must know their collations. */
const MADE = {
  match: "made",
  filter: "select *, t1 * 2 as twice, hex(vb) as x from t where i8 >= 0 or e = 'x'",
};
const CREATE_MADE = CREATE.replace("TABLE t (", "TABLE made (").replace(
  /\)$/,
  ", twice int, x text)",
);

function insert(id: number, take: number): string {
  const written = COLUMNS.filter(([, values]) => values.length > 0);
  const names = written.map(([column]) => column.split(" ")[0]).join(", ");
  const values = written.map(([, list]) => list[take]).join(", ");
  return `INSERT INTO t (id, ${names}) VALUES (${id}, ${values})`;
}

const NUMBERS = ["t1", "i8", "z", "d", "g", "y", "gs", "gv"] as const;

/** What both servers print alike when it is the same. */
function printed(name: string): string {
  if (name === "f") return "f + 0e0";
  // Spaces and the forms of numbers are the server's own.
  if (name === "j") {
    return "JSON_EXTRACT(j, '$.a[0]'), HEX(JSON_UNQUOTE(JSON_EXTRACT(j, '$.a[3]')))";
  }
  return NUMBERS.some((number) => number === name) ? name : `HEX(${name})`;
}

/** Invalid dates are values, too. */
async function write(cluster: StreamCluster, sql: string): Promise<void> {
  await cluster.sql(cluster.source, sql, "ALLOW_INVALID_DATES");
}

for (
  const [from, to] of [
    ["mariadb", "mariadb"],
    ["mysql", "mysql"],
    ["mariadb", "mysql"],
    ["mysql", "mariadb"],
  ] as readonly (readonly [TestServer, TestServer])[]
) {
  const needsMysql = from === "mysql" || to === "mysql";
  Deno.test({
    name: `values of every type arrive as they were, ${from} to ${to}`,
    ignore: needsMysql && whyNoMysql() !== undefined,
    fn: async () => {
      await using cluster = await StreamCluster.start({ server: from, targetServer: to });
      const [target] = cluster.targets;
      assert.ok(target);
      await cluster.sqlEverywhere(CREATE);
      // MySQL's default collation is not one of MariaDB's.
      const isMade = from === to || from === "mariadb";
      if (isMade) await cluster.sql(target, CREATE_MADE);
      await write(cluster, insert(1, 0));
      await write(cluster, insert(2, 1));
      await cluster.createStreams(() => [
        { match: "t", filter: "" },
        ...(isMade ? [MADE] : []),
      ]);
      await cluster.untilState("Running");
      await write(cluster, insert(3, 0));
      await write(cluster, insert(4, 1));
      await write(cluster, "UPDATE t SET id = 5 WHERE id = 1");
      await cluster.untilCaughtUp();
      const names = COLUMNS.map(([column]) => column.split(" ")[0] ?? "");
      for (const name of names) {
        const column = printed(name);
        const select = `SELECT id, ${column} FROM t ORDER BY id`;
        const wanted = await cluster.sql(cluster.source, select);
        assert.equal(wanted.length, 4);
        assert.deepEqual(await cluster.sql(target, select), wanted, name);
        if (!isMade) continue;
        const made = await cluster.sql(target, select.replace("FROM t", "FROM made"));
        assert.deepEqual(made, wanted, `${name}, evaluated`);
      }
      if (!isMade) return;
      assert.deepEqual(
        await cluster.sql(target, "SELECT twice, x FROM made ORDER BY id"),
        await cluster.sql(cluster.source, "SELECT t1 * 2, HEX(vb) FROM t ORDER BY id"),
      );
    },
  });
}
