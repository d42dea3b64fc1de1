/**
 * Visiting a syntax tree. Nodes are plain data, so one generic walk serves all kinds: whatever
 * has `start` and `end` is a node. The walk keeps its own stack: 5,000 ORs make a deep tree.
 */
import type { Call, ColumnRef, Expr, Query, Span, TableName } from "./ast.ts";

/** What `visit` says about the children of a node. */
export type WalkStep = "into" | "over";

type Visitable = object;

/**
 * Calls `visit` for every node below `root` and `root` itself, parents first, in the order of the
 * text as far as the tree's fields have it. "over" leaves a node's children out.
 */
export function walk(root: Span, visit: (node: Span) => WalkStep | void): void {
  const stack: Visitable[] = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (isSpan(node) && visit(node) === "over") continue;
    pushChildren(node, stack);
  }
}

function pushChildren(node: Visitable, stack: Visitable[]): void {
  const children: unknown[] = Array.isArray(node) ? node : Object.values(node);
  for (let index = children.length - 1; index >= 0; index--) {
    const child = children[index];
    if (typeof child === "object" && child !== null) stack.push(child);
  }
}

function isSpan(node: Visitable): node is Span {
  return "start" in node && typeof node.start === "number";
}

/** The node's kind, for those that have one. */
export function kindOf(node: Span): string | undefined {
  return "kind" in node && typeof node.kind === "string" ? node.kind : undefined;
}

const EXPR_KINDS: ReadonlySet<string> = new Set<Expr["kind"]>([
  ...["literal", "introduced", "temporal", "param", "null", "bool", "default"] as const,
  ...["column", "star", "user_variable", "system_variable", "assign", "unary", "binary"] as const,
  ...["quantified", "between", "like", "in", "is", "member_of", "exists", "subquery"] as const,
  ...["row", "case", "cast", "convert_using", "collate", "interval", "match", "odbc"] as const,
  "call",
]);

/** True for nodes that are values; TableName, Query and TableRef have kinds of their own. */
export function isExpr(node: Span): node is Expr {
  const kind = kindOf(node);
  return kind !== undefined && EXPR_KINDS.has(kind);
}

const QUERY_KINDS: ReadonlySet<string> = new Set<Query["kind"]>([
  ...["select", "set_operation", "paren_query", "values", "table"] as const,
]);

export function isQuery(node: Span): node is Query {
  // `{kind: "table"}` and `{kind: "values"}` are queries; sources of INSERT have other names.
  const kind = kindOf(node);
  return kind !== undefined && QUERY_KINDS.has(kind) && "orderBy" in node;
}

/** Every table name of the tree, in textual order, subqueries and CTE references included. */
export function tablesOf(root: Span): readonly TableName[] {
  const found: TableName[] = [];
  walk(root, (node) => {
    if (kindOf(node) === "table_name") found.push(node as TableName);
  });
  return found.sort((a, b) => a.start - b.start);
}

/** Column references outside subqueries. `root` itself may be one. */
export function columnsOf(root: Span): readonly ColumnRef[] {
  const found: ColumnRef[] = [];
  walk(root, (node) => {
    if (!isExpr(node)) return node !== root && isQuery(node) ? "over" : "into";
    if (node.kind === "column") found.push(node);
    return "into";
  });
  return found;
}

/** Aggregate functions of MySQL and MariaDB (manual, "Aggregate Function Descriptions"). */
const AGGREGATES: ReadonlySet<string> = new Set([
  ...["avg", "bit_and", "bit_or", "bit_xor", "count", "group_concat", "json_arrayagg"],
  ...["json_objectagg", "max", "min", "std", "stddev", "stddev_pop", "stddev_samp", "sum"],
  ...["var_pop", "var_samp", "variance", "any_value", "st_collect"],
]);

/** ANY_VALUE counts: it makes one value of many rows. */
export function isAggregate(call: Call): boolean {
  return call.over === undefined && call.schema === undefined && AGGREGATES.has(call.name);
}

/** Aggregates outside subqueries: those that make the query around `root` an aggregation. */
export function aggregatesOf(root: Span): readonly Call[] {
  return callsOf(root).filter(isAggregate);
}

/** Calls with OVER, outside subqueries. */
export function windowCallsOf(root: Span): readonly Call[] {
  return callsOf(root).filter((call) => call.over !== undefined);
}

/** Function calls outside subqueries. */
export function callsOf(root: Span): readonly Call[] {
  const found: Call[] = [];
  walk(root, (node) => {
    if (!isExpr(node)) return node !== root && isQuery(node) ? "over" : "into";
    if (node.kind === "call") found.push(node);
    return "into";
  });
  return found;
}

/** Queries directly below `root`, without those that they hold themselves. */
export function subqueriesOf(root: Span): readonly Query[] {
  const found: Query[] = [];
  walk(root, (node) => {
    if (node === root || !isQuery(node)) return "into";
    found.push(node);
    return "over";
  });
  return found;
}
