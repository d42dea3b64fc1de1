/** Tables that selects make of `orders`: their rules, and what is to be in them. */
import assert from "node:assert/strict";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";

export interface MadeTable {
  readonly name: string;
  readonly create: string;
  readonly select: string;
  /** Run on the source and on the target's table, ordered: the same rows. */
  readonly compare: { readonly source: string; readonly target: string };
}

const BY_DAY = "select date(created) as day, count(*) as orders, sum(price) as total, " +
  "sum(qty * price) as worth, count(paid) as paid from orders where status <> 'void' or vip = 1 " +
  "group by day";

const BY_NAME = "select name, kind, count(*) as n, count(qty) as c, sum(qty) as q, " +
  "sum(coalesce(price, 0)) as p from orders where name is not null and name <> 'bob' " +
  "group by name, kind";

export const MADE_TABLES: readonly MadeTable[] = [
  {
    name: "by_day",
    create: "CREATE TABLE by_day (day date PRIMARY KEY, orders bigint unsigned NOT NULL, " +
      "total decimal(30,2), worth decimal(40,4), paid int unsigned, KEY (total))",
    select: BY_DAY,
    compare: {
      // A sum of nothing but NULL is 0 where nobody counts what is not NULL.
      source: "select date(created) as day, count(*), coalesce(sum(price), 0) + 0.00, " +
        "coalesce(sum(qty * price), 0) + 0.0000, count(paid) from orders " +
        "where status <> 'void' or vip = 1 group by day order by day",
      target: "select * from by_day order by day",
    },
  },
  {
    name: "by_name",
    create: "CREATE TABLE by_name (name varchar(20) CHARACTER SET utf8mb4 COLLATE " +
      "utf8mb4_general_ci, kind varchar(8), n int unsigned, c int, q decimal(30,0), " +
      "p decimal(20,2), PRIMARY KEY (name, kind))",
    select: BY_NAME,
    compare: {
      // Which of the names that are equal stands for its group is nobody's business.
      source: "select kind, count(*), count(qty), sum(qty), sum(coalesce(price, 0)) from orders " +
        "where name is not null and name <> 'bob' group by name, kind order by name, kind",
      target: "select kind, n, c, q, p from by_name order by name, kind",
    },
  },
  {
    name: "labels",
    create: "CREATE TABLE labels (id bigint PRIMARY KEY, label varchar(60), y int, due date, " +
      "heavy tinyint)",
    select: "select id, concat(status, '-', qty) as label, year(created) as y, " +
      "date_add(paid, interval 30 day) as due, weight > 1 as heavy from orders " +
      "where status like 'p%' or status = 'café'",
    compare: {
      source: "select id, concat(status, '-', qty) as label, year(created) as y, " +
        "date_add(paid, interval 30 day) as due, weight > 1 as heavy from orders " +
        "where status like 'p%' or status = 'café' order by id",
      target: "select * from labels order by id",
    },
  },
  {
    name: "codes",
    create: "CREATE TABLE codes (code int, order_id bigint, twice decimal(12,2), " +
      "PRIMARY KEY (code))",
    select: "select code, id as order_id, price * 2 as twice from orders",
    compare: {
      source: "select code, id, price * 2 from orders order by code",
      target: "select * from codes order by code",
    },
  },
  {
    name: "renamed",
    create: "CREATE TABLE renamed (number int PRIMARY KEY, name varchar(20))",
    select: "select code as number, name from orders",
    compare: {
      source: "select code, name from orders order by code",
      target: "select * from renamed order by number",
    },
  },
  {
    name: "loud",
    create: "CREATE TABLE loud (id bigint PRIMARY KEY, code int, status varchar(12), vip int, " +
      "price decimal(10,2), qty bigint, created datetime(3), paid date, name varchar(20), " +
      "weight float, kind varchar(10), big varchar(20))",
    select: "select *, upper(name) as big from orders as o where o.kind = 'new'",
    compare: {
      source: "select *, upper(name) as big from orders as o where o.kind = 'new' order by id",
      target: "select * from loud order by id",
    },
  },
];

/** One rule a table; `where` adds a condition. */
export function madeRules(tables: readonly MadeTable[], where = ""): readonly FilterRule[] {
  return tables.map(({ name, select }) => ({ match: name, filter: narrowed(select, where) }));
}

function narrowed(select: string, where: string): string {
  if (where === "") return select;
  const [head = "", tail = ""] = select.split(/ (?=group by )/);
  const [from = "", condition] = head.split(" where ");
  const all = condition === undefined ? where : `${where} and (${condition})`;
  return `${from} where ${all}${tail === "" ? "" : ` ${tail}`}`;
}

export type Rows = readonly (readonly (string | null)[])[];

/** `made` are the rows of all shards of the target. */
export async function compareMade(
  tables: readonly MadeTable[],
  source: (sql: string) => Promise<Rows>,
  made: (sql: string) => Promise<Rows>,
): Promise<void> {
  for (const { name, compare } of tables) {
    assert.deepEqual(await made(compare.target), await source(compare.source), `rows of ${name}`);
  }
}
