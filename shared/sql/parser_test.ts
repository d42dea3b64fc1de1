/** The parser on real traffic, on everything at once, and on what is too much. */
import { deepEqual, equal, throws } from "node:assert/strict";
import type { Binary, Expr, Query, Span } from "./ast.ts";
import { VtError } from "../error/errors.ts";
import { normalize } from "./normalize.ts";
import { DEFAULT_OPTIONS } from "./options.ts";
import { parseSql, parseStatement } from "./parser.ts";
import { splitStatements } from "./split.ts";
import { readCorpus } from "./testdata/corpus.ts";
import { walk } from "./walk.ts";

for (const name of ["clients.txt", "corpus.txt", "only_mysql.txt"]) {
  Deno.test(`parseStatement() takes every statement of ${name}`, () => {
    for (const sql of readCorpus(name)) parseSql(sql, DEFAULT_OPTIONS);
  });

  Deno.test(`nodes of ${name} lie inside their parents, and slots where the normaliser has them`, () => {
    for (const sql of readCorpus(name)) checkSpans(sql);
  });
}

function checkSpans(sql: string): void {
  const normalized = normalize(sql, DEFAULT_OPTIONS);
  const root = parseStatement(sql, normalized, DEFAULT_OPTIONS);
  // Marks of version comments are no tokens, so they may stand before and behind the root.
  if (!sql.includes("/*!") && !sql.includes("/*M!")) {
    deepEqual([root.start, root.end], [normalized.start, normalized.end], sql);
  }
  walk(root, (node) => {
    if (node.end < node.start) throw new Error(`${sql}: ${JSON.stringify(node)}`);
    for (const child of childrenOf(node)) {
      const inside = child.start >= node.start && child.end <= node.end;
      if (!inside) throw new Error(`${sql}: ${JSON.stringify(child)} in ${JSON.stringify(node)}`);
    }
    if (!("slot" in node) || node.slot === -1) return;
    const slot = normalized.slots[Number(node.slot)];
    deepEqual([node.start, node.end], [slot?.start, slot?.end], sql);
  });
}

function childrenOf(node: Span): readonly Span[] {
  return Object.values(node).flat().filter((child): child is Span =>
    typeof child === "object" && child !== null && "start" in child
  );
}

function queryOf(sql: string): Query {
  const statement = parseSql(sql, DEFAULT_OPTIONS);
  if (statement.kind !== "query") throw new Error(statement.kind);
  return statement.query;
}

function whereOf(sql: string): Expr {
  const query = queryOf(sql);
  if (query.kind !== "select" || query.where === undefined) throw new Error(sql);
  return query.where.expr;
}

Deno.test("parseStatement() takes a list of a megabyte as one node", () => {
  const items = Array.from({ length: 150_000 }, (_, index) => index).join(",");
  const where = whereOf(`select * from t where id in (${items})`);
  if (where.kind !== "in" || where.list.kind !== "literal_list") throw new Error(where.kind);
  equal(where.list.end - where.list.start, items.length);
});

Deno.test("parseStatement() takes 5,000 ORs without a deep stack, and walk() too", () => {
  const terms = Array.from({ length: 5_000 }, (_, index) => `a = ${index}`).join(" or ");
  const where = whereOf(`select * from t where ${terms}`);
  let columns = 0;
  walk(where, (node) => {
    if ("kind" in node && node.kind === "column") columns++;
  });
  equal(columns, 5_000);
  equal((where as Binary).op, "or");
});

const NESTINGS: Readonly<Record<string, (depth: number) => string>> = {
  parentheses: (n) => `select ${"(".repeat(n)}1${")".repeat(n)}`,
  functions: (n) => `select ${"f(".repeat(n)}1${")".repeat(n)}`,
  subqueries: (n) => `select ${"(select ".repeat(n)}1${")".repeat(n)}`,
  "derived tables": (n) => `select * from ${"(select * from ".repeat(n)}t${") x".repeat(n)}`,
  "nested tables": (n) => `select * from ${"(".repeat(n)}t${")".repeat(n)}`,
  "queries in parentheses": (n) => `${"(".repeat(n)}select 1${")".repeat(n)}`,
  cases: (n) => `select ${"case when ".repeat(n)}1${" then 1 end".repeat(n)}`,
  nots: (n) => `select ${"not ".repeat(n)}1`,
  signs: (n) => `select ${"- ".repeat(n)}1`,
  betweens: (n) => `select ${"a between 1 and ".repeat(n)}1`,
  assignments: (n) => `select ${"@a := ".repeat(n)}1`,
  joins: (n) => `select * from t${" join t".repeat(n)}${" on 1".repeat(n)}`,
  explains: (n) => `${"vexplain ".repeat(n)}select 1`,
  columns: (n) => `create table t ${"(".repeat(n)}a${")".repeat(n)}`,
  escapes: (n) => `select * from ${"{oj ".repeat(n)}t${"}".repeat(n)}`,
};

for (const [what, nest] of Object.entries(NESTINGS)) {
  Deno.test(`parseStatement() refuses 10,000 levels of ${what} and takes 60`, () => {
    parseSql(nest(60), DEFAULT_OPTIONS);
    throws(
      () => parseSql(nest(10_000), DEFAULT_OPTIONS),
      (error) => error instanceof VtError && error.errno === 1473,
    );
  });
}

Deno.test("a statement of 64 MB is normalised, parsed and split", () => {
  const row = `(1, '${"x".repeat(64 * 1024)}')`;
  const sql = `insert into t values ${Array.from({ length: 1024 }, () => row).join(",")}`;
  const statement = parseSql(sql, DEFAULT_OPTIONS);
  if (statement.kind !== "insert" || statement.source.kind !== "rows") throw new Error();
  equal(statement.source.rows.length, 1024);
  deepEqual(splitStatements(sql, DEFAULT_OPTIONS), [{ start: 0, end: sql.length }]);
});
