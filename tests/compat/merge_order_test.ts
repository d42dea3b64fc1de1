/**
 * The weights by which the gate merges text, against the order that servers themselves give it:
 * PAD SPACE and NO PAD collations, case, accents, control characters, characters beyond the BMP.
 */
import assert from "node:assert/strict";
import { compareWeights } from "../../gate/engine/key_comparator.ts";
import { toRows } from "../../tablet/mysqld/dba.ts";
import { startTestMysqld, testServers } from "../harness/mysqld.ts";

const TEXTS = [
  ..."|a|a |a  |A|a\t|a\tb|a b|ab|aB|b|B |á|ä|ae|æ|ß|ss|s|z|Z|_|-|1|10|2|\u{1F600}|\u{1F601}|中|文"
    .split("|"),
];

const COLLATIONS: Readonly<Record<string, readonly string[]>> = {
  mariadb: [
    "utf8mb4_general_ci",
    "utf8mb4_unicode_ci",
    "utf8mb4_bin",
    "utf8mb4_unicode_520_nopad_ci",
    "utf8mb4_swedish_ci",
  ],
  mysql: [
    "utf8mb4_general_ci",
    "utf8mb4_unicode_ci",
    "utf8mb4_bin",
    "utf8mb4_0900_ai_ci",
    "utf8mb4_0900_as_cs",
    "utf8mb4_0900_bin",
  ],
};

function bytesOf(hex: unknown): Uint8Array {
  assert.ok(typeof hex === "string", `no weights: ${String(hex)}`);
  return Uint8Array.fromHex(hex);
}

for (const server of testServers()) {
  Deno.test(`weights and padding order text as ${server} does`, async () => {
    await using mysqld = await startTestMysqld({ server });
    const { signal } = new AbortController();
    const ask = async (sql: string) => toRows(await mysqld.root.query(sql, { signal }));
    await ask("create database ordering");
    for (const collation of COLLATIONS[server] ?? []) {
      const table = `ordering.${collation}`;
      const type = `varchar(20) character set utf8mb4 collate ${collation}`;
      await ask(`create table ${table} (i int, t ${type})`);
      const rows = TEXTS.map((text, i) =>
        `(${i}, convert(x'${new TextEncoder().encode(text).toHex()}' using utf8mb4))`
      );
      await ask(`insert into ${table} values ${rows.join(", ")}`);
      const weights = await ask(
        `select hex(WEIGHT_STRING(t)) w, hex(IF(LEFT(t, 0) = SPACE(1), ` +
          `WEIGHT_STRING(LEFT(t, 0) AS CHAR(1)), '')) p from ${table} order by i`,
      );
      const pairs = await ask(
        `select a.i a, b.i b, (a.t > b.t) - (a.t < b.t) c from ${table} a, ${table} b`,
      );
      assert.equal(pairs.length, TEXTS.length ** 2);
      for (const { a, b, c } of pairs) {
        const left = weights[Number(a)];
        const right = weights[Number(b)];
        const order = compareWeights(
          ...[bytesOf(left?.["w"]), bytesOf(right?.["w"]), bytesOf(left?.["p"])] as const,
        );
        const names = [TEXTS[Number(a)], TEXTS[Number(b)]].map((text) => JSON.stringify(text));
        assert.equal(Math.sign(order) + 0, Number(c), `${collation}: ${names.join(" and ")}`);
      }
    }
  });
}
