/** Plans of UPDATE and DELETE. */
import { vtError } from "../../shared/error/errors.ts";
import type { Select, TableName, TableRef } from "../../shared/sql/ast.ts";
import type { Delete, Update } from "../../shared/sql/ast_statement.ts";
import { analyseTables, emptySelect } from "./analyse.ts";
import { Analysis, type Instance, isSharded, unsupported } from "./block.ts";
import { resolveColumn } from "./resolve.ts";
import type { PlanContext, StatementText } from "./context.ts";
import { Facts } from "./facts.ts";
import { type Placement, placeStatement, withListOfShard } from "./place.ts";
import type { Dml, Pin, Plan } from "./plan.ts";
import { distinctPins, tablesUsed } from "./plan_query.ts";
import { rewriteStatement, unqualified } from "./rewrite.ts";
import { checkQuery, tableNames } from "./scatter.ts";
import { type Edit, templateOf } from "./template.ts";

type Change = Update | Delete;

export function planChange(change: Change, text: StatementText, context: PlanContext): Plan {
  if (context.tabletType !== "primary") throw vtError("VT09002", change.kind);
  const analysis = new Analysis(context);
  const select = selectOf(change);
  const root = analyseTables(analysis, select, change.with);
  const facts = new Facts(analysis, text);
  const rewrite = rewriteStatement(change, analysis, text);
  checkTargets(change, analysis);
  const pins: Pin[] = [...rewrite.pins];
  const placement = placeStatement(analysis, facts, [root], pins, text);
  if (context.destination !== "one") checkVindexes(change, root.sources.length, analysis);
  let edits: readonly Edit[] = [...rewrite.edits, ...targetEdits(change)];
  if (placement.kind === "many") {
    checkMany(change, analysis);
    const query = select;
    checkQuery({ analysis, facts, placement, query, roots: [root], text, edits, pins });
    edits = withListOfShard(edits, placement);
  }
  return changePlan(change, placement, analysis, templateOf(text, edits), pins);
}

function changePlan(
  change: Change,
  placement: Placement,
  analysis: Analysis,
  query: Dml["query"],
  pins: readonly Pin[],
): Plan {
  return {
    statement: change.kind,
    returnsRows: change.returning !== undefined,
    tier: placement.kind === "one" ? 1 : 2,
    why: placement.why,
    root: {
      op: change.kind === "update" ? "Update" : "Delete",
      routing: placement.routing,
      query,
      tables: tableNames(analysis),
    },
    tablesUsed: tablesUsed(analysis),
    pins: distinctPins(pins),
    needsPrimary: true,
    reserves: false,
  };
}

/** `DELETE FROM t AS a` isn't everywhere: a name that a routing rule changes gets no alias. */
function tablesOf(change: Change): readonly TableRef[] {
  if (change.kind === "update" || change.targets.length > 0) return change.tables;
  return change.tables.map((table) =>
    table.kind === "named_table" ? { ...table, alias: table.alias ?? table.name.name } : table
  );
}

/** Its tables and conditions as those of a SELECT; what it assigns counts as selected. */
function selectOf(change: Change): Select {
  const assignments = change.kind === "update" ? change.assignments : [];
  const items = assignments.map(({ value }) => ({
    expr: value,
    exprSpan: value,
    alias: undefined,
    start: value.start,
    end: value.end,
  }));
  return {
    ...emptySelect(change, tablesOf(change)),
    items,
    where: change.where,
    orderBy: change.orderBy,
    limit: change.limit,
  };
}

function checkTargets(change: Change, analysis: Analysis): void {
  if (analysis.instances.some(({ system }) => system)) {
    throw unsupported(`${change.kind.toUpperCase()} of the server's own tables`);
  }
  for (const { table } of analysis.instances) {
    if (table?.sharded === true && table.type === "reference") {
      if (analysis.context.destination === "none") throw unsupported("DML on reference table");
    }
  }
  if (change.kind === "delete") checkDeleted(change, analysis);
}

function checkDeleted(change: Delete, analysis: Analysis): void {
  for (const target of change.targets) {
    if (targetInstance(target, analysis) === undefined) {
      throw vtError("VT03003", target.name.text);
    }
  }
}

/** `DELETE a FROM t AS a`: a target is an alias, or the name of a table without one. */
function targetInstance(target: TableName, { instances }: Analysis): Instance | undefined {
  return instances.find(({ label }) => label === target.name.text);
}

/** Targets lose their keyspace, as the tables do. */
function targetEdits(change: Change): readonly Edit[] {
  return change.kind === "delete" ? change.targets.flatMap(unqualified) : [];
}

/** Changes that would leave a row, or a lookup table, where it no longer belongs. */
function checkVindexes(change: Change, sources: number, analysis: Analysis): void {
  const targets = analysis.instances.filter(isSharded);
  for (const { table } of targets) {
    if (table === undefined) continue;
    if (table.columnVindexes.length === 0) throw vtError("VT09001", table.name);
    const owned = table.columnVindexes.find((vindex) => vindex.owned);
    if (owned !== undefined && change.kind === "delete") {
      throw unsupported(
        `DELETE from ${table.name}: lookup vindex ${owned.vindex.name} would keep its rows`,
      );
    }
  }
  if (change.kind !== "update") return;
  for (const { column } of change.assignments) {
    const name = column.name.text.toLowerCase();
    for (const instance of targets) {
      const [block] = analysis.blocks;
      const resolved = block === undefined ? undefined : resolveColumn(column, block);
      const source = resolved?.source;
      const others = source?.kind === "table" && source.instance !== instance && sources > 1;
      if (others) continue;
      const hit = instance.table?.columnVindexes.find(({ keys }) => keys.includes(name));
      if (hit === undefined) continue;
      throw unsupported(
        hit === instance.table?.columnVindexes[0]
          ? `you cannot UPDATE primary vindex columns; invalid update on vindex: ${hit.vindex.name}`
          : `you can only UPDATE lookup vindexes; invalid update on vindex: ${hit.vindex.name}`,
      );
    }
  }
}

/** What several shards can't do each for itself. */
function checkMany(change: Change, analysis: Analysis): void {
  const verb = change.kind.toUpperCase();
  if (change.limit !== undefined) throw unsupported(`${verb} with LIMIT on more than one shard`);
  if (change.returning !== undefined) throw unsupported(`RETURNING on more than one shard`);
  const [first, ...others] = change.tables;
  const single = others.length === 0 && first?.kind === "named_table";
  if (!single || (change.kind === "delete" && change.targets.length > 0)) {
    throw unsupported(`multi-table ${verb} on more than one shard`);
  }
  const sharded = analysis.instances.filter(isSharded);
  if (sharded.length > 1 && first !== undefined) {
    throw unsupported(`${verb} with subqueries of other sharded tables on more than one shard`);
  }
}
