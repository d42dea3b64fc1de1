/**
 * Statements that write rows, many rows each. A batch that comes out as one text of a megabyte
 * costs mysqld one parse and one round trip.
 */
import { setImmediate } from "node:timers/promises";
import { vtError } from "../../shared/error/errors.ts";
import type { Row, RowChange } from "../../shared/binlog/change.ts";
import { MYSQL_TYPE_BIT, MYSQL_TYPE_JSON } from "../../shared/mysql/column_types.ts";
import { exactEffect } from "./exact_effect.ts";
import { netEffect } from "./net_effect.ts";
import { PacketCursor } from "./packet_cursor.ts";
import { SqlBuffer } from "./sql_buffer.ts";
import type { TablePlan, WrittenColumn } from "./target_table.ts";

/** Of one statement, about. What mariadb-dump writes too. */
const STATEMENT_BYTES = 1024 * 1024;

/** Put together without a look at what the server says. */
const YIELD_BYTES = 64 * 1024;

/** Ranges that the optimizer of either server looks up one by one without a doubt. */
const KEYS_PER_STATEMENT = 300;

const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;

/** Runs a statement; the bytes are valid until its promise resolves. Gives the rows it matched. */
export type RunSql = (sql: Uint8Array) => Promise<number>;

/** Where rows are written, and what of them. */
type Destination = Pick<TablePlan, "name" | "columns">;

export type InsertWord = "INSERT" | "REPLACE";

/** Writes rows in multi-row statements. `tail` stands behind the rows: " ON DUPLICATE KEY ...". */
export async function insertRows(
  plan: Destination,
  rows: readonly Row[],
  word: InsertWord,
  run: RunSql,
  tail = "",
): Promise<void> {
  let at = 0;
  await insertTuples({ plan, word, tail }, run, (sql) => {
    const row = rows[at++];
    if (row === undefined) return false;
    writeTuple(sql, row, plan.columns);
    return true;
  });
}

/** The same for rows as packets of the text protocol, of `columnCount` columns each. */
export async function insertPackets(
  plan: TablePlan,
  batch: readonly Uint8Array[],
  columnCount: number,
  run: RunSql,
): Promise<void> {
  const cursor = new PacketCursor(batch, columnCount, plan.columns);
  await insertTuples({ plan, word: "INSERT", tail: "" }, run, (sql) => cursor.write(sql));
}

interface Insertion {
  readonly plan: Destination;
  readonly word: InsertWord;
  readonly tail: string;
}

/**
 * While one statement runs, the next is put together. `write` appends the next row, and gives
 * false when there is none.
 */
async function insertTuples(
  { plan, word, tail }: Insertion,
  run: RunSql,
  write: (sql: SqlBuffer) => boolean,
): Promise<void> {
  const names = plan.columns.map(({ name }) => name).join(", ");
  const head = `${word} INTO ${plan.name} (${names}) VALUES `;
  let sql = new SqlBuffer();
  let other = new SqlBuffer();
  let running: Promise<number> | undefined;
  for (let yieldAt = 0;;) {
    const start = sql.length;
    if (start === 0) sql.text(head);
    else sql.byte(COMMA);
    if (!write(sql)) {
      sql.truncate(start);
      break;
    }
    if (sql.length >= STATEMENT_BYTES) {
      if (tail !== "") sql.text(tail);
      await running;
      running = run(sql.written());
      // Awaited before the next begins, or at the end; a failure waits until then.
      void running.catch(() => {});
      [sql, other] = [other, sql];
      sql.clear();
      yieldAt = 0;
    }
    if (running !== undefined && sql.length >= yieldAt) {
      // Lets the statement that runs go out to the server.
      await setImmediate();
      yieldAt = sql.length + YIELD_BYTES;
    }
  }
  await running;
  if (sql.length === 0) return;
  if (tail !== "") sql.text(tail);
  await run(sql.written());
}

function writeTuple(sql: SqlBuffer, row: Row, columns: readonly WrittenColumn[]): void {
  let before = OPEN;
  for (const { index, form } of columns) {
    sql.byte(before);
    sql.literal(row[index] ?? null, form);
    before = COMMA;
  }
  // A table of generated columns alone.
  if (columns.length === 0) sql.byte(before);
  sql.byte(CLOSE);
}

