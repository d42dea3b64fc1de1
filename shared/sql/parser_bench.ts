// deno-lint-ignore-file house/pure -- benchmarks register themselves with Deno
/** `deno bench -A shared/sql/parser_bench.ts`: the price of a plan cache miss, before planning. */
import { normalize } from "./normalize.ts";
import { DEFAULT_OPTIONS } from "./options.ts";
import { parseStatement } from "./parser.ts";
import { readCorpus } from "./testdata/corpus.ts";

const POINT = "SELECT c FROM sbtest1 WHERE id=5013";
const INSERT =
  "INSERT INTO sbtest1 (id, k, c, pad) VALUES (5027, 4980, '04733073604-70120', '21566')";
const JOIN = "SELECT t.id, t.name FROM orders t JOIN items i ON i.order_id = t.id " +
  "WHERE t.id IN (1, 2, 3) AND i.price > 5.5 ORDER BY t.id DESC LIMIT 10";
const clients = readCorpus("clients.txt").filter((sql) =>
  /^(select|insert|update|delete)/i.test(sql)
);

for (const [name, sql] of Object.entries({ "point select": POINT, insert: INSERT, join: JOIN })) {
  const normalized = normalize(sql, DEFAULT_OPTIONS);
  Deno.bench(`parse: ${name}`, () => {
    parseStatement(sql, normalized, DEFAULT_OPTIONS);
  });
}

Deno.bench(`normalise and parse ${clients.length} statements of clients`, () => {
  for (const sql of clients) parseStatement(sql, normalize(sql, DEFAULT_OPTIONS), DEFAULT_OPTIONS);
});
