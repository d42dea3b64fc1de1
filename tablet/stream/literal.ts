/** A value of the text protocol as an SQL literal that means exactly it, in any session. */
import type { Field } from "../../shared/binlog/change.ts";
import { collationById } from "../../shared/mysql/collations.ts";
import {
  MYSQL_TYPE_BIT,
  MYSQL_TYPE_DOUBLE,
  MYSQL_TYPE_FLOAT,
  MYSQL_TYPE_INT24,
  MYSQL_TYPE_LONG,
  MYSQL_TYPE_LONGLONG,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_SHORT,
  MYSQL_TYPE_TIME,
  MYSQL_TYPE_TINY,
  MYSQL_TYPE_YEAR,
} from "../../shared/mysql/column_types.ts";

const NUMBERS: ReadonlySet<number> = new Set([
  MYSQL_TYPE_TINY,
  MYSQL_TYPE_SHORT,
  MYSQL_TYPE_INT24,
  MYSQL_TYPE_LONG,
  MYSQL_TYPE_LONGLONG,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_FLOAT,
  MYSQL_TYPE_DOUBLE,
  MYSQL_TYPE_YEAR,
]);

/** For comparisons with the column: text in its own charset and collation. */
export function printComparable(value: Uint8Array, field: Field): string {
  if (NUMBERS.has(field.type)) return new TextDecoder().decode(value);
  if (field.type === MYSQL_TYPE_BIT) return String(BigInt(`0x${value.toHex()}`));
  const collation = collationById(field.collation);
  if (collation !== undefined && collation.characterSet !== "binary") {
    return `_${collation.characterSet} x'${value.toHex()}' COLLATE ${collation.name}`;
  }
  // Dates are ASCII, byte strings anything.
  return /^(?:date|time)/.test(field.columnType)
    ? `'${new TextDecoder().decode(value)}'`
    : `x'${value.toHex()}'`;
}

/** For comparisons with another such literal of the column: as its index orders them. */
export function printOrdered(value: Uint8Array, field: Field): string {
  const literal = printComparable(value, field);
  // As texts a negative time, and one over 99 hours, stand elsewhere.
  return field.type === MYSQL_TYPE_TIME ? `CAST(${literal} AS TIME(6))` : literal;
}
