/** The keyspaces that the golden files of this folder plan for. */
import type { TableColumn, TrackedTable } from "../../shared/vschema/keyspace.ts";
import { buildVSchema, type VSchema } from "../../shared/vschema/vschema.ts";
import { normalize } from "../../shared/sql/normalize.ts";
import { DEFAULT_OPTIONS } from "../../shared/sql/options.ts";
import { parseStatement } from "../../shared/sql/parser.ts";
import type { PlanContext } from "./context.ts";
import type { Plan } from "./plan.ts";
import { planStatement } from "./plan_statement.ts";

function column(definition: string): TableColumn {
  const [name = "", dataType = "", ...rest] = definition.split(" ");
  const collation = rest.find((word) => word.includes("_"));
  return {
    name,
    dataType,
    columnType: dataType,
    collation,
    nullable: true,
    autoIncrement: rest.includes("auto"),
    generated: false,
    invisible: rest.includes("invisible"),
  };
}

function table(name: string, ...columns: readonly string[]): TrackedTable {
  return { name, type: "BASE TABLE", columns: columns.map(column), comment: "" };
}

const by = (column: string, name = "hash") => ({ column_vindexes: [{ column, name }] });

const KEYSPACES = {
  main: {
    tables: {
      product: {},
      customer_seq: { type: "sequence" },
      order_seq: { type: "sequence" },
      log: { auto_increment: { column: "id", sequence: "order_seq" } },
    },
  },
  other: { tables: { stock: {} } },
  customer: {
    sharded: true,
    vindexes: {
      hash: { type: "hash" },
      loose: { type: "unicode_loose_md5" },
      bytes: { type: "xxhash" },
      by_email: {
        type: "lookup",
        params: { table: "main.email", from: "email", to: "ksid" },
        owner: "member",
      },
    },
    tables: {
      customer: {
        ...by("customer_id"),
        auto_increment: { column: "customer_id", sequence: "customer_seq" },
      },
      corder: {
        ...by("customer_id"),
        auto_increment: { column: "order_id", sequence: "main.order_seq" },
      },
      // Nothing is known of its columns.
      opaque: by("id"),
      plain: by("id"),
      member: {
        column_vindexes: [{ column: "id", name: "hash" }, { column: "email", name: "by_email" }],
      },
      person: by("name", "loose"),
      file: by("path", "bytes"),
      label: by("word", "bytes"),
      kinds: by("id"),
      numbered: by("id", "bytes"),
      veiled: by("id"),
      country: { type: "reference" },
    },
  },
};

const TRACKED = new Map<string, readonly TrackedTable[]>([
  ["main", [table("product", "sku varchar utf8mb4_general_ci", "price int")]],
  ["customer", [
    table("customer", "customer_id bigint", "email varchar utf8mb4_general_ci"),
    table(
      "corder",
      "order_id bigint",
      "customer_id bigint",
      "sku varchar utf8mb4_bin",
      "price int",
    ),
    table("plain", "id bigint auto", "v int"),
    table("member", "id bigint", "email varchar utf8mb4_general_ci"),
    table("person", "name varchar utf8mb4_general_ci", "age int"),
    table("file", "path varbinary", "size bigint"),
    table("label", "word varchar utf8mb4_general_ci", "n int"),
    table(
      "kinds",
      "id bigint",
      "f float",
      "e enum utf8mb4_bin",
      "j json",
      "d datetime",
      "t text utf8mb4_bin",
    ),
    table("numbered", "id bigint", "n int"),
    table("veiled", "hidden int invisible", "id bigint", "v int"),
    table("country", "code char utf8mb4_bin", "name varchar utf8mb4_general_ci"),
    { ...table("newcomers", "customer_id bigint"), type: "VIEW" },
    table("stray", "x int"),
  ]],
]);

const RULES = {
  rules: [
    { fromTable: "moved", toTables: ["customer.customer"] },
    { fromTable: "main.moved", toTables: ["customer.customer"] },
    { fromTable: "customer.corder@replica", toTables: ["main.corder_copy"] },
    { fromTable: "customer.gone", toTables: [] },
  ],
};

export const VSCHEMA: VSchema = buildVSchema(
  { keyspaces: KEYSPACES, routingRules: RULES },
  TRACKED,
);

export interface Where {
  readonly keyspace?: string | undefined;
  readonly destination?: "none" | "one" | "many";
  readonly type?: string | undefined;
  readonly charset?: "utf8" | "latin1";
}

export function contextOf({ keyspace, destination, type, charset }: Where): PlanContext {
  return {
    vschema: VSCHEMA,
    databases: new Map(),
    keyspace: keyspace ?? "",
    destination: destination ?? "none",
    tabletType: type ?? "primary",
    gateVariables: new Set(["autocommit", "workload"]),
    charset: charset ?? "utf8",
  };
}

export function planOf(sql: string, where: Where = {}): Plan {
  const normalized = normalize(sql, DEFAULT_OPTIONS);
  const statement = parseStatement(sql, normalized, DEFAULT_OPTIONS);
  return planStatement(statement, { sql, ...normalized }, contextOf(where));
}
