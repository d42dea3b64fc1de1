import assert from "node:assert/strict";
import { printTable } from "./text_table.ts";

Deno.test("printTable() draws as the mysql client does", () => {
  const text = printTable({
    columns: ["id", "email"],
    rows: [["1", "alice@domain.com"], ["12", null], ["3", "中文"], ["4", "a\nb"]],
  });
  assert.equal(
    text,
    [
      "+----+------------------+",
      "| id | email            |",
      "+----+------------------+",
      "|  1 | alice@domain.com |",
      "| 12 | NULL             |",
      "|  3 | 中文             |",
      "|  4 | a\\nb             |",
      "+----+------------------+",
    ].join("\n"),
  );
});

Deno.test("printTable() draws empty results", () => {
  assert.equal(printTable({ columns: [], rows: [] }), "");
  assert.equal(printTable({ columns: ["a"], rows: [] }), "+---+\n| a |\n+---+");
});
