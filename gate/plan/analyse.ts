/** From a syntax tree to its blocks, with their tables, joins and conditions. */
import type {
  ColumnRef,
  Cte,
  DerivedTable,
  Expr,
  Join,
  Name,
  NamedTable,
  Query,
  Select,
  Span,
  TableName,
  TableRef,
  WithClause,
} from "../../shared/sql/ast.ts";
import { subqueriesOf, walk } from "../../shared/sql/walk.ts";
import { type Analysis, type Block, type Source, unsupported } from "./block.ts";
import { makeInstance } from "./resolve.ts";

/** WITH tables that are in scope: name to definition; undefined for the name of a recursive one. */
type Ctes = ReadonlyMap<
  string,
  { readonly cte: Cte; readonly scope: Ctes; readonly recursive: boolean }
>;

/** The blocks whose rows a query gives: one a SELECT of its UNION. */
export function analyseQuery(analysis: Analysis, query: Query): readonly Block[] {
  return arms(analysis, query, undefined, new Map());
}

/** A block of an UPDATE or DELETE: its tables and WHERE as those of a SELECT. */
export function analyseTables(
  analysis: Analysis,
  select: Select,
  withClause: WithClause | undefined,
): Block {
  return selectBlock(analysis, select, undefined, withCtes(withClause, new Map()));
}

function arms(
  analysis: Analysis,
  query: Query,
  parent: Block | undefined,
  outer: Ctes,
): readonly Block[] {
  const ctes = withCtes(query.with, outer);
  switch (query.kind) {
    case "select":
      return [selectBlock(analysis, query, parent, ctes)];
    case "set_operation":
      tailQueries(analysis, query, parent, ctes);
      return [
        ...arms(analysis, query.left, parent, ctes),
        ...arms(analysis, query.right, parent, ctes),
      ];
    case "paren_query":
      tailQueries(analysis, query, parent, ctes);
      return arms(analysis, query.query, parent, ctes);
    case "values":
      analysis.oddities.push("VALUES as a table");
      return [];
    case "table":
      analysis.oddities.push("TABLE statements");
      return [selectBlock(analysis, selectOfTable(query.table, query), parent, ctes)];
  }
}

/** `TABLE t` reads as SELECT * FROM t. */
function selectOfTable(table: TableName, span: Span): Select {
  const { start, end } = span;
  const reference: NamedTable = {
    kind: "named_table",
    name: table,
    alias: undefined,
    partitions: [],
    hints: [],
    systemTime: undefined,
    start: table.start,
    end: table.end,
  };
  return emptySelect({ start, end }, [reference]);
}

/** A SELECT of nothing from tables, for statements that are none. */
export function emptySelect(span: Span, from: readonly TableRef[]): Select {
  return {
    kind: "select",
    options: {
      distinct: false,
      straightJoin: false,
      calcFoundRows: false,
      others: [],
    },
    items: [],
    itemsSpan: { start: span.start, end: span.start },
    from,
    fromSpan: undefined,
    where: undefined,
    groupBy: undefined,
    having: undefined,
    windows: [],
    nextValues: undefined,
    with: undefined,
    orderBy: undefined,
    limit: undefined,
    locks: [],
    into: undefined,
    start: span.start,
    end: span.end,
  };
}

/** Subqueries in ORDER BY or LIMIT of a UNION: of no block, yet their tables count. */
function tailQueries(
  analysis: Analysis,
  query: Query,
  parent: Block | undefined,
  ctes: Ctes,
): void {
  if (query.orderBy === undefined) return;
  for (const inner of subqueriesOf(query.orderBy)) arms(analysis, inner, parent, ctes);
}

function withCtes(clause: WithClause | undefined, outer: Ctes): Ctes {
  if (clause === undefined) return outer;
  const scope = new Map(outer);
  for (const cte of clause.ctes) {
    const before: Ctes = new Map(scope);
    scope.set(cte.name.text, { cte, scope: before, recursive: clause.recursive });
  }
  return scope;
}

function selectBlock(
  analysis: Analysis,
  select: Select,
  parent: Block | undefined,
  ctes: Ctes,
): Block {
  const block: Block = {
    id: analysis.id(),
    select,
    parent,
    sources: [],
    conditions: [],
    leftJoins: [],
    usesUsing: false,
    subqueries: [],
  };
  analysis.blocks.push(block);
  const conditions: Span[] = [];
  for (const reference of select.from) {
    addReference({ analysis, block, ctes, conditions }, reference, undefined);
  }
  if (select.where !== undefined) {
    block.conditions.push({ expr: select.where.expr, restricts: undefined });
  }
  for (const part of expressionsOf(select, conditions)) {
    for (const query of subqueriesOf(part)) {
      block.subqueries.push({ query, arms: arms(analysis, query, block, ctes) });
    }
  }
  return block;
}

/** Whatever of a SELECT holds expressions, FROM's conditions included. */
function expressionsOf(select: Select, conditions: readonly Span[]): readonly Span[] {
  const { where, groupBy, having, orderBy, limit } = select;
  const clauses = [where, groupBy, having, orderBy, limit].filter((part) => part !== undefined);
  return [...select.items, ...conditions, ...clauses, ...select.windows];
}

interface Place {
  readonly analysis: Analysis;
  readonly block: Block;
  readonly ctes: Ctes;
  readonly conditions: Span[];
}

