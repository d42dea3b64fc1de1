/** The terms of a rule's WHERE as functions of a row. A term that is NULL is not satisfied. */
import type { Row, TableFields } from "../binlog/change.ts";
import { vtError } from "../error/errors.ts";
import { contains } from "../key/range.ts";
import type {
  Binary,
  Call,
  ComparisonOp,
  Expr,
  ExprList,
  Literal,
  LiteralList,
  Span,
} from "../sql/ast.ts";
import { decodeLiteral, type LiteralValue } from "../sql/literal.ts";
import { DEFAULT_OPTIONS } from "../sql/options.ts";
import { parseSql } from "../sql/parser.ts";
import { createVindex } from "../vindex/registry.ts";
import { comparison } from "./compare.ts";
import {
  type FilterContext,
  type KeyColumns,
  keyColumns,
  keyspaceIdOf,
  primaryKeyColumns,
} from "./keyspace_id.ts";
import { columnPlace } from "./projection.ts";
import { type FilterRule, malformed, parseRange, type RuleSelect } from "./rule.ts";

export type Condition = (row: Row) => boolean;

export interface ConditionScope {
  readonly rule: FilterRule;
  readonly select: RuleSelect;
  readonly fields: TableFields;
  readonly context: FilterContext;
}

/** VT12001 for terms that can't be decided here. */
export function compileCondition(term: Expr, scope: ConditionScope): Condition {
  switch (term.kind) {
    case "call":
      if (term.name === "in_keyrange") return keyRangeCondition(term, scope);
      throw unsupported(term, scope);
    case "binary":
      return comparisonCondition(term, scope);
    case "is": {
      if (term.test !== "null") throw unsupported(term, scope);
      const place = columnPlace(term.operand, scope);
      return (row) => (row[place] === null) !== term.negated;
    }
    case "in": {
      if (term.list.kind === "subquery") throw unsupported(term, scope);
      return inCondition(term.operand, listed(term.list, scope), term.negated, scope);
    }
    default:
      throw unsupported(term, scope);
  }
}

function unsupported(expr: Span, { select }: ConditionScope): Error {
  const text = select.sql.slice(expr.start, expr.end);
  return vtError(
    "VT12001",
    `condition "${text}" in the filter of a stream; supported are in_keyrange(...), IS NULL, IN ` +
      "and comparisons of a column with a literal, joined by AND",
  );
}

const OUTCOMES: Readonly<Partial<Record<string, (order: number) => boolean>>> = {
  "=": (order) => order === 0,
  "<>": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

/** `5 < a` reads `a > 5`. */
const MIRRORED: Readonly<Partial<Record<string, ComparisonOp>>> = {
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

function comparisonCondition(term: Binary, scope: ConditionScope): Condition {
  const literalFirst = term.left.kind === "literal";
  const column = literalFirst ? term.right : term.left;
  const literal = literalFirst ? term.left : term.right;
  const op = literalFirst ? MIRRORED[term.op] ?? term.op : term.op;
  const outcome = OUTCOMES[op];
  if (outcome === undefined || literal.kind !== "literal") throw unsupported(term, scope);
  const place = columnPlace(column, scope);
  const field = scope.fields.fields[place];
  if (field === undefined) throw unsupported(term, scope);
  const { compare, orders } = comparison(field, valueOf(literal, scope));
  if (!orders && op !== "=" && op !== "<>") throw unsupported(term, scope);
  return (row) => {
    const value = row[place];
    return value !== null && value !== undefined && outcome(compare(value));
  };
}

function inCondition(
  operand: Expr,
  literals: readonly LiteralValue[],
  negated: boolean,
  scope: ConditionScope,
): Condition {
  const place = columnPlace(operand, scope);
  const field = scope.fields.fields[place];
  if (field === undefined) throw unsupported(operand, scope);
  const comparers = literals.map((literal) => comparison(field, literal).compare);
  return (row) => {
    const value = row[place];
    if (value === null || value === undefined) return false;
    return comparers.some((compare) => compare(value) === 0) !== negated;
  };
}

function valueOf(literal: Literal, { select }: ConditionScope): LiteralValue {
  return decodeLiteral(select.sql, literal, DEFAULT_OPTIONS);
}

/** in_keyrange('-80'), in_keyrange(column..., 'hash', '-80'), in_keyrange(column, 'ks.vindex', '-80'). */
function keyRangeCondition(call: Call, scope: ConditionScope): Condition {
  const texts = call.args.map((arg) => arg.kind === "literal" ? valueOf(arg, scope) : undefined);
  const rangeText = texts.at(-1);
  if (rangeText?.type !== "string") {
    throw malformed(scope.rule, "the last argument of in_keyrange is a key range, as in '-80'");
  }
  const range = parseRange(rangeText.bytes, scope.rule);
  const columns = call.args.length === 1
    ? primaryKeyColumns(scope.fields, scope.context)
    : namedColumns(call, texts.at(-2), scope);
  return (row) => contains(range, keyspaceIdOf(columns, row));
}

function namedColumns(
  call: Call,
  type: LiteralValue | undefined,
  scope: ConditionScope,
): KeyColumns {
  if (type?.type !== "string") {
    throw malformed(scope.rule, "in_keyrange wants a vindex's name before the key range");
  }
  const name = type.bytes;
  const vindex = name.includes(".")
    ? scope.context.namedVindex(name)
    : createVindex(name, name, {});
  if (vindex === undefined) throw malformed(scope.rule, `vindex "${name}" doesn't place rows`);
  const places = call.args.slice(0, -2).map((column) => columnPlace(column, scope));
  if (places.length !== vindex.columns) {
    throw malformed(scope.rule, `vindex "${name}" takes ${vindex.columns} columns`);
  }
  return keyColumns(vindex, places, scope.fields);
}

/** The parser keeps a list of literals as one text; as select items they are single ones again. */
function listed(list: LiteralList | ExprList, scope: ConditionScope): readonly LiteralValue[] {
  const sql = `select ${scope.select.sql.slice(list.start, list.end)}`;
  const statement = parseSql(sql, DEFAULT_OPTIONS);
  if (statement.kind !== "query" || statement.query.kind !== "select") {
    throw unsupported(list, scope);
  }
  return statement.query.items.map(({ expr }) => {
    if (expr.kind !== "literal") throw unsupported(list, scope);
    return decodeLiteral(sql, expr, DEFAULT_OPTIONS);
  });
}
