/** What a workflow refuses before it begins. */
import assert from "node:assert/strict";
import type { SchemaDefinition, TableDefinition } from "../../shared/rpc/tablet_admin.ts";
import type { StreamStatus } from "../../shared/rpc/vreplication.ts";
import { tableDefinition as table } from "../../tests/harness/table_definition.ts";
import { parseKeyspace } from "../../shared/vschema/parse.ts";
import { checkCanCreate } from "./checks.ts";
import type { ShardFacts } from "./facts.ts";
import { placementOf, ruleFor } from "./filter.ts";
import { checkExpression, materializeRule, readTableSettings } from "./materialize.ts";
import { checkShards } from "./shards.ts";
import { chooseTables, missingTables, newDefinition } from "./tables.ts";

function schema(...tableDefinitions: readonly TableDefinition[]): SchemaDefinition {
  return { databaseSchema: "", tableDefinitions };
}

const SOURCE = schema(
  table("a", ["id", "x"]),
  table("b", ["id"]),
  table("seq", ["id"], { schema: "CREATE TABLE `seq` (\n) COMMENT='vitess_sequence'" }),
  table("v", ["id"], { type: "VIEW" }),
);

Deno.test("chooseTables() takes those that are named, or all but views and sequences", () => {
  const choose = (tables: readonly string[], all = false, exclude: readonly string[] = []) =>
    chooseTables("ks", SOURCE, { tables, all, exclude });
  assert.deepEqual(choose(["b", "a", "b"]), ["b", "a"]);
  assert.deepEqual(choose([], true), ["a", "b"]);
  assert.deepEqual(choose([], true, ["a"]), ["b"]);
  assert.deepEqual(choose(["seq"]), ["seq"]);
  assert.throws(() => choose([]), /no tables to move/);
  assert.throws(() => choose(["a"], true), /not both/);
  assert.throws(() => choose(["v"]), /not found in source keyspace ks: v; it has: a, b, seq/);
  assert.throws(() => choose([], true, ["a", "b"]), /leaves none/);
});

Deno.test("missingTables() wants what is there to be alike and empty", () => {
  const at = { keyspace: "t", shard: "-" };
  const missing = (there: SchemaDefinition, rows: ReadonlyMap<string, number> = new Map()) =>
    missingTables(SOURCE, { at, schema: there, rows }, ["a", "b"], false).map(({ name }) => name);
  assert.deepEqual(missing(schema()), ["a", "b"]);
  assert.deepEqual(missing(schema(table("a", ["ID", "x"]))), ["b"]);
  assert.throws(
    () => missing(schema(table("a", ["id", "y"]))),
    /table a of t\/- lacks the column x:/,
  );
  assert.throws(() => missing(schema(table("b", ["id"])), new Map([["b", 1]])), /is not empty/);
});

Deno.test("newDefinition() leaves out what shards must not number themselves", () => {
  const sql = "CREATE TABLE `t` (\n  `id` bigint(20) NOT NULL AUTO_INCREMENT,\n" +
    "  `c` text COMMENT ' AUTO_INCREMENT',\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB AUTO_INCREMENT=42";
  assert.equal(newDefinition(sql, false), sql.replace(" AUTO_INCREMENT=42", ""));
  assert.equal(
    newDefinition(sql, true),
    sql.replace(" AUTO_INCREMENT=42", "").replace("NOT NULL AUTO_INCREMENT,", "NOT NULL,"),
  );
});

function shard(name: string, isPrimaryServing: boolean): ShardFacts {
  return {
    keyspace: "ks",
    shard: name,
    primary: "",
    dbName: "",
    isPrimaryServing,
    tabletControls: [],
  };
}

Deno.test("checkShards() wants targets that take over exactly what the sources serve", () => {
  const check = (from: string, to: string, serving: readonly [boolean, boolean] = [true, false]) =>
    checkShards(
      "ks",
      from.split(",").map((name) => shard(name, serving[0])),
      to.split(",").map((name) => shard(name, serving[1])),
    );
  for (
    const [from, to] of [["-", "-80,80-"], ["-80,80-", "-"], ["40-80", "60-80,40-60"]] as const
  ) {
    check(from, to);
  }
  check("-80,80-", "-40,40-8000,8000-c0,c0-");
  assert.throws(() => check("-", "-80"), /cover the key range\(s\) -, but .* cover -80/);
  assert.throws(() => check("-80", "-80,80-"), /must be the same/);
  assert.throws(
    () => check("-", "-80,40-"),
    /VT22002: target shards ks\/-80 and ks\/40- overlap, .*give --target-shards that share no keys/,
  );
  // Whether or not they serve.
  assert.throws(() => check("-,80-", "-80,80-"), /source shards ks\/- and ks\/80- overlap/);
  assert.throws(() => check("-", "-80,80-", [true, true]), /is in serving state/);
  assert.throws(() => check("-", "-80,80-", [false, false]), /is not in serving state/);
});

