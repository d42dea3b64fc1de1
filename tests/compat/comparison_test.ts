/**
 * `column = literal` on real servers against what the vindexes are asked: whatever row a server
 * finds must have the keyspace id that the literal leads to.
 */
import assert from "node:assert/strict";
import { comparisonInput, type ComparisonKind } from "../../shared/vindex/comparison.ts";
import { createVindex } from "../../shared/vindex/registry.ts";
import { parseLiteral, textValue } from "../../shared/value/value.ts";
import { toRows } from "../../tablet/mysqld/dba.ts";
import { startTestMysqld, testServers } from "../harness/mysqld.ts";

const TYPES: readonly (readonly [type: string, kind: ComparisonKind])[] = [
  ["bigint", "integer"],
  ["decimal(30,0)", "integer"],
  ["varchar(30) character set utf8mb4", "digits"],
  ["varbinary(30)", "digits"],
];
const NUMBERS = ["0", "1", "7", "-7", "700", "9007199254740992", "9007199254740993", "-1"];
const LITERALS = [
  ...["7", "'7'", "007", "' 7'", "'7abc'", "'abc'", "''", "7.0", "7.5", "'7.5'", "'7.0'", "70e-1"],
  ...["7e2", "'7e2'", "'-7'", "-7.00", "0", "-0", "'+7'", "'.7e1'", "1e40", "true", "null"],
  ...["9007199254740993", "'9007199254740993'", "9007199254740993.0", "'1e0'", "' 1 '", "'\\t1'"],
];

for (const server of testServers()) {
  Deno.test(`rows that ${server} finds have the keyspace id of the literal`, async () => {
    const hash = createVindex("hash", "hash", {});
    assert.ok(hash !== undefined);
    await using mysqld = await startTestMysqld({ server });
    const { signal } = new AbortController();
    const ask = async (sql: string) => toRows(await mysqld.root.query(sql, { signal }));
    await ask("create database comparing");
    let found = 0;
    for (const [type, kind] of TYPES) {
      await ask(`create table comparing.t (c ${type})`);
      await ask(`insert into comparing.t values ${NUMBERS.map((n) => `('${n}')`).join(", ")}`);
      for (const literal of LITERALS) {
        const input = comparisonInput(kind, parseLiteral(literal));
        if (input === "unroutable") continue;
        const rows = await ask(`select cast(c as char) c from comparing.t where c = ${literal}`);
        for (const { c } of rows) {
          found++;
          const where = `${type} ${c} = ${literal}`;
          assert.ok(input !== "none", where);
          assert.deepEqual(hash.map([input]), hash.map([textValue(String(c))]), where);
        }
      }
      await ask("drop table comparing.t");
    }
    assert.ok(found > 50, `only ${found} rows were found`);
  });
}
