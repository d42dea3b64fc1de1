import assert from "node:assert/strict";
import { buildVSchema, checkRoutingRules, type VSchemaSource } from "./vschema.ts";

const HASHED = { column_vindexes: [{ column: "id", name: "hash" }] };

function source(rules: VSchemaSource["routingRules"]["rules"] = []): VSchemaSource {
  return {
    keyspaces: {
      commerce: { tables: { product: {}, customer_seq: { type: "sequence" }, both: {} } },
      customer: {
        sharded: true,
        vindexes: { hash: { type: "hash" } },
        tables: {
          customer: { ...HASHED, auto_increment: { column: "id", sequence: "customer_seq" } },
          both: HASHED,
          country: { type: "reference", source: "commerce.country" },
        },
      },
      hidden: { require_explicit_routing: true, tables: { secret: {} } },
      broken: { sharded: true, tables: { t: {} } },
    },
    routingRules: { rules },
  };
}

function find(
  name: string,
  selected?: string,
  rules: VSchemaSource["routingRules"]["rules"] = [],
  type = "primary",
): string {
  const [keyspace, table = ""] = name.includes(".") ? name.split(".") : [undefined, name];
  const found = buildVSchema(source(rules)).findTable({ keyspace, table }, selected, type);
  return `${found.table.keyspace}.${found.table.name}${found.routed ? " routed" : ""}`;
}

Deno.test("findTable() looks in the named, the selected, or the only keyspace", () => {
  assert.equal(find("commerce.product"), "commerce.product");
  assert.equal(find("customer", "customer"), "customer.customer");
  assert.equal(find("product"), "commerce.product");
  assert.equal(find("customer"), "customer.customer");
  // An unsharded keyspace is believed to have what it doesn't list.
  assert.equal(find("anything", "commerce"), "commerce.anything");
  assert.equal(find("hidden.secret"), "hidden.secret");
});

Deno.test("findTable() says why it finds nothing", () => {
  assert.throws(() => find("both"), /^VtError: VT25003: ambiguous table reference: both/);
  assert.throws(() => find("secret"), /VT25002: table secret not found/);
  assert.throws(() => find("nothing"), /VT25002: table nothing not found/);
  assert.throws(() => find("product", "customer"), /VT25002: table product not found/);
  assert.throws(() => find("nowhere.t"), /VT05003: unknown database 'nowhere' in vschema/);
  assert.throws(() => find("broken.t"), /VT25004: VSchema: tables.t: missing primary col vindex/);
});

Deno.test("findTable() follows routing rules, by tablet type first", () => {
  const rules = [
    { fromTable: "customer", toTables: ["commerce.customer"] },
    { fromTable: "customer.customer", toTables: ["commerce.customer"] },
    { fromTable: "customer.customer@replica", toTables: ["customer.customer"] },
    { fromTable: "gone", toTables: [] },
    { fromTable: "commerce.old", toTables: ["commerce.product"] },
    { fromTable: "x@master", toTables: ["commerce.x1"] },
  ];
  assert.equal(find("customer", undefined, rules), "commerce.customer routed");
  assert.equal(find("customer", "customer", rules), "commerce.customer routed");
  assert.equal(find("customer", "customer", rules, "replica"), "customer.customer");
  assert.equal(find("old", "commerce", rules), "commerce.product routed");
  assert.equal(find("x", undefined, rules), "commerce.x1 routed");
  assert.throws(() => find("gone", undefined, rules), /VT25005: table gone has been disabled/);
});

Deno.test("findTable() takes the source of reference tables for the name alone", () => {
  const both = source();
  const keyspaces = { ...both.keyspaces, commerce: { tables: { country: {} } } };
  const vschema = buildVSchema({ ...both, keyspaces });
  const found = vschema.findTable({ keyspace: undefined, table: "country" }, undefined, "primary");
  assert.equal(found.table.keyspace, "commerce");
});

Deno.test("tracked columns join the VSchema, and bring tables that it doesn't list", () => {
  const column = {
    name: "id",
    dataType: "bigint",
    columnType: "bigint(20)",
    collation: undefined,
    nullable: false,
    autoIncrement: true,
    generated: false,
    invisible: false,
  };
  const vschema = buildVSchema(
    source(),
    new Map([["customer", [
      { name: "customer", type: "BASE TABLE", columns: [column], comment: "" },
      { name: "extra", type: "VIEW", columns: [column], comment: "" },
    ]], ["commerce", [
      { name: "order_seq", type: "BASE TABLE", columns: [], comment: "vitess_sequence" },
    ]]]),
  );
  const find = (table: string) =>
    vschema.findTable({ keyspace: undefined, table }, undefined, "primary").table;
  assert.deepEqual(find("customer").columns, [column]);
  assert.equal(find("customer").authoritative, true);
  assert.equal(find("extra").isView, true);
  assert.deepEqual(find("extra").columnVindexes, []);
  assert.equal(find("order_seq").type, "sequence");
  assert.deepEqual(vschema.findSequence("customer_seq"), {
    keyspace: "commerce",
    table: "customer_seq",
  });
  assert.throws(() => vschema.findSequence("nothing_seq"), /cannot resolve sequence nothing_seq/);
});

Deno.test("a table that a VSchema lists hides copies of it that only exist", () => {
  const copy = { type: "BASE TABLE", columns: [], comment: "" } as const;
  const vschema = buildVSchema(
    { ...source(), keyspaces: { commerce: { tables: { product: {} } }, archive: {} } },
    new Map([
      ["commerce", [{ ...copy, name: "product" }, { ...copy, name: "log" }]],
      ["archive", [{ ...copy, name: "product" }, { ...copy, name: "log" }]],
    ]),
  );
  const find = (table: string) =>
    vschema.findTable({ keyspace: undefined, table }, undefined, "primary").table.keyspace;
  assert.equal(find("product"), "commerce");
  assert.throws(() => find("log"), /ambiguous table reference/);
});

Deno.test("a table that exists hides one that is only listed", () => {
  const keyspaces = { commerce: { tables: { product: {} } }, archive: { tables: { product: {} } } };
  const product = { name: "product", type: "BASE TABLE", columns: [], comment: "" } as const;
  const find = (...where: string[]): string =>
    buildVSchema({ ...source(), keyspaces }, new Map(where.map((name) => [name, [product]])))
      .findTable({ keyspace: undefined, table: "product" }, undefined, "primary").table.keyspace;
  assert.equal(find("archive"), "archive");
  assert.throws(() => find(), /ambiguous table reference/);
  assert.throws(() => find("commerce", "archive"), /ambiguous table reference/);
});

Deno.test("keyspaces are listed with their errors, and one can be chosen for anything", () => {
  const vschema = buildVSchema(source());
  assert.deepEqual(vschema.keyspaceNames(), ["broken", "commerce", "customer", "hidden"]);
  assert.equal(vschema.anyKeyspace(), "commerce");
  assert.match(vschema.errorOf("broken")?.message ?? "", /missing primary col vindex/);
  assert.equal(vschema.errorOf("commerce"), undefined);
});

Deno.test("checkRoutingRules() refuses what can't be followed", () => {
  const check = (fromTable: string, ...toTables: string[]) =>
    checkRoutingRules([{ fromTable, toTables }]);
  check("t", "ks.t");
  check("t");
  assert.throws(
    () => check("t", "ks.a", "ks.b"),
    /table t has more than one target: \[ks\.a ks\.b\]/,
  );
  assert.throws(() => check("t", "a"), /table a must be qualified/);
  const twice = { fromTable: "t", toTables: [] };
  assert.throws(() => checkRoutingRules([twice, twice]), /duplicate rule for entry t/);
});
