/** What is in the tables, against what the guestbook's clients were told. */
import assert from "node:assert/strict";
import mysql from "mysql2/promise";
import { contains, parseShardName } from "../../shared/key/range.ts";
import { createVindex } from "../../shared/vindex/registry.ts";
import type { Ledger } from "./ledger.ts";
import type { CustomerVisitor } from "./visitors.ts";
import type { LocalCluster } from "./local_cluster.ts";

interface CustomerRow {
  readonly customer_id: number;
  readonly email: string;
}

interface OrderRow {
  readonly customer_id: number;
  readonly sku: string;
  readonly price: number;
}

/** Its tablet may just have died: then the answer breaks off, or there is none for a while. */
const TRIES_MAX = 20;
const PAUSE_MS = 500;

async function query<T>(
  cluster: LocalCluster,
  database: string,
  sql: string,
): Promise<readonly T[]> {
  for (let tries = 1;; tries++) {
    try {
      return await queryOnce(cluster, database, sql);
    } catch (error) {
      if (tries === TRIES_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

async function queryOnce<T>(
  cluster: LocalCluster,
  database: string,
  sql: string,
): Promise<readonly T[]> {
  const connection = await mysql.createConnection({
    host: "127.0.0.1",
    port: cluster.mysqlPort,
    user: "user",
    database,
  });
  connection.on("error", () => {}); // The query that it broke tells.
  try {
    await connection.query("set workload = 'olap'");
    const [rows] = await connection.query<mysql.RowDataPacket[]>(sql);
    return rows as readonly unknown[] as readonly T[];
  } finally {
    connection.destroy();
  }
}

/** varbinary comes as bytes. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : new TextDecoder().decode(value as Uint8Array);
}

/** Rows of the guestbook on these shards, counted; throws when the ledgers disagree. */
export async function checkBook(
  cluster: LocalCluster,
  book: { readonly visitor: CustomerVisitor; readonly tag: string },
  shards: readonly string[],
  keyspace = "customer",
): Promise<{ readonly customers: number; readonly orders: number }> {
  const customers: CustomerRow[] = [];
  const orders: OrderRow[] = [];
  for (const shard of shards) {
    const database = `${keyspace}/${shard}`;
    customers.push(
      ...await query<CustomerRow>(
        cluster,
        database,
        `select customer_id, email from customer where email like '${book.tag}%-%'`,
      ),
    );
    orders.push(
      ...await query<OrderRow>(
        cluster,
        database,
        `select customer_id, sku, price from corder where sku like '${book.tag}%-%'`,
      ),
    );
  }
  const faults = [
    ...book.visitor.customers.check(customers.map(({ email }) => {
      const text = textOf(email);
      const name = text.replace(/u$/, "");
      return [name, text === name ? "new" : "u"] as const;
    })),
    ...book.visitor.orders.check(
      orders.map(({ sku, price }) => [textOf(sku), String(price)] as const),
    ),
  ];
  assert.deepEqual(faults.slice(0, 20), [], `${faults.length} faults`);
  return { customers: customers.length, orders: orders.length };
}

/** The same for the messages of a guestbook. */
export async function checkMessages(
  cluster: LocalCluster,
  ledger: Ledger,
  tag: string,
  keyspace: string,
  shards: readonly string[],
): Promise<number> {
  const found: (readonly [string, string])[] = [];
  for (const shard of shards) {
    const rows: readonly { readonly page: number; readonly message: string }[] = await query(
      cluster,
      `${keyspace}/${shard}`,
      "select page, message from messages",
    );
    assertOn(shard, "messages", rows.map(({ page }) => page));
    for (const { message } of rows.filter((row) => row.message.startsWith(tag))) {
      const text = message.replace(/u$/, "");
      found.push([text, text === message ? "new" : "u"]);
    }
  }
  const faults = ledger.check(found);
  assert.deepEqual(faults.slice(0, 20), [], `${faults.length} faults`);
  return found.length;
}

/** Tablets of that type give the rows that primaries give, once they have come to them. */
export async function checkReads(
  cluster: LocalCluster,
  keyspace: string,
  type: string,
): Promise<void> {
  const sql = "select count(*) as n from customer";
  const count = async (database: string): Promise<number> => {
    const [row] = await query<{ readonly n: number }>(cluster, database, sql);
    return Number(row?.n);
  };
  const want = await count(keyspace);
  let found = NaN;
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    found = await count(`${keyspace}@${type}`);
    if (found === want) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  assert.equal(found, want, `customers that ${keyspace}@${type} gives`);
}

/** Every row lies on the shard that its vindex says, as each shard's own server sees it. */
export async function checkPlacement(
  cluster: LocalCluster,
  shards: readonly string[],
): Promise<void> {
  for (const shard of shards) {
    for (const table of ["customer", "corder"]) {
      const rows: readonly { readonly id: number }[] = await query(
        cluster,
        `customer/${shard}`,
        `select customer_id as id from ${table}`,
      );
      assertOn(shard, table, rows.map(({ id }) => id));
    }
  }
}

/** The ids, hashed, lie in the shard's key range. */
function assertOn(shard: string, table: string, ids: readonly number[]): void {
  const hash = createVindex("hash", "hash", {});
  if (hash === undefined) throw new TypeError("hash places rows");
  const range = parseShardName(shard);
  const astray = ids.filter((id) => {
    const keyspaceId = hash.map([{ type: "integer", text: String(id) }]);
    return keyspaceId === undefined || !contains(range, keyspaceId);
  });
  assert.deepEqual(astray.slice(0, 5), [], `rows of ${table} that don't belong on ${shard}`);
}
