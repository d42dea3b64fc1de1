/**
 * Golden cases: `columns` names the table's columns as name:type, each further line is a rule
 * (`rule MATCH FILTER`) or a change (`insert 1,a`, `update 1,a -> 2,b`, `delete 1,a`); the output
 * is what passes. N is NULL.
 */
import { ok, strictEqual, throws } from "node:assert/strict";
import { type Case, golden } from "../../tests/golden/golden.ts";
import type { Field, Row, RowChange, TableFields } from "../binlog/change.ts";
import {
  MYSQL_TYPE_DATETIME,
  MYSQL_TYPE_DOUBLE,
  MYSQL_TYPE_JSON,
  MYSQL_TYPE_LONGLONG,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_VARCHAR,
} from "../mysql/column_types.ts";
import { createVindex } from "../vindex/registry.ts";
import { computedRule } from "./computed.ts";
import type { FilterContext } from "./keyspace_id.ts";
import { StreamFilter } from "./stream_filter.ts";

const TYPES: Readonly<Record<string, readonly [number, number]>> = {
  int: [MYSQL_TYPE_LONGLONG, 63],
  dec: [MYSQL_TYPE_NEWDECIMAL, 63],
  dbl: [MYSQL_TYPE_DOUBLE, 63],
  dt: [MYSQL_TYPE_DATETIME, 63],
  json: [MYSQL_TYPE_JSON, 63],
  text: [MYSQL_TYPE_VARCHAR, 45],
  danish: [MYSQL_TYPE_VARCHAR, 203],
  bin: [MYSQL_TYPE_VARCHAR, 63],
};

const HASH = createVindex("hash", "hash", {});

/** Table t of keyspace ks has the primary vindex hash(id). */
const CONTEXT: FilterContext = {
  primaryVindex: (table) =>
    table === "t" && HASH !== undefined ? { columns: ["id"], vindex: HASH } : undefined,
  namedVindex: (name) => name === "ks.hash" ? HASH : undefined,
};

function fieldOf(text: string): Field {
  const [name = "", type = "int"] = text.split(":");
  const [code, collation] = TYPES[type] ?? [MYSQL_TYPE_LONGLONG, 63];
  const flags = { unsigned: false, nullable: true, invisible: false };
  return { name, type: code, columnType: type, collation, ...flags };
}

function rowOf(text: string): Row {
  return text.split(",").map((value) => value === "N" ? null : new TextEncoder().encode(value));
}

function changeOf(line: string): RowChange | undefined {
  const [kind = "", rest = ""] = [line.slice(0, 6), line.slice(7)];
  if (kind === "insert") return { kind, table: "t", after: rowOf(rest) };
  if (kind === "delete") return { kind, table: "t", before: rowOf(rest) };
  if (kind !== "update") return undefined;
  const [before = "", after = ""] = rest.split(" -> ");
  return { kind, table: "t", before: rowOf(before), after: rowOf(after) };
}

function printRow(row: Row): string {
  return row.map((value) => {
    if (value === null) return "N";
    const text = new TextDecoder().decode(value);
    return text.includes("\ufffd") ? `x'${value.toHex()}'` : text;
  }).join(",");
}

function print(change: RowChange): string {
  switch (change.kind) {
    case "insert":
      return `insert ${change.table} ${printRow(change.after)}`;
    case "delete":
      return `delete ${change.table} ${printRow(change.before)}`;
    case "update":
      return `update ${change.table} ${printRow(change.before)} -> ${printRow(change.after)}`;
  }
}

function run({ input }: Case): string {
  const lines = input.split("\n");
  const fields: TableFields = {
    table: "t",
    fields: (lines[0] ?? "").split(" ").slice(1).map(fieldOf),
    primaryKey: [0],
  };
  const rules = lines.flatMap((line) => {
    const match = /^rule (\S+) ?(.*)$/.exec(line);
    return match === null ? [] : [{ match: match[1] ?? "", filter: match[2] ?? "" }];
  });
  const filter = new StreamFilter(rules, CONTEXT);
  const changes = lines.flatMap((line) => changeOf(line) ?? []);
  const base = { position: "MariaDB/0-1-1", complete: true, timestampSec: 0 };
  const items = filter.wants("t")
    ? filter.apply([{ kind: "fields", fields }, { kind: "transaction", changes, ...base }])
    : [];
  return items.flatMap((item) => {
    if (item.kind === "fields") {
      const { table, primaryKey } = item.fields;
      const names = item.fields.fields.map(({ name }) => name).join(",");
      return [`fields ${table} ${names} key ${primaryKey.join(",")}`];
    }
    return item.kind === "transaction" ? item.changes.map(print) : [];
  }).join("\n") || "nothing";
}

/** What a rule falls into: the one that a source serves, and what the target evaluates. */
function runComputed({ input }: Case): string {
  return input.split("\n").map((filter) => {
    const rule = computedRule({ match: "made", filter });
    if (rule === undefined) return "served by the stream";
    const items = rule.items.map((item) =>
      item.is === "star"
        ? "*"
        : item.is === "rows"
        ? `${item.name} = count(*)`
        : `${item.name} = ${item.is} ${item.sql}`
    );
    return [
      `source: ${rule.source.filter}`,
      `${rule.grouped ? "groups" : "rows"} of ${rule.alias}: ${items.join("; ")}`,
      ...(rule.condition === "" ? [] : [`where ${rule.condition}`]),
    ].join("\n");
  }).join("\n");
}

golden(
  new URL("./testdata/", import.meta.url),
  (one) => one.command === "computed" ? runComputed(one) : run(one),
);

Deno.test("positions without changes are told once", () => {
  const filter = new StreamFilter([{ match: "t", filter: "exclude" }]);
  const at = (n: number) => ({
    kind: "transaction" as const,
    position: `MariaDB/0-1-${n}`,
    complete: true,
    timestampSec: n,
    changes: [],
  });
  const ddl = { position: "MariaDB/0-1-3", timestampSec: 3, sql: "alter table t", tables: ["t"] };
  const items = filter.apply([at(1), at(2), { kind: "ddl", ...ddl }]);
  ok(items.every((item) => item.kind === "transaction"));
  strictEqual(items.at(-1)?.kind === "transaction" && items.at(-1)?.kind, "transaction");
  ok(!filter.wants("t"));
});

Deno.test("a pattern that is no regular expression is refused", () => {
  throws(() => new StreamFilter([{ match: "/(/", filter: "" }]), /VT26007/);
});
