/**
 * Which columns of a target hold what an expression gives, unchanged: two groups of the source
 * must not become one because a column rounds, cuts or pads.
 */
import { COLLATION_BINARY } from "../../shared/binlog/column_layout.ts";
import { isInteger } from "../../shared/filter/compare.ts";
import {
  MYSQL_TYPE_DATE,
  MYSQL_TYPE_DATETIME,
  MYSQL_TYPE_DOUBLE,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_STRING,
  MYSQL_TYPE_TIME,
  MYSQL_TYPE_TIMESTAMP,
  MYSQL_TYPE_VAR_STRING,
  MYSQL_TYPE_VARCHAR,
} from "../../shared/mysql/column_types.ts";
import { collationById } from "../../shared/mysql/collations.ts";
import type { Evaluated } from "./evaluator.ts";

/** As information_schema.columns has it. */
export interface ColumnType {
  /** As the column is declared: "decimal(10,2)". */
  readonly columnType: string;
  /** Without parentheses: "decimal". */
  readonly dataType: string;
  readonly characterSet: string;
  /** "" for what is no text. */
  readonly collation: string;
  /** Digits behind the point, of a number or of seconds. */
  readonly scale: number;
  readonly nullable: boolean;
}

const INTEGER_COLUMNS: ReadonlySet<string> = new Set([
  ...["tinyint", "smallint", "mediumint", "int", "bigint", "year"],
]);

const TEXTS: ReadonlySet<number> = new Set([
  MYSQL_TYPE_VARCHAR,
  MYSQL_TYPE_VAR_STRING,
  MYSQL_TYPE_STRING,
]);

/** Numbers that add up exactly, in any order. */
export function isExactNumber({ field }: Evaluated): boolean {
  return isInteger(field) || field.type === MYSQL_TYPE_NEWDECIMAL;
}

/** Digits behind the point; 0 for integers. */
export function scaleOf({ field, scale }: Evaluated): number {
  return field.type === MYSQL_TYPE_NEWDECIMAL ? scale : 0;
}

/** True when the column takes each number with so many digits behind the point as it is. */
export function holdsNumber(column: ColumnType, scale: number): boolean {
  if (INTEGER_COLUMNS.has(column.dataType)) return scale === 0;
  return column.dataType === "decimal" && column.scale >= scale;
}

/** True when the column tells all values apart that the group tells apart. */
export function holdsGroup(column: ColumnType, group: Evaluated): boolean {
  const { field, scale } = group;
  if (isExactNumber(group)) return holdsNumber(column, scaleOf(group));
  switch (field.type) {
    case MYSQL_TYPE_DOUBLE:
      return column.dataType === "double";
    case MYSQL_TYPE_DATE:
      return column.dataType === "date" || column.dataType === "datetime";
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
      return /^(?:datetime|timestamp)$/.test(column.dataType) && column.scale >= scale;
    case MYSQL_TYPE_TIME:
      return column.dataType === "time" && column.scale >= scale;
  }
  return TEXTS.has(field.type) && holdsText(column, group);
}

/** Trailing spaces count only in these. */
const NO_PAD = /_0900_|_nopad_/;

function holdsText(column: ColumnType, { field, item }: Evaluated): boolean {
  if (field.collation === COLLATION_BINARY) return column.dataType === "varbinary";
  if (column.collation === "") return false;
  const isColumn = item.is === "value" && item.column !== undefined;
  // Of an expression nobody knows which collation it would be grouped in: the column says it.
  if (isColumn && collationById(field.collation)?.name !== column.collation) return false;
  if (column.dataType === "varchar") return true;
  const cutsSpaces = field.type !== MYSQL_TYPE_STRING && NO_PAD.test(column.collation);
  return column.dataType === "char" && !cutsSpaces;
}
