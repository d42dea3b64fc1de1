/** A value of a result as an SQL literal, to keep in the session and put into later statements. */
import type { ColumnDefinition } from "../../shared/mysql/column_definition.ts";
import * as types from "../../shared/mysql/column_types.ts";
import { latin1Text } from "../../shared/mysql/binary_value.ts";
import type { RowValue } from "../../shared/mysql/text_row.ts";
import { printLiteral } from "../../shared/value/value.ts";

const NUMBERS: ReadonlySet<number> = new Set([
  types.MYSQL_TYPE_DECIMAL,
  types.MYSQL_TYPE_NEWDECIMAL,
  types.MYSQL_TYPE_TINY,
  types.MYSQL_TYPE_SHORT,
  types.MYSQL_TYPE_INT24,
  types.MYSQL_TYPE_LONG,
  types.MYSQL_TYPE_LONGLONG,
  types.MYSQL_TYPE_FLOAT,
  types.MYSQL_TYPE_DOUBLE,
  types.MYSQL_TYPE_YEAR,
]);

const BINARY_COLLATION = 63;

const TEXT_TYPES: ReadonlySet<number> = new Set([
  types.MYSQL_TYPE_VARCHAR,
  types.MYSQL_TYPE_VAR_STRING,
  types.MYSQL_TYPE_STRING,
  types.MYSQL_TYPE_TINY_BLOB,
  types.MYSQL_TYPE_MEDIUM_BLOB,
  types.MYSQL_TYPE_LONG_BLOB,
  types.MYSQL_TYPE_BLOB,
  types.MYSQL_TYPE_BIT,
  types.MYSQL_TYPE_GEOMETRY,
]);

export function valueLiteral(
  value: RowValue,
  column: ColumnDefinition,
  options: { readonly noBackslashEscapes: boolean },
): string {
  if (value === null) return "NULL";
  const text = latin1Text(value);
  if (column.type === types.MYSQL_TYPE_DOUBLE || column.type === types.MYSQL_TYPE_FLOAT) {
    return text.includes("e") ? text : `${text}e0`;
  }
  if (NUMBERS.has(column.type)) return text;
  const isBytes = column.collation === BINARY_COLLATION && TEXT_TYPES.has(column.type);
  return printLiteral({ type: isBytes ? "binary" : "text", text }, options);
}
