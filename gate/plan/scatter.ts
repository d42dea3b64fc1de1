/**
 * Queries over several shards: what each shard makes by itself, and what the gate does above.
 * Whatever would need rows of two shards to meet is refused, except for the merge by ORDER BY,
 * LIMIT, and COUNT, SUM, MIN and MAX of everything.
 */
import type { Call, Expr, Query, Select, SelectItem } from "../../shared/sql/ast.ts";
import { aggregatesOf, callsOf, subqueriesOf, windowCallsOf } from "../../shared/sql/walk.ts";
import { type Analysis, type Block, isSharded, unsupported } from "./block.ts";
import { constantOf } from "./constant.ts";
import type { StatementText } from "./context.ts";
import type { ColumnKey, Facts } from "./facts.ts";
import { isBuiltIn } from "./functions.ts";
import { addWeights, HiddenColumns, mergeKeys, sortType } from "./order.ts";
import { type Placement, withListOfShard } from "./place.ts";
import type { AggregateColumn, Limit, Pin, PlanValue, Primitive, Route } from "./plan.ts";
import { type Edit, insert, remove, replace, templateOf } from "./template.ts";

export interface ScatterInput {
  readonly analysis: Analysis;
  readonly facts: Facts;
  readonly placement: Extract<Placement, { readonly kind: "many" }>;
  readonly query: Query;
  readonly roots: readonly Block[];
  readonly text: StatementText;
  readonly edits: readonly Edit[];
  readonly pins: Pin[];
}

/** The tree for a query whose placement is "many". VT12001 when it isn't sound. */
export function scatterQuery(input: ScatterInput): Primitive {
  checkQuery(input);
  const [root] = input.roots;
  const edits = withListOfShard(input.edits, input.placement);
  if (input.query.kind !== "select" || root === undefined) return unionOf(input, edits);
  const { select } = root;
  const grouped = groupsAreLocal(input, root);
  const aggregates = select.items.some((item) => aggregatesOf(item).length > 0) ||
    select.having !== undefined && aggregatesOf(select.having).length > 0;
  if (select.groupBy !== undefined && !grouped) {
    throw unsupported(
      "in scatter query: GROUP BY without the vindex column; group by it too, or fix its value",
    );
  }
  if (aggregates && !grouped) return scalarAggregate(input, root, edits);
  if (select.having !== undefined && !grouped && select.groupBy !== undefined) {
    throw unsupported("in scatter query: HAVING");
  }
  checkDistinct(input, root);
  return rowsOf(input, root, edits);
}

/** For UPDATE and DELETE as well: nothing inside may need several shards. */
export function checkQuery({ analysis, facts, placement, roots, text }: ScatterInput): void {
  for (const block of analysis.blocks) {
    checkSelect(block.select, text);
    checkWindows(block, facts, placement.local, roots);
    for (const source of block.sources) {
      if (source.kind === "derived") checkDerived(source, { facts, local: placement.local });
    }
  }
}

function checkSelect(select: Select, text: StatementText): void {
  if (select.into !== undefined) throw unsupported("INTO on sharded keyspace");
  if (select.options.calcFoundRows) throw unsupported("SQL_CALC_FOUND_ROWS over shards");
  if (select.groupBy?.rollup === true) {
    throw unsupported("GROUP BY WITH ROLLUP not supported for sharded queries");
  }
  if (select.limit?.fetchFirst === "with_ties") throw unsupported("WITH TIES over shards");
  if (select.limit?.rowsExamined !== undefined) throw unsupported("ROWS EXAMINED over shards");
  for (const call of callsOf(select)) checkCall(call, text);
}

function checkCall(call: Call, text: StatementText): void {
  if (call.schema === undefined && isBuiltIn(call.name)) {
    if (call.name !== "last_insert_id" || call.args.length === 0) return;
  }
  const name = text.sql.slice(call.start, call.end).split("(")[0] ?? call.name;
  throw unsupported(`function ${name} over shards: it may depend on the shard`);
}

