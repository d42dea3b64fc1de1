import assert from "node:assert/strict";
import { VtError } from "../../shared/error/errors.ts";
import { printStatement, splitSchemaScript } from "./sql_script.ts";

function refuses(script: string, message: RegExp): void {
  assert.throws(
    () => splitSchemaScript(script),
    (error) => error instanceof VtError && message.test(error.message),
    script,
  );
}

Deno.test("splitSchemaScript() cuts at semicolons outside of quotes and comments", () => {
  const script = `
    -- the sequences
    create table customer_seq(id int, next_id bigint, cache bigint, primary key(id)) comment 'vitess_sequence; a';
    insert into customer_seq(id, next_id, cache) values(0, 1000, 100);;
    /* last */ alter table \`t;u\` add c varchar(10) default '中文';
  `;
  const statements = splitSchemaScript(script);
  assert.deepEqual(statements.map(({ changesRows }) => changesRows), [false, true, false]);
  assert.deepEqual(statements.map(({ sql }) => sql), [
    "create table customer_seq(id int, next_id bigint, cache bigint, primary key(id)) comment 'vitess_sequence; a'",
    "insert into customer_seq(id, next_id, cache) values(0, 1000, 100)",
    "alter table \`t;u\` add c varchar(10) default '中文'",
  ]);
});

Deno.test("splitSchemaScript() refuses what changes nothing and what can't be read", () => {
  refuses(" -- nothing\n;", /there is no statement/);
  refuses("select 1", /"select 1" changes no schema/);
  refuses("use commerce; create table t(id int)", /"use commerce" changes no schema/);
  refuses("creat table t(id int)", /syntax/);
  refuses("create table t(id int) comment 'x", /syntax/);
  refuses("alter vschema on t add vindex hash(id)", /ApplyVSchema/);
});

Deno.test("printStatement() fits a line", () => {
  assert.equal(printStatement("select\n  1"), "select 1");
  assert.equal(printStatement("x".repeat(200)).length, 100);
});
