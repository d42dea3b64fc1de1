/** What a rule's select makes of a row: columns, renamed or not, literals and keyspace_id(). */
import type { Field, Row, TableFields } from "../binlog/change.ts";
import { COLLATION_BINARY } from "../binlog/column_layout.ts";
import { vtError } from "../error/errors.ts";
import {
  MYSQL_TYPE_LONGLONG,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_VAR_STRING,
} from "../mysql/column_types.ts";
import type { RowValue } from "../mysql/text_row.ts";
import type { Expr, SelectItem } from "../sql/ast.ts";
import { decodeLiteral } from "../sql/literal.ts";
import { DEFAULT_OPTIONS } from "../sql/options.ts";
import { bytesOf } from "../vindex/vindex.ts";
import { type FilterContext, keyspaceIdOf, primaryKeyColumns } from "./keyspace_id.ts";
import { type FilterRule, parseRule, type RuleSelect } from "./rule.ts";

export interface ProjectionScope {
  readonly select: RuleSelect;
  readonly fields: TableFields;
  readonly context: FilterContext;
}

/** One column of the result. */
export interface Output {
  readonly field: Field;
  /** Undefined when the value is not simply a column's. */
  readonly place: number | undefined;
  readonly value: (row: Row) => RowValue;
}

const COLLATION_UTF8MB4_BIN = 46;

/** The place of a column of the rule's table. VT03019 when there is none of that name. */
export function columnPlace(
  expr: Expr,
  { select, fields }: Pick<ProjectionScope, "select" | "fields">,
): number {
  const text = select.sql.slice(expr.start, expr.end);
  if (expr.kind !== "column") throw vtError("VT12001", `expression "${text}" in a filter`);
  const qualifier = expr.table?.text;
  const known = qualifier === undefined || qualifier === select.alias || qualifier === select.table;
  const name = expr.name.text.toLowerCase();
  const place = known ? fields.fields.findIndex((field) => field.name.toLowerCase() === name) : -1;
  if (place < 0) throw vtError("VT03019", `${text} of ${fields.table}`);
  return place;
}

/** VT12001 for expressions: whoever needs them computes them where the rows arrive. */
export function compileProjection(scope: ProjectionScope): readonly Output[] {
  return scope.select.items.flatMap((item) => compileItem(item, scope));
}

/** Every column as it is. */
export function allColumns(fields: TableFields): readonly Output[] {
  return fields.fields.map((field, place) => columnOutput(field, place));
}

function columnOutput(field: Field, place: number): Output {
  return { field, place, value: (row) => row[place] ?? null };
}

/** Names of what a rule gives beside columns of its table. VT26007 and VT12001 as parseRule. */
export function constantNames(rule: FilterRule): ReadonlySet<string> {
  const parsed = parseRule(rule);
  if (parsed.kind !== "select") return new Set();
  const { select } = parsed;
  const constants = select.items.filter(({ expr }) =>
    expr.kind !== "star" && expr.kind !== "column"
  );
  return new Set(constants.map((item) => constantName(item, select)));
}

function constantName({ expr, alias }: SelectItem, { sql }: RuleSelect): string {
  if (alias !== undefined) return alias.text;
  return expr.kind === "call" && expr.name === "keyspace_id"
    ? "keyspace_id"
    : sql.slice(expr.start, expr.end);
}

function compileItem(item: SelectItem, scope: ProjectionScope): readonly Output[] {
  const { expr } = item;
  if (expr.kind === "star") return allColumns(scope.fields);
  if (expr.kind === "column") {
    const place = columnPlace(expr, scope);
    const field = scope.fields.fields[place];
    if (field === undefined) return [];
    return [columnOutput({ ...field, name: item.alias?.text ?? expr.name.text }, place)];
  }
  const name = constantName(item, scope.select);
  if (expr.kind === "literal") return [literalOutput(expr, name, scope)];
  if (expr.kind === "null") return [constant(name, MYSQL_TYPE_VAR_STRING, null)];
  if (expr.kind === "call" && expr.name === "keyspace_id" && expr.args.length === 0) {
    return [keyspaceIdOutput(name, scope)];
  }
  const text = scope.select.sql.slice(expr.start, expr.end);
  throw vtError("VT12001", `expression "${text}" in the filter of a stream`);
}

function literalOutput(
  expr: Extract<Expr, { kind: "literal" }>,
  name: string,
  scope: ProjectionScope,
): Output {
  const literal = decodeLiteral(scope.select.sql, expr, DEFAULT_OPTIONS);
  switch (literal.type) {
    case "int":
      return constant(name, MYSQL_TYPE_LONGLONG, bytesOf(String(literal.value)));
    case "decimal":
      return constant(name, MYSQL_TYPE_NEWDECIMAL, bytesOf(literal.text));
    case "string":
      return constant(name, MYSQL_TYPE_VAR_STRING, bytesOf(literal.bytes), COLLATION_UTF8MB4_BIN);
    default:
      throw vtError("VT12001", `literal ${name} in the filter of a stream`);
  }
}

function constant(
  name: string,
  type: number,
  value: RowValue,
  collation = COLLATION_BINARY,
): Output {
  return { field: computed(name, type, collation), place: undefined, value: () => value };
}

function computed(name: string, type: number, collation: number): Field {
  const columnType = type === MYSQL_TYPE_LONGLONG
    ? "bigint"
    : type === MYSQL_TYPE_NEWDECIMAL
    ? "decimal(65,30)"
    : collation === COLLATION_BINARY
    ? "varbinary(255)"
    : "varchar(255)";
  return { name, type, columnType, collation, unsigned: false, nullable: true, invisible: false };
}

function keyspaceIdOutput(name: string, scope: ProjectionScope): Output {
  const columns = primaryKeyColumns(scope.fields, scope.context);
  return {
    field: computed(name, MYSQL_TYPE_VAR_STRING, COLLATION_BINARY),
    place: undefined,
    value: (row) => keyspaceIdOf(columns, row).slice(),
  };
}
