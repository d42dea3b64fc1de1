// deno-lint-ignore-file house/pure -- benchmarks register themselves with Deno
/** Time to plan a statement that the cache doesn't have: deno bench gate/plan/plan_bench.ts */
import { normalize } from "../../shared/sql/normalize.ts";
import { DEFAULT_OPTIONS } from "../../shared/sql/options.ts";
import { parseStatement } from "../../shared/sql/parser.ts";
import { contextOf } from "./plan_fixture_test.ts";
import { planStatement } from "./plan_statement.ts";

const STATEMENTS: Readonly<Record<string, string>> = {
  point: "select email from customer where customer_id = 5",
  join: "select * from customer c join corder o on c.customer_id = o.customer_id " +
    "where c.customer_id = 5 order by o.price limit 10",
  range: "select customer_id, email from customer where email like 'a%' order by email limit 10",
  list: "select * from customer where customer_id in (1, 2, 3, 4, 5, 6, 7, 8)",
  insert: "insert into corder (customer_id, sku, price) values (1, 'a', 2)",
  update: "update customer set email = 'x' where customer_id = 5",
};

for (const [name, sql] of Object.entries(STATEMENTS)) {
  const context = contextOf({ keyspace: "customer" });
  Deno.bench(`normalise, parse and plan: ${name}`, () => {
    const normalized = normalize(sql, DEFAULT_OPTIONS);
    const statement = parseStatement(sql, normalized, DEFAULT_OPTIONS);
    planStatement(statement, { sql, ...normalized }, context);
  });
}
