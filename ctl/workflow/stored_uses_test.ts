import assert from "node:assert/strict";
import { findUse, type StoredProgram } from "./stored_uses.ts";

const program = (kind: string, name: string, text: string, of = ""): StoredProgram => ({
  kind,
  name,
  text,
  of,
});

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

Deno.test("columns, longer names and texts are not the table", () => {
  for (
    const text of [
      "select max(customer) into x from t",
      "update customers set customer = 1",
      "insert into `customer_old` values ('customer')",
      "delete from customer$ where a.customer = 1",
    ]
  ) {
    assert.equal(findUse("d", [program("procedure", "p", text)], ["customer"]), undefined, text);
  }
  for (
    const text of [
      "INSERT INTO customer VALUES (1)",
      "insert ignore `customer` values (1)",
      "update d.customer set a = 1",
      "select 1 from t join `d` . `customer`",
    ]
  ) {
    assert.equal(findUse("d", [program("procedure", "p", text)], ["customer"])?.table, "customer");
  }
  const own = program("trigger", "tr", "update customer set a = 1", "customer");
  assert.equal(findUse("d", [own], ["customer"]), undefined);
});