/** A window is whole on a shard when its partitions are. */
function checkWindows(
  block: Block,
  facts: Facts,
  local: ReadonlySet<ColumnKey>,
  roots: readonly Block[],
): void {
  const { select } = block;
  const calls = select.items.flatMap((item) => windowCallsOf(item));
  const inOrder = select.orderBy === undefined ? [] : windowCallsOf(select.orderBy);
  for (const { over } of [...calls, ...inOrder]) {
    // In a subquery of an expression all rows are the outer row's shard's.
    if (!roots.includes(block) && !hasShardsOfItsOwn(block)) continue;
    const partition = over !== undefined && "partitionBy" in over ? over.partitionBy : [];
    if (partition.some((expr) => isLocal(facts.keyOf(expr, block), local))) continue;
    throw unsupported("window functions are only supported for single-shard queries");
  }
}

function hasShardsOfItsOwn(block: Block): boolean {
  return block.parent === undefined;
}

function isLocal(key: ColumnKey | undefined, local: ReadonlySet<ColumnKey>): boolean {
  return key !== undefined && local.has(key);
}

interface Locality {
  readonly facts: Facts;
  readonly local: ReadonlySet<ColumnKey>;
}

type Derived = Extract<Block["sources"][number], { readonly kind: "derived" }>;

/** A derived table is made on each shard: it must be the shard's part of the whole one. */
function checkDerived(source: Derived, locality: Locality): void {
  if (
    !source.arms.some((arm) =>
      arm.sources.some((s) => s.kind === "derived" || isSharded(s.instance))
    )
  ) {
    return;
  }
  if (source.sealed) throw unsupported("LIMIT in a derived table over shards");
  if (source.setOperation) throw unsupported("UNION in a derived table over shards");
  for (const arm of source.arms) {
    const { select } = arm;
    const keys = select.groupBy?.items.map(({ expr }) => locality.facts.keyOf(expr, arm)) ?? [];
    const grouped = keys.some((key) => isLocal(key, locality.local));
    const aggregates = select.items.some((item) => aggregatesOf(item).length > 0);
    if ((aggregates || select.groupBy !== undefined || select.having !== undefined) && !grouped) {
      throw unsupported("aggregation in a derived table over shards");
    }
    if (select.options.distinct && !distinctIsLocal(arm, locality)) {
      throw unsupported("DISTINCT in a derived table over shards");
    }
  }
}

function groupsAreLocal(input: ScatterInput, root: Block): boolean {
  const items = root.select.groupBy?.items ?? [];
  return items.some(({ expr }) => {
    const grouped = groupedExpr(input, root.select, expr);
    return grouped !== undefined &&
      isLocal(input.facts.keyOf(grouped, root), input.placement.local);
  });
}

/** What GROUP BY means by a position or a name. Undefined: a name that an alias makes uncertain. */
function groupedExpr(
  { text, pins }: ScatterInput,
  select: Select,
  expr: Expr,
): Expr | undefined {
  if (expr.kind === "literal" && expr.type === "int") {
    const source = text.sql.slice(expr.start, expr.end);
    if (expr.slot >= 0) pins.push({ slot: expr.slot, text: source });
    const before = select.items.slice(0, Number(source));
    return before.some((item) => item.expr.kind === "star") ? undefined : before.at(-1)?.expr;
  }
  if (expr.kind !== "column" || expr.table !== undefined) return expr;
  const name = expr.name.text.toLowerCase();
  const aliased = select.items.find((item) => item.alias?.text.toLowerCase() === name)?.expr;
  if (aliased === undefined) return expr;
  return aliased.kind === "column" && aliased.name.text.toLowerCase() === name ? expr : undefined;
}

function distinctIsLocal(block: Block, { facts, local }: Locality): boolean {
  return block.select.items.some(({ expr }) => isLocal(facts.keyOf(expr, block), local));
}

function checkDistinct({ facts, placement }: ScatterInput, root: Block): void {
  if (!root.select.options.distinct) return;
  if (distinctIsLocal(root, { facts, local: placement.local })) return;
  throw unsupported("in scatter query: DISTINCT without the vindex column");
}