/** Deletes rows by their primary key. Gives how many there were. */
export async function deleteRows(
  plan: TablePlan,
  key: readonly WrittenColumn[],
  rows: readonly Row[],
  run: RunSql,
): Promise<number> {
  const sql = new SqlBuffer(16 * 1024);
  let deleted = 0;
  for (let at = 0; at < rows.length; at += KEYS_PER_STATEMENT) {
    const chunk = rows.slice(at, at + KEYS_PER_STATEMENT);
    sql.clear();
    sql.text(`DELETE FROM ${plan.name} WHERE `);
    const isListed = key.length === 1 && !key.some(({ field }) => COMPARED.has(field.type));
    if (isListed) writeInList(sql, key, chunk);
    else writeAlternatives(sql, key, chunk);
    deleted += await run(sql.written());
  }
  return deleted;
}

function writeInList(sql: SqlBuffer, key: readonly WrittenColumn[], rows: readonly Row[]): void {
  for (const { name, index, form } of key) {
    sql.text(`${name} IN `);
    let before = OPEN;
    for (const row of rows) {
      sql.byte(before);
      sql.literal(row[index] ?? null, form);
      before = COMMA;
    }
    sql.byte(CLOSE);
  }
}

/** MariaDB looks up no ranges for `(a, b) IN ((1, 2), ...)`, both servers do for this. */
function writeAlternatives(
  sql: SqlBuffer,
  key: readonly WrittenColumn[],
  rows: readonly Row[],
): void {
  for (const [number, row] of rows.entries()) {
    sql.text(number === 0 ? "(" : " OR (");
    writeCondition(sql, key, row);
    sql.text(")");
  }
}

const PLAIN = ["", ""] as const;

/** Types whose literals are of another one, to which the server would turn the column's value. */
const COMPARED: ReadonlyMap<number, readonly [string, string]> = new Map([
  [MYSQL_TYPE_JSON, ["CAST(", " AS JSON)"]],
  // A hexadecimal literal is a text unless it is reckoned with.
  [MYSQL_TYPE_BIT, ["(", " + 0)"]],
]);

function writeCondition(sql: SqlBuffer, columns: readonly WrittenColumn[], row: Row): void {
  for (const [number, { name, index, form, field }] of columns.entries()) {
    if (number > 0) sql.text(" AND ");
    const value = row[index] ?? null;
    sql.text(value === null ? `${name} IS ` : `${name} = `);
    const [before, after] = value === null ? PLAIN : COMPARED.get(field.type) ?? PLAIN;
    sql.text(before);
    sql.literal(value, form);
    sql.text(after);
  }
}

/**
 * Applies a run of changes of one table in as few statements as is sound. VT27010 when a row that
 * must be there isn't.
 */
export async function applyChanges(
  plan: TablePlan,
  changes: readonly RowChange[],
  run: RunSql,
): Promise<void> {
  if (plan.writer !== undefined) return await plan.writer.apply(changes, run);
  if (plan.key === undefined || !plan.replaceable) {
    for (const change of changes) await applyOne(plan, change, run);
    return;
  }
  const { deletes, replaces, inserts } = plan.exact
    ? exactEffect(changes, plan, plan.key)
    : netEffect(changes, plan.key);
  demandRows(plan, deletes.length, await deleteRows(plan, plan.key, deletes, run));
  await insertRows(plan, replaces, "REPLACE", run);
  await insertRows(plan, inserts, "INSERT", run);
}

/** One change, where rows can't be replaced: without a key, or with columns of their own. */
async function applyOne(plan: TablePlan, change: RowChange, run: RunSql): Promise<void> {
  if (change.kind === "insert") return await insertRows(plan, [change.after], "INSERT", run);
  const sql = new SqlBuffer();
  if (change.kind === "delete") {
    sql.text(`DELETE FROM ${plan.name} WHERE `);
  } else {
    sql.text(`UPDATE ${plan.name} SET `);
    for (const [number, { name, index, form }] of plan.columns.entries()) {
      sql.text(`${number > 0 ? ", " : ""}${name} = `);
      sql.literal(change.after[index] ?? null, form);
    }
    sql.text(" WHERE ");
  }
  writeCondition(sql, plan.key ?? plan.columns, change.before);
  // Equal rows of a table without a key: any one of them will do.
  if (plan.key === undefined) sql.text(" LIMIT 1");
  demandRows(plan, 1, await run(sql.written()));
}

function demandRows({ exact, table }: TablePlan, wanted: number, found: number): void {
  if (!exact || wanted === found) return;
  throw vtError("VT27010", table, `of ${wanted} rows to change ${found} are there`);
}
