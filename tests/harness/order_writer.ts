/**
 * Orders that come, change and go at random: values of many types, with NULLs, texts that only a
 * collation takes for equal, and keys that move. What selects make of them is compared elsewhere.
 */
import type { Random } from "./random.ts";
import type { TestTablet } from "./tablet.ts";
import { inTransaction, startTransactions, type TransactionWriter } from "./transactions.ts";

export const ORDERS_TABLE = "CREATE TABLE orders (id bigint PRIMARY KEY, code int NOT NULL, " +
  "status varchar(12) CHARACTER SET latin1, vip tinyint, price decimal(10,2), qty int unsigned, " +
  "created datetime(3) NOT NULL, paid date, name varchar(20) CHARACTER SET utf8mb4 " +
  "COLLATE utf8mb4_general_ci, weight float, kind enum('new','old') NOT NULL, UNIQUE KEY (code))";

const NAMES = [
  "'anna'",
  "'Anna'",
  "'ANNA '",
  "'Zoë'",
  "'zoe'",
  "'ß'",
  "NULL",
  "''",
  "'bob'",
] as const;
const STATUSES = ["'paid'", "'void'", "'VOID'", "'café'", "NULL", "'open'"] as const;
const CODES = 1_000_000;

function price(random: Random): string {
  return random.int(6) === 0 ? "NULL" : ((random.int(200_001) - 50_000) / 100).toFixed(2);
}

function created(random: Random): string {
  const day = String(1 + random.int(9)).padStart(2, "0");
  const hour = String(random.int(24)).padStart(2, "0");
  return `'2026-03-${day} ${hour}:59:59.${random.int(1000)}'`;
}

/** Values of one row but its id. */
function values(random: Random): string {
  return [
    random.int(CODES),
    random.pick(STATUSES),
    random.pick(["NULL", "0", "1"]),
    price(random),
    random.pick(["NULL", "0", String(random.int(20)), "4294967295"]),
    created(random),
    random.pick(["NULL", "'2026-01-31'", "'2025-12-01'"]),
    random.pick(NAMES),
    random.pick(["NULL", "0.1", "16777217", "-2.5"]),
    random.pick(["'new'", "'old'"]),
  ].join(", ");
}

/** Inserts `rows` orders. */
export function someOrders(random: Random, firstId: number, rows: number): string {
  const list = Array.from({ length: rows }, (_, i) => `(${firstId + i}, ${values(random)})`);
  return `INSERT IGNORE INTO orders VALUES ${list.join(", ")}`;
}

function transaction(random: Random, idMax: number): readonly string[] {
  return inTransaction(
    random,
    Array.from({ length: 1 + random.int(4) }, () => statement(random, idMax)),
  );
}

function statement(random: Random, idMax: number): string {
  const id = 1 + random.int(idMax);
  const some = `WHERE id BETWEEN ${id} AND ${id + random.int(30)}`;
  switch (random.int(11)) {
    case 0:
    case 1:
      return `REPLACE INTO orders VALUES (${id}, ${values(random)})`;
    case 2:
      return someOrders(random, id, 1 + random.int(10));
    case 3:
      return `UPDATE orders SET price = ${price(random)}, qty = qty + 1 ${some} AND qty < 100`;
    case 4:
      return `UPDATE orders SET created = ${created(random)} ${some}`;
    case 5:
      return `UPDATE orders SET name = ${random.pick(NAMES)}, status = ${
        random.pick(STATUSES)
      } ${some}`;
    case 6:
      return `UPDATE IGNORE orders SET code = ${random.int(CODES)} WHERE id = ${id}`;
    case 7:
      return `UPDATE IGNORE orders SET id = ${1 + random.int(idMax)} WHERE id = ${id}`;
    case 8:
      return `UPDATE orders SET weight = weight * 2, vip = 1 - vip ${some}`;
    default:
      return `DELETE FROM orders ${some}`;
  }
}

/** Writes all the time, on ids up to `idMax`, whatever happens to the server. */
export function startOrderWriter(
  tablet: TestTablet,
  random: Random,
  idMax: number,
): TransactionWriter {
  return startTransactions(tablet, () => transaction(random, idMax));
}
