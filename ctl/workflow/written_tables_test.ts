import assert from "node:assert/strict";
import { DEFAULT_OPTIONS } from "../../shared/sql/options.ts";
import { writtenTables } from "./written_tables.ts";

/** What is written to, as `database.table` where a database is given. */
const CASES: readonly (readonly [sql: string, written: string])[] = [
  // One table, and all that may stand before its name.
  ["insert into customer values (1)", "customer"],
  ["insert customer values (1)", "customer"],
  ["insert low_priority customer values (1)", "customer"],
  ["insert delayed ignore into customer values (1)", "customer"],
  ["insert ignore into customer values (1)", "customer"],
  ["insert into /* other */ customer values (1)", "customer"],
  ["insert into -- other\ncustomer values (1)", "customer"],
  ["insert /*!40000 into */ customer values (1)", "customer"],
  ["insert into`customer` values (1)", "customer"],
  ["insert into`my-db`.`customer` values (1)", "my-db.customer"],
  ["insert into my_db . customer values (1)", "my_db.customer"],
  ["insert .customer values (1)", "customer"],
  ["insert into `a``b` values (1)", "a`b"],
  ["insert into `select` values (1)", "select"],
  ["insert into d.order values (1)", "d.order"],
  ["insert into audit.customer select 1", "audit.customer"],
  ["insert into a select * from customer on duplicate key update status = 1", "a"],
  ["insert into a with c as (select 1) select * from c", "a"],
  ["replace customer values (1)", "customer"],
  ["replace low_priority into customer set a = 1", "customer"],
  ["truncate customer", "customer"],
  ["truncate table d.customer; select 1", "d.customer"],
  ["truncate customer nowait", "customer"],
  ["load data infile 'x' into table customer", "customer"],
  ["load data local infile 'x' replace into table customer lines starting by 'y'", "customer"],
  ["load index into cache customer", ""],
  // Several tables.
  ["update customer set a = 1", "customer"],
  ["update low_priority ignore customer as c set c.a = 1", "customer"],
  ["update other, customer set customer.a = 1", "customer"],
  ["update other, customer set other.a = customer.a", "other"],
  [
    "update other o join customer c on o.a = c.a and c.b in (1, 2) set c.b = 1, o.b = 2",
    "customer other",
  ],
  ["update other join customer using (id) set a = 1", "other customer"],
  ["update other join customer set x.a = 1", "other customer"],
  ["update (other left join (customer) on other.a = customer.a) set d.customer.a = 1", "customer"],
  ["update d.a join e.a set d.a.x = (select max(x), 1 from b), d.a.y = 1 where x = 1", "d.a"],
  ["update other use index for join (a, b), customer set customer.a = 1", "customer"],
  ["update other join (select * from customer) c on c.a = other.a set b = 1", "other"],
  ["update other, json_table('[]', '$[*]' columns (a int path '$')) j set other.a = 1", "other"],
  ["update { oj other left outer join customer on true } set customer.a = 1", "customer"],
  ["update { oj (other, customer) } set customer.a = 1", "customer"],
  [
    "delete c from ((select 1) order by 1) x join customer c",
    "c x customer",
  ],
  ["with c as (select * from customer) update other join c set other.a = c.a", "other"],
  ["update t partition (p0, p1) set a = replace(a, 'x', 'y')", "t"],
  ["delete from customer", "customer"],
  ["delete quick from customer as c where a in (select b from other)", "customer"],
  ["delete customer from customer join other", "customer"],
  ["delete a, customer from a join customer", "a customer"],
  ["delete a.*, d.customer.* from a join d.customer", "a d.customer"],
  ["delete c from customer as c join other as customer", "customer"],
  ["delete customer from customer as c join other as customer", "other"],
  ["delete from a, c using a join customer c", "a customer"],
  ["delete a from a join (customer) on a.x = customer.x", "a"],
  ["delete history from customer before system_time now()", "history customer"],
  // Of tables as such.
  ["create table if not exists customer (a int)", "customer"],
  ["create or replace table customer like other", "customer"],
  ["create temporary table totals select * from customer", ""],
  ["create or replace temporary table totals (a int)", ""],
  ["create table a (b int references c (b) on delete cascade on update cascade)", "a"],
  ["create table a ignore select * from customer", "a"],
  ["create table a replace select * from customer", "a"],
  ["drop table if exists a, customer", "a customer"],
  ["drop temporary table if exists totals", ""],
  ["alter table a rename to customer", "a customer"],
  ["alter online table customer drop column a, rename column b to c, drop index d", "customer"],
  ["alter table a exchange partition p with table customer", "a customer"],
  ["rename table a to b, customer to d.c", "a b customer d.c"],
  // Bodies.
  ["begin if new.a then insert into a values (1); else delete from b; end if; end", "a b"],
  ["begin declare exit handler for not found update a set b = 1; truncate b; end", "a b"],
  ["l: while true do replace a values (1); end while l", "a"],
  ["CREATE DEFINER=`a`@`%` TRIGGER t AFTER INSERT ON a FOR EACH ROW DELETE FROM b", "b"],
  ["CREATE TRIGGER t BEFORE UPDATE ON customer FOR EACH ROW SET NEW.update_at = now()", ""],
  ["CREATE TRIGGER t AFTER INSERT OR UPDATE OF c OR DELETE ON a FOR EACH ROW DELETE FROM b", "b"],
  // Only read, or another word.
  ["select count(*) into total from t", ""],
  ["select * from customer for update", ""],
  ["select * from customer for update of customer skip locked", ""],
  ["set new.b = insert(a, 1, 2, replace('a', 'b', 'c')), x = truncate(1.5, 1)", ""],
  ["select truncate, a.update, truncate from t where t.`delete` = truncate", ""],
  ["begin declare truncate int; set truncate = 1; select truncate into x from t; end", ""],
  ["return extract(year from created) + trim(leading '0' from code)", ""],
  ["begin -- we update customer later\n # insert into customer\n select 1; end", ""],
  ["select 1 /* insert into customer */ from t /* delete from customer */", ""],
  ["select 'insert into customer', \"it's; delete from customer\", 'it''s \\' update b set c'", ""],
  ["select `insert into customer` from `delete from b`", ""],
  ["select @update, @`delete from customer`, @@update", ""],
  ["show create table customer", ""],
  ["grant insert, update on customer to a", ""],
  ["prepare s from 'delete from customer'", ""],
  ["select 1 from (values row(1)) v", ""],
  // Nothing that is known: every name.
  ["update a join ? set customer.b = d.c; select e", "a customer customer.b d d.c"],
];

Deno.test("the tables that a stored statement writes to are told from its tokens", () => {
  for (const [sql, written] of CASES) {
    const found = writtenTables(sql, DEFAULT_OPTIONS)
      .map(({ database, table }) => database === "" ? table : `${database}.${table}`);
    assert.equal([...new Set(found)].sort().join(" "), written.split(" ").sort().join(" "), sql);
  }
});

Deno.test("quotes mean what the program's sql_mode says", () => {
  const ansi = { ...DEFAULT_OPTIONS, ansiQuotes: true };
  const sql = 'insert into "customer" values (1)';
  assert.deepEqual(writtenTables(sql, ansi), [{ database: "", table: "customer" }]);
  const literal = "select '\\'; delete from customer; select '';";
  const plain = { ...DEFAULT_OPTIONS, noBackslashEscapes: true };
  assert.deepEqual(writtenTables(literal, plain), [{ database: "", table: "customer" }]);
});

Deno.test("names beyond ASCII are told from each other", () => {
  const sql = "insert into kunde\u00e4 values (1); delete from `\u5ba2`";
  const found = writtenTables(sql, DEFAULT_OPTIONS).map(({ table }) => table);
  assert.deepEqual(found, ["kunde\u00e4", "\u5ba2"]);
});
