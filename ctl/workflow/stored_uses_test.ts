import assert from "node:assert/strict";
import { findUse, mayUse, type StoredProgram } from "./stored_uses.ts";

const program = (kind: string, name: string, text: string, of = ""): StoredProgram => ({
  kind,
  name,
  text,
  of,
  sqlMode: "",
});
const usedBy = (text: string, sqlMode = "") =>
  findUse("my-db", [{ ...program("procedure", "p", text), sqlMode }], ["customer", "total"])?.table;

Deno.test("a view over a view uses the table, and so does what calls it", () => {
  const programs = [
    program("event", "ev", "begin delete low_priority from `above` where id = 1; end"),
    program("view", "above", "select `d`.`v`.`id` AS `id` from `d`.`v`"),
    program("view", "v", "select `d`.`customer`.`id` AS `id` from `d`.`customer`"),
  ];
  for (const one of programs) {
    const others = programs.filter(({ kind }) => kind === "view" && one.kind !== "view");
    const views = one.name === "above" ? programs.slice(1) : [one, ...others];
    const use = findUse("d", views, ["customer"]);
    assert.deepEqual([use?.program.name, use?.table], [one.name, "customer"]);
  }
  assert.equal(findUse("d", programs, ["corder", "v2"]), undefined);
  assert.equal(findUse("other", programs.slice(1), ["customer"]), undefined);
});

Deno.test("a view is written to by way of its FROM, and not of what it only reads", () => {
  const joined = "from (`d`.`other` `o` join `d`.`customer` `c` on((`o`.`id` = `c`.`id`)))";
  const cases: readonly (readonly [text: string, isUse: boolean])[] = [
    [`select \`o\`.\`id\` AS \`id\` ${joined}`, true],
    ["select `y`.`id` AS `id` from ((select `d`.`customer`.`id` from `d`.`customer`) `y`)", true],
    ["with x as (select 1 from `d`.`customer`)select `o`.`id` from `d`.`other` `o` join `x`", true],
    ["select `o`.`customer` AS `customer` from `d`.`other` `o` order by `o`.`customer`", false],
    ["select (select max(`d`.`customer`.`a`) from `d`.`customer`) AS `a` from `d`.`other`", false],
    ["select 1 AS `a` from `d`.`other` where `a` in (select 1 from `d`.`customer`)", false],
    ["select '\\' from `d`.`customer`' AS `a` from `d`.`other`", false],
    ["select 1 AS `a` from `d2`.`customer`", false],
  ];
  for (const [text, isUse] of cases) {
    const use = findUse("d", [program("view", "v", text)], ["customer"]);
    assert.equal(use?.table, isUse ? "customer" : undefined, text);
  }
});

Deno.test("a qualifier counts when it is the database", () => {
  assert.equal(usedBy("insert into `my-db`.`customer` values (1)"), "customer");
  assert.equal(usedBy("insert into Customer values (1)"), "customer");
  assert.equal(usedBy("insert into audit.customer select 1"), undefined);
  assert.equal(usedBy("select count(*) into total from t"), undefined);
  assert.equal(
    usedBy('insert into "customer" values (1)', "PIPES_AS_CONCAT,ANSI_QUOTES"),
    "customer",
  );
});

Deno.test("what isn't SQL is a use when it mentions the table", () => {
  assert.equal(usedBy("session.sql('delete from customer"), "customer");
  assert.equal(usedBy("session.sql('delete from other"), undefined);
});

Deno.test("the table's own triggers are no uses, and what mentions no table isn't read", () => {
  const own = program("trigger", "tr", "update customer set a = 1", "customer");
  assert.equal(findUse("d", [own], ["customer"]), undefined);
  const view = program("view", "v", "");
  const calls = program("event", "ev", "update V set a = 1");
  const other = program("procedure", "p", "update other set a = 1");
  assert.deepEqual(mayUse([own, view, calls, other], ["customer"]), [calls]);
  assert.deepEqual(mayUse([other], ["a`b"]), [other]);
});
