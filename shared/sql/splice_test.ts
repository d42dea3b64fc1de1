import { deepEqual, equal, throws } from "node:assert/strict";
import { normalize } from "./normalize.ts";
import { DEFAULT_OPTIONS } from "./options.ts";
import { parseStatement } from "./parser.ts";
import { type Edit, insertAt, replaceBy, splicePieces, spliceText } from "./splice.ts";
import { tablesOf } from "./walk.ts";

const SQL = "select a /* c */, 'x' from ks.t where id in (1, 2) and b = 3 -- end";

Deno.test("spliceText() renames a table and adds a column; the rest stays to the byte", () => {
  const normalized = normalize(SQL, DEFAULT_OPTIONS);
  const statement = parseStatement(SQL, normalized, DEFAULT_OPTIONS);
  if (statement.kind !== "query" || statement.query.kind !== "select") throw new Error();
  const [table] = tablesOf(statement);
  if (table === undefined) throw new Error();
  const edits = [replaceBy(table, "`u`"), insertAt(statement.query.itemsSpan.end, ", id")];
  equal(
    spliceText(SQL, edits, normalized),
    "select a /* c */, 'x', id from `u` where id in (1, 2) and b = 3",
  );
});

Deno.test("splicePieces() leaves slots open, except those that an edit covers", () => {
  const { slots, start, end } = normalize(SQL, DEFAULT_OPTIONS);
  const [first, list] = slots;
  if (first === undefined || list === undefined) throw new Error();
  const edits: readonly Edit[] = [
    replaceBy(first, "'y'"),
    { start: list.start, end: list.end, by: { shardList: 1 } },
  ];
  deepEqual(splicePieces(SQL, slots, edits, { start, end }), [
    "select a /* c */, 'y' from ks.t where id in (",
    { shardList: 1 },
    ") and b = ",
    { slot: 2 },
  ]);
});

Deno.test("insertions at one place keep their order, around slots too", () => {
  const sql = "select 1";
  const { slots } = normalize(sql, DEFAULT_OPTIONS);
  const edits = [insertAt(7, "("), insertAt(7, "("), insertAt(8, ")"), insertAt(8, " + 1)")];
  equal(spliceText(sql, edits), "select ((1) + 1)");
  deepEqual(splicePieces(sql, slots, edits, { start: 0, end: 8 }), [
    "select ((",
    { slot: 0 },
    ") + 1)",
  ]);
});

Deno.test("spliceText() refuses edits that overlap or lie outside", () => {
  const overlap = [{ start: 0, end: 3, by: "" }, { start: 2, end: 4, by: "" }];
  throws(() => spliceText(SQL, overlap), RangeError);
  throws(() => spliceText(SQL, [insertAt(SQL.length + 1, "")]), RangeError);
  throws(() => spliceText(SQL, [insertAt(3, "")], { start: 4, end: 9 }), RangeError);
});
