/**
 * A client that writes to a server all the time, whatever happens to it: rows of two tables that
 * appear, change, move and go. What became of a statement whose answer got lost is not asked;
 * the tables say it.
 */
import type { Random } from "./random.ts";
import type { TestTablet } from "./tablet.ts";
import { inTransaction, startTransactions, type TransactionWriter } from "./transactions.ts";

/** Two tables: a number as key; a text and a number as key, in an order that is not the bytes'. */
export const WRITER_TABLES: readonly string[] = [
  "CREATE TABLE t (id bigint PRIMARY KEY, v varchar(800), n int NOT NULL, KEY (n))",
  "CREATE TABLE u (name varchar(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, k int, " +
  "id bigint NOT NULL, v varchar(80), PRIMARY KEY (name, k))",
];

const NAMES = ["a", "B", "ä", "z", "_x", "É", "ß", "e", "ZZ top", "10", "9"] as const;

/** `idMax`: how many ids there are to write to. */
export function startStreamWriter(
  tablet: TestTablet,
  random: Random,
  idMax: number,
): TransactionWriter {
  return startTransactions(tablet, () => transaction(random, idMax));
}

function transaction(random: Random, idMax: number): readonly string[] {
  return inTransaction(
    random,
    Array.from({ length: 1 + random.int(3) }, () => statement(random, idMax)),
  );
}

function statement(random: Random, idMax: number): string {
  const id = 1 + random.int(idMax);
  const v = `v${random.int(1e9)}`;
  const key = `name = '${random.pick(NAMES)}' AND k = ${random.int(50)}`;
  switch (random.int(9)) {
    case 0:
    case 1:
      return `REPLACE INTO t VALUES (${id}, '${v}', ${random.int(1000)})`;
    case 2:
      return `UPDATE t SET v = '${v}', n = n + 1 WHERE id BETWEEN ${id} AND ${id + random.int(20)}`;
    case 3:
      return `DELETE FROM t WHERE id = ${id}`;
    case 4:
      return `UPDATE IGNORE t SET id = ${1 + random.int(idMax)} WHERE id = ${id}`;
    case 5:
    case 6:
      return `REPLACE INTO u VALUES ('${random.pick(NAMES)}', ${random.int(50)}, ${id}, '${v}')`;
    case 7:
      // Moves the row to another shard.
      return `UPDATE u SET id = ${id} WHERE ${key}`;
    default:
      return `DELETE FROM u WHERE ${key}`;
  }
}