/** Rows of all shards, merged if they have an order. */
function rowsOf(input: ScatterInput, root: Block, edits: readonly Edit[]): Primitive {
  const { text, facts, pins } = input;
  const { select } = root;
  const hidden = new HiddenColumns(text, edits);
  const orderBy = mergeKeys({ block: root, facts, text, hidden, pins });
  const all = [...edits, ...limitEdits(select, text)];
  if (hidden.count > 0) all.push(insert(select.itemsSpan.end, ...hidden.pieces));
  return limited(select, routeOf(input, all, orderBy, hidden.count), text);
}

/** A shard has to give offset + count rows; without an offset its own LIMIT says that. */
function limitEdits({ limit }: Select, text: StatementText): readonly Edit[] {
  if (limit === undefined) return [];
  const count = valueOf(limit.count, text);
  const offset = valueOf(limit.offset, text);
  if (offset === undefined) return [];
  if (count === undefined) return [remove(limit.start, limit.end)];
  return [replace(limit, "LIMIT ", { upperLimit: { count, offset } })];
}

function limited({ limit }: Select, input: Primitive, text: StatementText): Primitive {
  if (limit === undefined) return input;
  const one: PlanValue | undefined = limit.fetchFirst === "only" && limit.count === undefined
    ? { from: "text", sql: "1" }
    : undefined;
  const count = valueOf(limit.count, text) ?? one;
  const plan: Limit = { op: "Limit", input, count, offset: valueOf(limit.offset, text) };
  return plan;
}

function valueOf(
  expr: Parameters<typeof constantOf>[0] | undefined,
  text: StatementText,
): PlanValue | undefined {
  if (expr === undefined) return undefined;
  const constant = constantOf(expr, text);
  if (constant === undefined) throw unsupported("LIMIT by an expression, over shards");
  return constant.value;
}

const COMBINED: ReadonlySet<string> = new Set(["count", "sum", "min", "max"]);

/** COUNT, SUM, MIN, MAX of everything: one row a shard, one row of them all. */
function scalarAggregate(input: ScatterInput, root: Block, edits: readonly Edit[]): Primitive {
  const { text } = input;
  const { select } = root;
  if (select.having !== undefined) throw unsupported("in scatter query: HAVING over all rows");
  if (select.orderBy !== undefined && subqueriesOf(select.orderBy).length > 0) {
    throw unsupported("subqueries in ORDER BY over shards");
  }
  const hidden = new HiddenColumns(text, edits);
  const aggregates = select.items.map((item, column) =>
    aggregateOf(input, root, item, column, hidden)
  );
  const all = [...edits];
  if (hidden.count > 0) all.push(insert(select.itemsSpan.end, ...hidden.pieces));
  if (select.limit !== undefined) all.push(remove(select.limit.start, select.limit.end));
  if (select.orderBy !== undefined) all.push(remove(select.orderBy.start, select.orderBy.end));
  const route = routeOf(input, all, [], 0);
  return limited(
    select,
    { op: "Aggregate", input: route, aggregates, hiddenColumns: hidden.count },
    text,
  );
}

function aggregateOf(
  input: ScatterInput,
  root: Block,
  item: SelectItem,
  column: number,
  hidden: HiddenColumns,
): AggregateColumn {
  const { expr } = item;
  const spelled = input.text.sql.slice(item.exprSpan.start, item.exprSpan.end);
  if (expr.kind !== "call" || !COMBINED.has(expr.name) || expr.over !== undefined) {
    throw unsupported(`in scatter query: aggregation function '${spelled}'`);
  }
  if (expr.distinct && !isLocalDistinct(input, root, expr)) {
    throw unsupported(`in scatter query: aggregation function '${spelled}' of several shards`);
  }
  const fn = expr.name === "count" || expr.name === "sum" || expr.name === "min"
    ? expr.name
    : "max";
  const [argument] = expr.args;
  const weighs = (fn === "min" || fn === "max") && argument !== undefined &&
    textOfAggregate(root, argument);
  const visible = root.select.items.length;
  if (!weighs) return { fn, column, weightColumn: undefined, padColumn: undefined };
  const { weight, pad } = addWeights(hidden, expr);
  return { fn, column, weightColumn: visible + weight, padColumn: visible + pad };
}