/** Adds a reference's sources; gives them, for the join around it. */
function addReference(
  place: Place,
  reference: TableRef,
  restricted: ReadonlySet<Source> | undefined,
): ReadonlySet<Source> {
  switch (reference.kind) {
    case "named_table":
      return new Set([addNamed(place, reference)]);
    case "derived_table":
      return new Set([addDerived(place, reference)]);
    case "table_function":
      place.analysis.oddities.push(`${reference.name} expressions`);
      place.conditions.push(...reference.args);
      return new Set();
    case "paren_tables":
      return new Set(reference.tables.flatMap((t) => [...addReference(place, t, restricted)]));
    case "join":
      return addJoin(place, reference, restricted);
  }
}

function addJoin(
  place: Place,
  join: Join,
  restricted: ReadonlySet<Source> | undefined,
): ReadonlySet<Source> {
  const outer = join.type === "left" || join.type === "right";
  // ON conditions inside the nullable side of an outer join leave out rows of that side only;
  // inner joins there restrict all that is in it.
  const left = addReference(place, join.left, restricted);
  const right = addReference(place, join.right, restricted);
  const both = new Set([...left, ...right]);
  if (join.natural) place.analysis.oddities.push(`natural ${outer ? `${join.type} ` : ""}join`);
  const nullable = join.type === "left" ? right : join.type === "right" ? left : both;
  if (outer) {
    const preserved = join.type === "left" ? left : right;
    place.block.leftJoins.push({ preserved, nullable });
  }
  if (join.on !== undefined) {
    place.block.conditions.push({ expr: join.on, restricts: nullable });
    place.conditions.push(join.on);
  }
  if (join.using.length > 0 || join.natural) place.block.usesUsing = true;
  for (const column of join.using) {
    place.block.conditions.push({ expr: usingEquality(join, column), restricts: nullable });
  }
  return both;
}

/** `USING (c)` as the equality that it is, when both sides are single tables. */
function usingEquality(join: Join, column: Name): Expr {
  const side = (reference: TableRef): ColumnRef => ({
    kind: "column",
    schema: undefined,
    table: labelOf(reference),
    name: column,
    start: column.start,
    end: column.end,
  });
  const { start, end } = column;
  const left = side(join.left);
  const right = side(join.right);
  return { kind: "binary", op: "=", left, right, start, end };
}

function labelOf(reference: TableRef): Name | undefined {
  if (reference.kind === "named_table") return reference.alias ?? reference.name.name;
  return reference.kind === "derived_table" ? reference.alias : undefined;
}

function addNamed(place: Place, reference: NamedTable): Source {
  const { name, alias } = reference;
  if (reference.hints.some(({ action }) => action.endsWith("_vindex"))) {
    throw unsupported("USE VINDEX and IGNORE VINDEX");
  }
  const found = name.qualifier === undefined ? place.ctes.get(name.name.text) : undefined;
  const label = (alias ?? name.name).text;
  if (found !== undefined) return addCte(place, name, label, found);
  const instance = makeInstance(place.analysis, place.block, name, alias);
  const source: Source = { kind: "table", label, instance };
  place.block.sources.push(source);
  return source;
}

type CteEntry = NonNullable<ReturnType<Ctes["get"]>>;

/** Each use of a WITH is analysed as if its query stood there. */
function addCte(place: Place, name: TableName, label: string, entry: CteEntry): Source {
  const { analysis } = place;
  analysis.cteUses.add(name.start);
  const inside = new Map(entry.scope);
  const { cte } = entry;
  if (entry.recursive && mentions(cte.query, cte.name.text)) {
    // Its own name inside means rows made so far, which are where the others are.
    inside.set(cte.name.text, RECURSIVE_USE);
  }
  if (entry === RECURSIVE_USE) {
    const source = derived(analysis, label, [], [], true, true);
    place.block.sources.push(source);
    return source;
  }
  const blocks = arms(analysis, cte.query, undefined, inside);
  const recursive = inside.get(cte.name.text) === RECURSIVE_USE;
  const source = derived(
    analysis,
    label,
    cte.columns,
    blocks,
    recursive || isSealed(cte.query),
    cte.query.kind !== "select",
  );
  place.block.sources.push(source);
  return source;
}

const NO_SPAN = { start: 0, end: 0 };
const RECURSIVE_USE: CteEntry = {
  cte: {
    name: { text: "", quoted: false, slot: -1, ...NO_SPAN },
    columns: [],
    query: emptySelect(NO_SPAN, []),
    ...NO_SPAN,
  },
  scope: new Map(),
  recursive: false,
};

function mentions(query: Query, name: string): boolean {
  let found = false;
  walk(query, (node) => {
    if ("kind" in node && node.kind === "table_name") {
      const { qualifier, name: inner } = node as TableName;
      found ||= qualifier === undefined && inner.text === name;
    }
  });
  return found;
}

function addDerived(place: Place, reference: DerivedTable): Source {
  const { analysis } = place;
  if (reference.lateral) analysis.oddities.push("lateral derived tables");
  const parent = reference.lateral ? place.block : undefined;
  const blocks = arms(analysis, reference.query, parent, place.ctes);
  const source = derived(
    analysis,
    reference.alias?.text ?? "",
    reference.columns,
    blocks,
    isSealed(reference.query),
    reference.query.kind !== "select",
  );
  place.block.sources.push(source);
  return source;
}

function derived(
  analysis: Analysis,
  label: string,
  columns: readonly Name[],
  blocks: readonly Block[],
  sealed: boolean,
  setOperation: boolean,
): Source {
  return { kind: "derived", id: analysis.id(), label, columns, arms: blocks, sealed, setOperation };
}

/** True when leaving out rows inside isn't the same as leaving them out of the result. */
function isSealed(query: Query): boolean {
  if (query.limit !== undefined) return true;
  if (query.kind === "paren_query") return isSealed(query.query);
  if (query.kind !== "set_operation") return query.kind !== "select";
  return query.op !== "union" || isSealed(query.left) || isSealed(query.right);
}
