/**
 * Which expressions a rule may have: those that give the same value for the same row whenever
 * and wherever they are evaluated. A row that was counted must be found again to be discounted.
 */
import { vtError } from "../error/errors.ts";
import type { Call, ColumnRef, Expr, Span } from "../sql/ast.ts";
import {
  CHOOSING_FUNCTIONS,
  CLOCKS_WITHOUT_ARGUMENTS,
  PURE_FUNCTIONS,
  TIME_FUNCTIONS,
  TIME_TAKERS,
} from "./pure_functions.ts";
import type { RuleSelect } from "./rule.ts";

/** True for columns of type TIME, as far as types are known. */
export type IsTimeColumn = (column: ColumnRef) => boolean;

/** VT12001, with the remedy, when its value may change, or nobody knows. */
export function demandPure(
  expr: Expr,
  select: RuleSelect,
  isTimeColumn: IsTimeColumn = () => false,
): void {
  const operands = operandsOf(expr, select);
  for (const operand of operands) {
    if (isTimeOfDay(operand, isTimeColumn) && !takesTime(expr, operands, isTimeColumn)) {
      const text = textOf(expr, select);
      throw vtError(
        "VT12001",
        `"${text}" in a filter: MySQL puts today's date before a time of day there, so its value changes with the day`,
      );
    }
    demandPure(operand, select, isTimeColumn);
  }
}

export function textOf(span: Span, { sql }: RuleSelect): string {
  return sql.slice(span.start, span.end);
}

/** The expressions that it is made of. */
function operandsOf(expr: Expr, select: RuleSelect): readonly Expr[] {
  switch (expr.kind) {
    case "literal":
    case "introduced":
    case "temporal":
    case "null":
    case "bool":
      return [];
    case "column":
      demandOwn(expr, select);
      return [];
    case "unary":
      if (expr.op === "prior") break;
      return [expr.operand];
    case "binary":
      return [expr.left, expr.right];
    case "between":
      return [expr.operand, expr.low, expr.high];
    case "like":
      // The servers have different libraries for regular expressions.
      if (expr.op === "regexp") break;
      return [expr.operand, expr.pattern, ...(expr.escape === undefined ? [] : [expr.escape])];
    case "in":
      if (expr.list.kind === "subquery") break;
      return [expr.operand, ...(expr.list.kind === "expr_list" ? expr.list.items : [])];
    case "row":
      return expr.items;
    case "case":
      return [
        ...(expr.operand === undefined ? [] : [expr.operand]),
        ...expr.whens.flatMap(({ when, then }) => [when, then]),
        ...(expr.otherwise === undefined ? [] : [expr.otherwise]),
      ];
    case "is":
    case "cast":
    case "convert_using":
    case "collate":
      return [expr.operand];
    case "interval":
      return [expr.value];
    case "call":
      return argumentsOf(expr, select);
  }
  throw vtError(
    "VT12001",
    `expression "${textOf(expr, select)}" in a filter: it must depend on the row's columns alone`,
  );
}

function argumentsOf(call: Call, select: RuleSelect): readonly Expr[] {
  const plain = call.schema === undefined && call.over === undefined && !call.distinct &&
    !call.star && call.orderBy.length === 0 && call.separator === undefined &&
    call.limit === undefined;
  const tellsTime = call.args.length === 0 && CLOCKS_WITHOUT_ARGUMENTS.has(call.name);
  if (plain && !tellsTime && PURE_FUNCTIONS.has(call.name)) return call.args;
  throw vtError(
    "VT12001",
    `function ${call.name} in "${textOf(call, select)}": a filter takes functions that are known ` +
      "to give the same value for the same row at any time; write such a value into a column of the source's table",
  );
}

/** Of the rule's table, by the name that it has there. */
function demandOwn(column: ColumnRef, select: RuleSelect): void {
  const qualifier = column.table?.text;
  if (column.schema === undefined && (qualifier ?? select.alias) === select.alias) return;
  throw vtError("VT03019", `${textOf(column, select)} of ${select.alias}`);
}

function isTimeOfDay(expr: Expr, isTimeColumn: IsTimeColumn): boolean {
  const is = (one: Expr | undefined) => one !== undefined && isTimeOfDay(one, isTimeColumn);
  switch (expr.kind) {
    case "column":
      return isTimeColumn(expr);
    case "temporal":
      return expr.type === "time";
    case "cast":
      return expr.type === "time";
    case "case":
      return expr.whens.some(({ then }) => is(then)) || is(expr.otherwise);
    case "call":
      return TIME_FUNCTIONS.has(expr.name) ||
        (CHOOSING_FUNCTIONS.has(expr.name) && expr.args.some(is));
    default:
      return false;
  }
}

const TIME_CASTS: ReadonlySet<string> = new Set(["char", "signed", "unsigned", "decimal", "time"]);
const ARITHMETIC: ReadonlySet<string> = new Set(["+", "-", "*", "/", "div", "mod"]);

function takesTime(parent: Expr, operands: readonly Expr[], isTimeColumn: IsTimeColumn): boolean {
  switch (parent.kind) {
    case "is":
    case "like":
    case "unary":
      return true;
    case "cast":
      return TIME_CASTS.has(parent.type);
    case "call":
      if (!CHOOSING_FUNCTIONS.has(parent.name)) return TIME_TAKERS.has(parent.name);
      return allTimes(parent.name === "if" ? operands.slice(1) : operands, isTimeColumn);
    case "binary":
      if (ARITHMETIC.has(parent.op)) return operands.every(({ kind }) => kind !== "interval");
      return allTimes(operands, isTimeColumn);
    case "between":
    case "in":
      return allTimes(operands, isTimeColumn);
    default:
      return false;
  }
}

/** Literals are taken for times beside times. */
function allTimes(operands: readonly Expr[], isTimeColumn: IsTimeColumn): boolean {
  return operands.every((one) =>
    one.kind === "literal" || one.kind === "null" || isTimeOfDay(one, isTimeColumn)
  );
}
