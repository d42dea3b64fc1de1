/**
 * The order in which a table is walked, and spans of it as SQL. Both servers evaluate the same
 * spans, so an expression must order alike on both: a column in the order of its own collation
 * when both sides have that one, else in the order of its text's bytes in UTF-8.
 */
import type { Field } from "../../shared/binlog/change.ts";
import { collationById } from "../../shared/mysql/collations.ts";
import {
  MYSQL_TYPE_BIT,
  MYSQL_TYPE_DATE,
  MYSQL_TYPE_DATETIME,
  MYSQL_TYPE_DOUBLE,
  MYSQL_TYPE_FLOAT,
  MYSQL_TYPE_INT24,
  MYSQL_TYPE_LONG,
  MYSQL_TYPE_LONGLONG,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_SHORT,
  MYSQL_TYPE_TIME,
  MYSQL_TYPE_TIMESTAMP,
  MYSQL_TYPE_TINY,
  MYSQL_TYPE_YEAR,
} from "../../shared/mysql/column_types.ts";
import type { RowValue } from "../../shared/mysql/text_row.ts";
import { quoteName } from "../mysqld/statement.ts";

/**
 * How a key's column is ordered and its values are written:
 *   number    as it is; digits
 *   ordinal   BIT: by its number, as the column itself is ordered
 *   exact     FLOAT: with all its bits
 *   temporal  as it is; a quoted text
 *   binary    as it is; bytes
 *   text      as it is; bytes in `characterSet`
 *   code      the bytes of the text in UTF-8: slower, since no index has that order
 */
export type KeyForm =
  | { readonly is: "number" | "ordinal" | "exact" | "temporal" | "binary" | "code" }
  | { readonly is: "text"; readonly characterSet: string };

export interface KeyColumn {
  /** In this server's table. */
  readonly name: string;
  readonly form: KeyForm;
}

/** Values of a key's columns, never NULL. */
export type Key = readonly Uint8Array[];

export interface Span {
  /** Rows above it; undefined: from the first. */
  readonly after: Key | undefined;
  /** Rows up to and with it; undefined: to the last. */
  readonly upTo: Key | undefined;
}

export const WHOLE_TABLE: Span = { after: undefined, upTo: undefined };

const NUMBERS: ReadonlySet<number> = new Set([
  MYSQL_TYPE_TINY,
  MYSQL_TYPE_SHORT,
  MYSQL_TYPE_INT24,
  MYSQL_TYPE_LONG,
  MYSQL_TYPE_LONGLONG,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_DOUBLE,
  MYSQL_TYPE_YEAR,
]);

const TIMES: ReadonlySet<number> = new Set([
  MYSQL_TYPE_DATE,
  MYSQL_TYPE_TIME,
  MYSQL_TYPE_DATETIME,
  MYSQL_TYPE_TIMESTAMP,
]);

/** Of a column; `asUtf8`: values come and go in UTF-8, whatever its charset is. */
export function keyFormOf(field: Field, asUtf8: boolean): KeyForm {
  if (NUMBERS.has(field.type)) return { is: "number" };
  if (TIMES.has(field.type)) return { is: "temporal" };
  if (field.type === MYSQL_TYPE_FLOAT) return { is: "exact" };
  if (field.type === MYSQL_TYPE_BIT) return { is: "ordinal" };
  const characterSet = collationById(field.collation)?.characterSet ?? "binary";
  if (characterSet === "binary") return { is: "binary" };
  return { is: "text", characterSet: asUtf8 ? "utf8mb4" : characterSet };
}

/** What is selected and ordered by. */
export function keyExpression({ name, form }: KeyColumn): string {
  const column = quoteName(name);
  switch (form.is) {
    case "ordinal":
      return `(${column} + 0)`;
    case "exact":
      return `(${column} + 0e0)`;
    case "code":
      return `CAST(CONVERT(${column} USING utf8mb4) AS BINARY)`;
    default:
      return column;
  }
}

function literal(value: Uint8Array, { form }: KeyColumn): string {
  switch (form.is) {
    case "number":
    case "ordinal":
    case "exact":
      return ascii(value);
    case "temporal":
      return `'${ascii(value)}'`;
    case "binary":
    case "code":
      return `x'${hex(value)}'`;
    case "text":
      return `_${form.characterSet} x'${hex(value)}'`;
  }
}

function ascii(value: Uint8Array): string {
  const text = new TextDecoder().decode(value);
  // They come from another tablet: nothing but a number or a time may end up in a statement.
  if (!/^[-+0-9.:eE ]*$/.test(text)) throw new SyntaxError(`"${text}" is no number and no time`);
  return text;
}

function hex(value: Uint8Array): string {
  let text = "";
  for (const byte of value) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** " WHERE ...", or "" for the whole table. */
export function whereSpan(columns: readonly KeyColumn[], { after, upTo }: Span): string {
  const terms = [
    ...(after === undefined ? [] : [bound(columns, after, ">", ">")]),
    ...(upTo === undefined ? [] : [bound(columns, upTo, "<", "<=")]),
  ];
  return terms.length === 0 ? "" : ` WHERE ${terms.join(" AND ")}`;
}

/**
 * (a, b) > (x, y) as a >= x AND (a > x OR (a = x AND b > y)): servers use no index for the short
 * form, and the first comparison lets them see the range.
 */
function bound(
  columns: readonly KeyColumn[],
  key: Key,
  strict: "<" | ">",
  last: "<=" | ">",
): string {
  const [column, ...rest] = columns;
  const [value, ...values] = key;
  if (column === undefined || value === undefined) throw new TypeError("a key without columns");
  const left = keyExpression(column);
  const right = literal(value, column);
  if (rest.length === 0) return `${left} ${last} ${right}`;
  const inner = bound(rest, values, strict, last);
  return `${left} ${strict}= ${right} AND (${left} ${strict} ${right} OR (${left} = ${right} AND ${inner}))`;
}

/** " ORDER BY ...". */
export function orderBy(columns: readonly KeyColumn[]): string {
  return columns.length === 0 ? "" : ` ORDER BY ${columns.map(keyExpression).join(", ")}`;
}

/** Copies a key's values out of a row; NULL can't be one. */
export function keyOf(values: readonly RowValue[]): Key {
  return values.map((value) => {
    if (value === null) throw new TypeError("NULL in a key");
    return value.slice();
  });
}
