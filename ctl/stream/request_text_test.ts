/** What people and programs write to ask for a stream: filters and positions. */
import assert from "node:assert/strict";
import { forRandom } from "../../tests/harness/random.ts";
import { copyRule, demandRules } from "./copy_rule.ts";
import { parseFilterText, readFilter } from "./filter_text.ts";
import type { ShardGtid } from "./vgtid.ts";
import { parseVGtid, readVGtid, vgtidJson } from "./vgtid_json.ts";

Deno.test("rules as a person writes them", () => {
  assert.deepEqual(
    parseFilterText(
      "customer:select a, b from c where in_keyrange(a, 'hash', '-80'); corder; /^x(:|y)$/:exclude",
    ),
    [
      {
        match: "customer",
        filter: "select a, b from c where in_keyrange(a, 'hash', '-80')",
      },
      { match: "corder", filter: "" },
      { match: "/^x(:|y)$/", filter: "exclude" },
    ],
  );
  assert.deepEqual(parseFilterText('{"rules":[{"match":"/.*/","filter":"-80"},{"match":"t"}]}'), [
    { match: "/.*/", filter: "-80" },
    { match: "t", filter: "" },
  ]);
  assert.throws(() => parseFilterText(":select"), /is no rule/);
  assert.throws(() => readFilter({ rules: [{ filter: "" }] }), /no rule with match/);
  assert.throws(() => readFilter({}), /want \{"rules"/);
});

Deno.test("the rule that a table is copied by", () => {
  const rules = parseFilterText("/^_/:exclude; t:-80; u:select a from t2; /.*/");
  assert.deepEqual(copyRule(rules, "_vt_x"), undefined);
  assert.deepEqual(copyRule(rules, "other"), { match: "other", filter: "" });
  assert.deepEqual(copyRule(rules, "t"), { match: "t", filter: "-80" });
  assert.throws(() => copyRule(rules, "t2"), /VT12001.*table t2 as u and t2/);
  demandRules(rules);
  assert.throws(() => demandRules(parseFilterText("t:drop table t")), /VT26007/);
  const counted = parseFilterText("t:select a, count(*) as n from t group by a");
  assert.throws(() => demandRules(counted), /VT12001: .*GROUP BY in the filter of a stream/);
});

Deno.test("positions come out as they went in, in the midst of copying too", () => {
  forRandom(200, (random) => {
    const values = Array.from(
      { length: 1 + random.int(3) },
      () => random.int(6) === 0 ? null : random.bytes(random.int(9)),
    );
    const upTo = { columns: values.map((_, i) => `c${i}`), values };
    const copying = [{ table: "t", upTo }, { table: "ü", upTo: undefined }];
    const some: ShardGtid = { keyspace: "k", shard: "-80", gtid: "MariaDB/0-1-2", copying };
    const other: ShardGtid = { keyspace: "k", shard: "80-", gtid: "MariaDB/0-1-7" };
    assert.deepEqual(parseVGtid(JSON.stringify(vgtidJson([some, other]))), [some, other]);
  });
});

Deno.test("positions that are looked up, of all shards or of one", () => {
  assert.deepEqual(parseVGtid('[{"keyspace":"k","gtid":""},{"keyspace":"l","gtid":"current"}]'), [
    { keyspace: "k", shard: "", gtid: "" },
    { keyspace: "l", shard: "", gtid: "current" },
  ]);
  const at = (more: object) => [{ keyspace: "k", shard: "-", gtid: "MariaDB/0-1-1", ...more }];
  assert.throws(() => readVGtid(at({ shard: "" })), /has no shard/);
  assert.throws(() => readVGtid(at({ table_p_ks: {} })), /table_p_ks is no list/);
  const lastpk = { fields: [{ name: "id" }], rows: [{ lengths: ["3"], values: "NQ==" }] };
  assert.throws(
    () => readVGtid(at({ table_p_ks: [{ table_name: "t", lastpk }] })),
    /other lengths/,
  );
  assert.throws(() => readVGtid(at({ table_p_ks: [{ table_name: "t", lastpk: {} }] })), /no row/);
});
