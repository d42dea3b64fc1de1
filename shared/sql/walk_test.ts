import { deepEqual } from "node:assert/strict";
import type { Span } from "./ast.ts";
import { DEFAULT_OPTIONS } from "./options.ts";
import { parseSql } from "./parser.ts";
import { aggregatesOf, columnsOf, subqueriesOf, tablesOf, walk, windowCallsOf } from "./walk.ts";

const SQL = "with w as (select a from x) select count(b), sum(c) over (), (select max(d) from y) " +
  "from ks.t join (select e from z) u on t.f = u.e where g in (select h from v)";

function texts(nodes: readonly Span[]): readonly string[] {
  return nodes.map((node) => SQL.slice(node.start, node.end));
}

function selectOf(sql: string): Span {
  const statement = parseSql(sql, DEFAULT_OPTIONS);
  if (statement.kind !== "query") throw new Error(statement.kind);
  return statement.query;
}

Deno.test("tablesOf() finds every table, qualified and nested", () => {
  deepEqual(texts(tablesOf(selectOf(SQL))), ["x", "y", "ks.t", "z", "v"]);
});

Deno.test("columnsOf(), aggregatesOf() and windowCallsOf() stay out of subqueries", () => {
  const query = selectOf(SQL);
  deepEqual(new Set(texts(columnsOf(query))), new Set(["b", "c", "t.f", "u.e", "g"]));
  deepEqual(texts(aggregatesOf(query)), ["count(b)"]);
  deepEqual(texts(windowCallsOf(query)), ["sum(c) over ()"]);
});

Deno.test("subqueriesOf() gives the queries one level down", () => {
  const found = new Set(texts(subqueriesOf(selectOf(SQL))));
  deepEqual(
    found,
    new Set([
      ...["select a from x", "select max(d) from y", "select e from z", "select h from v"],
    ]),
  );
});

Deno.test("walk() leaves out what lies below a node that is passed over", () => {
  let kinds = 0;
  walk(selectOf("select (select (select 1))"), (node) => {
    if ("kind" in node && node.kind === "subquery") {
      kinds++;
      return "over";
    }
    return "into";
  });
  deepEqual(kinds, 1);
});