const SHARDED = parseKeyspace({
  sharded: true,
  vindexes: { hash: { type: "hash" }, m: { type: "numeric_static_map", params: { json: "{}" } } },
  tables: {
    t: { column_vindexes: [{ column: "id", name: "hash" }] },
    p: { column_vindexes: [{ column: "select", name: "m" }] },
    r: { type: "reference" },
  },
});
const TARGET = { keyspace: "ks", document: SHARDED };

Deno.test("rules name the vindex by its type, or by its name where it has parameters", () => {
  assert.deepEqual(
    ruleFor("t", TARGET, "-80").filter,
    "select * from t where in_keyrange(id, 'hash', '-80')",
  );
  assert.equal(
    ruleFor("p", TARGET, "80-").filter,
    "select * from p where in_keyrange(`select`, 'ks.m', '80-')",
  );
  assert.equal(ruleFor("r", TARGET, "80-").filter, "select * from r");
  assert.equal(ruleFor("t", TARGET, "-").filter, "select * from t");
  assert.equal(placementOf(TARGET, "x").is, "unknown");
});

Deno.test("materialized rows are placed by the column behind the target's", () => {
  const rule = (expression: string): string =>
    materializeRule(
      { targetTable: "t", sourceExpression: expression, createDdl: "" },
      TARGET,
      "-80",
    )
      .filter;
  assert.equal(
    rule("select a as id, b from s where b > 1 or b < 0"),
    "select a as id, b from s where (b > 1 or b < 0) and in_keyrange(a, 'hash', '-80')",
  );
  assert.equal(rule("select * from s"), "select * from s where in_keyrange(id, 'hash', '-80')");
  assert.throws(() => rule("select a + 1 as id from s"), /must give as a plain column/);
  assert.throws(() => rule("select a from s, u"), /must be a SELECT from one table/);
  assert.throws(() => readTableSettings("[]"), /there are none/);
  assert.throws(() => readTableSettings("{"), /VT22001/);
});

Deno.test("expressions that can't be kept exact are refused before anything is made", () => {
  const check = (sourceExpression: string, createDdl = "create table t (id int primary key)") =>
    checkExpression({ targetTable: "t", sourceExpression, createDdl }, {
      databaseSchema: "",
      tableDefinitions: [table("s", ["id", "Day", "created"])],
    });
  check("select * from s", "copy");
  check("select * from s where created > '2026-01-01'", "copy");
  check("select date(created) as d, count(*) as n from s group by d");
  assert.throws(() => check("select id, rand() as r from s"), /VT12001.*function rand/);
  assert.throws(
    () => check("select date(created) as day, count(*) as n from s group by day"),
    /VT22001.*GROUP BY day means column day of s; give the expression another name/,
  );
  assert.throws(
    () => check("select id, year(created) as y from s", "copy"),
    /VT22002.*give its CREATE TABLE/,
  );
});

function stream(more: Partial<StreamStatus>): StreamStatus {
  return {
    id: 1,
    workflow: "w",
    workflowType: "move_tables",
    source: {
      keyspace: "s",
      shard: "-",
      filter: { rules: [{ match: "t", filter: "" }] },
      onDdl: "IGNORE",
      stopAfterCopy: false,
    },
    position: "MariaDB/0-1-1",
    stopPosition: "",
    state: "Running",
    message: "",
    dbName: "",
    cells: "",
    tabletTypes: "",
    tags: "",
    deferSecondaryKeys: false,
    options: "",
    timeUpdated: 100,
    transactionTimestamp: 100,
    timeHeartbeat: 100,
    timeThrottled: 0,
    componentThrottled: "",
    reasonThrottled: "",
    rowsCopied: 0,
    copyState: [],
    ...more,
  };
}

Deno.test("checkCanCreate() finds who has the name or the tables already", () => {
  const check = (more: Partial<StreamStatus>, mine = false) =>
    checkCanCreate(
      "w",
      [{ keyspace: "ks", shard: "-", primary: "zone1-1250593518", stream: stream(more) }],
      ["t"],
      () => mine,
    );
  assert.throws(
    () => check({}),
    /workflow w already exists in keyspace ks on tablet zone1-1250593518/,
  );
  check({}, true);
  assert.throws(
    () => check({ workflow: "old", message: "FROZEN" }),
    /found previous frozen workflow on tablet 1250593518, please review and delete it first before creating a new workflow/,
  );
  assert.throws(
    () => check({ workflow: "other" }),
    /other on ks\/- has t already; complete or cancel it first/,
  );
  assert.throws(
    () => check({ workflow: "other_reverse" }),
    /other_reverse on ks\/- has t already; complete or reverse other of keyspace s, which/,
  );
  check({ workflow: "other", workflowType: "materialize" });
});
