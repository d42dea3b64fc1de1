// deno-lint-ignore-file house/pure -- benchmarks register themselves with Deno
/** `deno bench shared/sql/normalize_bench.ts`: the price of a plan cache's key. */
import { normalize } from "./normalize.ts";
import { DEFAULT_OPTIONS } from "./options.ts";

const POINT = "SELECT c FROM sbtest1 WHERE id=5013";
const OLTP: readonly string[] = [
  POINT,
  "SELECT c FROM sbtest1 WHERE id BETWEEN 5013 AND 5112",
  "SELECT SUM(k) FROM sbtest1 WHERE id BETWEEN 1200 AND 1299",
  "SELECT DISTINCT c FROM sbtest1 WHERE id BETWEEN 45 AND 144 ORDER BY c",
  "UPDATE sbtest1 SET k=k+1 WHERE id=4999",
  "UPDATE sbtest1 SET c='68487932199-96439406143-93774651418-41631865787' WHERE id=5024",
  "DELETE FROM sbtest1 WHERE id=5027",
  "INSERT INTO sbtest1 (id, k, c, pad) VALUES (5027, 4980, '04733073604-70120', '21566')",
  "select `users`.* from `users` where `users`.`email` = 'a@example.com' limit 1",
  "SELECT t.id, t.name FROM orders t JOIN items i ON i.order_id = t.id WHERE t.id IN (1, 2, 3)",
];
const cache = new Map(OLTP.map((sql) => [normalize(sql, DEFAULT_OPTIONS).key, sql]));
let sink = 0;

Deno.bench("normalise + plan lookup, point select", () => {
  sink += cache.get(normalize(POINT, DEFAULT_OPTIONS).key) === undefined ? 1 : 0;
});

Deno.bench("normalise + plan lookup, ten OLTP statements", () => {
  for (const sql of OLTP) {
    sink += cache.get(normalize(sql, DEFAULT_OPTIONS).key) === undefined ? 1 : 0;
  }
});

Deno.bench("normalise a 1 MB IN list", () => {
  sink += normalize(IN_LIST, DEFAULT_OPTIONS).slots.length;
});

const IN_LIST = `select * from t where id in (${
  Array.from({ length: 150_000 }, (_, i) => i).join(",")
})`;
void sink;