/** ENUM and SET are compared as text by MIN and MAX, unlike in ORDER BY. */
function textOfAggregate(root: Block, argument: SelectItem["expr"]): boolean {
  const type = sortType(root, argument);
  return type === "text" || type === "indexed";
}

/** Equal values of the vindex column are on one shard. */
function isLocalDistinct({ facts, placement }: ScatterInput, root: Block, call: Call): boolean {
  if (call.name === "min" || call.name === "max") return true;
  return call.args.some((arg) => isLocal(facts.keyOf(arg, root), placement.local));
}

/** UNION ALL of rows; a UNION that drops duplicates is whole only with the vindex columns. */
function unionOf(input: ScatterInput, edits: readonly Edit[]): Primitive {
  const { query, roots, facts, placement, text } = input;
  if (query.kind === "paren_query") throw unsupported("a query in parentheses over shards");
  if (query.orderBy !== undefined) throw unsupported("ORDER BY of a UNION over shards");
  checkSetOperations(query);
  const distinct = removesDuplicates(query);
  for (const root of roots) {
    const { select } = root;
    const aggregates = select.items.some((item) => aggregatesOf(item).length > 0);
    if ((aggregates || select.groupBy !== undefined) && !groupsAreLocal(input, root)) {
      throw unsupported("aggregation in a UNION over shards");
    }
    checkDistinct(input, root);
    if (select.limit !== undefined) throw unsupported("LIMIT inside a UNION over shards");
  }
  if (distinct && !sharedLocalColumn(roots, facts, placement.local)) {
    throw unsupported("UNION without the vindex columns over shards; UNION ALL keeps duplicates");
  }
  const first = roots[0]?.select;
  if (query.limit === undefined || first === undefined) return routeOf(input, edits, [], 0);
  const limitOf = { ...first, limit: query.limit };
  return limited(limitOf, routeOf(input, [...edits, ...limitEdits(limitOf, text)], [], 0), text);
}

function checkSetOperations(query: Query): void {
  if (query.kind === "paren_query") {
    if (query.limit !== undefined) throw unsupported("LIMIT inside a UNION over shards");
    return checkSetOperations(query.query);
  }
  if (query.kind !== "set_operation") return;
  if (query.op !== "union") throw unsupported(`${query.op.toUpperCase()} over shards`);
  checkSetOperations(query.left);
  checkSetOperations(query.right);
}

function removesDuplicates(query: Query): boolean {
  if (query.kind === "paren_query") return removesDuplicates(query.query);
  if (query.kind !== "set_operation") return false;
  return !query.all || removesDuplicates(query.left) || removesDuplicates(query.right);
}

/** A column that is the vindex column in every SELECT: equal rows are on one shard. */
function sharedLocalColumn(
  roots: readonly Block[],
  facts: Facts,
  local: ReadonlySet<ColumnKey>,
): boolean {
  const [first] = roots;
  return first !== undefined && first.select.items.some((_, i) =>
    roots.every((root) => {
      const item = root.select.items[i];
      const stars = root.select.items.some(({ expr }) => expr.kind === "star");
      return item !== undefined && !stars && isLocal(facts.keyOf(item.expr, root), local);
    })
  );
}

function routeOf(
  { analysis, placement, text }: ScatterInput,
  edits: readonly Edit[],
  orderBy: Route["orderBy"],
  hiddenColumns: number,
): Route {
  return {
    op: "Route",
    routing: placement.routing,
    query: templateOf(text, edits),
    tables: tableNames(analysis),
    orderBy,
    hiddenColumns,
  };
}

/** Names without keyspace, sorted, each once. */
export function tableNames(analysis: Analysis): readonly string[] {
  const names = analysis.instances.flatMap(({ table }) => table === undefined ? [] : [table.name]);
  return [...new Set(names)].sort();
}
