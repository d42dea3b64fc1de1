import assert from "node:assert/strict";
import { checkForeignKeys, type ForeignKey } from "./foreign_keys.ts";

const KEY: ForeignKey = {
  name: "c_p",
  table: "child",
  refersTo: "parent",
  onDelete: "RESTRICT",
  onUpdate: "NO ACTION",
};

Deno.test("keys that change rows in silence are refused, unless the server logs them", () => {
  const check = (change: Partial<ForeignKey>, logged = false, tables = ["child", "parent"]) =>
    checkForeignKeys([{ ...KEY, ...change }], tables, logged);
  check({});
  check({ onDelete: "CASCADE" }, true);
  check({ onDelete: "CASCADE" }, false, ["other"]);
  assert.throws(
    () => check({ onDelete: "CASCADE" }),
    /c_p changes rows of child ON DELETE CASCADE/,
  );
  assert.throws(
    () => check({ onUpdate: "SET NULL" }),
    /ON UPDATE SET NULL .*; drop it, .*ALTER TABLE child DROP FOREIGN KEY c_p/,
  );
});

Deno.test("a key between what moves and what stays is refused", () => {
  assert.throws(
    () => checkForeignKeys([KEY], ["child"], true),
    /only child would be moved; move parent along/,
  );
  assert.throws(
    () => checkForeignKeys([KEY], ["parent"], true),
    /only parent would be moved; move child along/,
  );
  checkForeignKeys([{ ...KEY, refersTo: "child" }], ["child"], false);
});
