/**
 * Orders that come, change and go at random: values of many types, with NULLs, texts that only a
 * collation takes for equal, and keys that move. What selects make of them is compared elsewhere.
 */
import { Dba } from "../../tablet/mysqld/dba.ts";
import type { Random } from "./random.ts";
import type { TestTablet } from "./tablet.ts";

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
const PAUSE_AFTER_FAILURE_MS = 50;
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

/** On ids up to `idMax`. */
function orderTransaction(random: Random, idMax: number): readonly string[] {
  const statements = Array.from({ length: 1 + random.int(4) }, () => statement(random, idMax));
  const [only] = statements;
  if (statements.length === 1 && only !== undefined) return [only];
  return ["BEGIN", ...statements, random.int(8) === 0 ? "ROLLBACK" : "COMMIT"];
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

export interface OrderWriter {
  /** Transactions that were acknowledged. */
  readonly written: number;
  /** Resolves when the last one has ended. */
  stop(): Promise<void>;
}

/** Writes all the time, whatever happens to the server. */
export function startOrderWriter(tablet: TestTablet, random: Random, idMax: number): OrderWriter {
  let written = 0;
  const stop = new AbortController();
  const running = (async () => {
    while (!stop.signal.aborted) {
      await using dba = new Dba({
        address: { socketPath: tablet.socketPath },
        user: "vt_app",
        password: "",
      });
      try {
        await dba.session(async (session) => {
          const call = { signal: new AbortController().signal };
          await session.query("USE vt_commerce", call);
          while (!stop.signal.aborted) {
            for (const sql of orderTransaction(random, idMax)) await session.query(sql, call);
            written++;
          }
        }, { signal: stop.signal });
      } catch {
        // The server is away, or was killed under the statement: it comes back.
        await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_FAILURE_MS));
      }
    }
  })();
  return {
    get written() {
      return written;
    },
    async stop() {
      stop.abort();
      await running;
    },
  };
}
