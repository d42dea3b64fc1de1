/** Plans of queries: SELECT, UNION, WITH. */
import { vtError } from "../../shared/error/errors.ts";
import type { Call, Query, Select } from "../../shared/sql/ast.ts";
import type { SelectStatement } from "../../shared/sql/ast_statement.ts";
import { callsOf, kindOf, walk } from "../../shared/sql/walk.ts";
import { analyseQuery } from "./analyse.ts";
import { Analysis, unsupported } from "./block.ts";
import { resolveTable } from "./resolve.ts";
import { constantOf } from "./constant.ts";
import type { PlanContext, StatementText } from "./context.ts";
import { Facts } from "./facts.ts";
import { type Placement, placeStatement } from "./place.ts";
import type { Pin, Plan, PlanValue, Primitive, Route, Routing } from "./plan.ts";
import { LOCK_FUNCTIONS, type Rewrite, rewriteStatement, schemaKeyspace } from "./rewrite.ts";
import { scatterQuery, tableNames } from "./scatter.ts";
import { templateOf } from "./template.ts";

export function planQuery(
  statement: SelectStatement,
  text: StatementText,
  context: PlanContext,
): Plan {
  const { query } = statement;
  if (query.kind === "select" && query.nextValues !== undefined) {
    return planNext(query, text, context);
  }
  const analysis = new Analysis(context);
  const roots = analyseQuery(analysis, query);
  const facts = new Facts(analysis, text);
  const rewrite = rewriteStatement(statement, analysis, text);
  const reserves = takesLocks(query, analysis, context);
  const pins: Pin[] = [...rewrite.pins];
  const placement = placeStatement(analysis, facts, roots, pins, text);
  refuseSetting(query);
  const root = placement.kind === "one"
    ? wholeRoute(placement, analysis, text, rewrite, reserves)
    : scatterQuery({
      ...{ analysis, facts, placement, query, roots, text, pins },
      edits: rewrite.edits,
    });
  return finish({ root, placement, analysis, pins, needsPrimary: hasLocks(query), reserves });
}

function wholeRoute(
  placement: Extract<Placement, { readonly kind: "one" }>,
  analysis: Analysis,
  text: StatementText,
  rewrite: Rewrite,
  reserves: boolean,
): Route {
  return {
    op: "Route",
    routing: elsewhere(placement.routing, analysis, rewrite, reserves),
    query: templateOf(text, rewrite.edits),
    tables: tableNames(analysis),
    orderBy: [],
    hiddenColumns: 0,
  };
}

/** Tables of the server are asked where the schema is; locks are all kept in one place. */
function elsewhere(
  routing: Routing,
  { context }: Analysis,
  rewrite: Rewrite,
  reserves: boolean,
): Routing {
  if (reserves && routing.opcode === "Reference") {
    return { ...routing, keyspace: context.vschema.anyKeyspace() ?? routing.keyspace };
  }
  if (routing.opcode !== "DBA") return routing;
  const keyspace = schemaKeyspace(rewrite) ?? routing.keyspace;
  const values = rewrite.schemaParameters.map((slot): PlanValue => ({ from: "slot", slot }));
  return { ...routing, keyspace, values };
}

interface Finished {
  readonly root: Primitive;
  readonly placement: Placement;
  readonly analysis: Analysis;
  readonly pins: readonly Pin[];
  readonly needsPrimary: boolean;
  readonly reserves: boolean;
}

function finish(finished: Finished): Plan {
  const { root, placement, analysis, pins, needsPrimary, reserves } = finished;
  return {
    statement: "select",
    returnsRows: true,
    tier: placement.kind === "one" ? 1 : 2,
    why: placement.why,
    root,
    tablesUsed: tablesUsed(analysis),
    pins: distinctPins(pins),
    needsPrimary,
    reserves,
  };
}

/** "keyspace.table", sorted, each once. */
export function tablesUsed(analysis: Analysis): readonly string[] {
  const names = analysis.instances.flatMap(({ table }) =>
    table === undefined ? [] : [`${table.keyspace}.${table.name}`]
  );
  return [...new Set(names)].sort();
}

export function distinctPins(pins: readonly Pin[]): readonly Pin[] {
  const bySlot = new Map(pins.map((pin) => [pin.slot, pin]));
  return [...bySlot.values()].sort((a, b) => a.slot - b.slot);
}

/** FOR UPDATE and LOCK IN SHARE MODE, at any depth. */
function hasLocks(query: Query): boolean {
  let found = false;
  walk(query, (node) => {
    found ||= "locks" in node && Array.isArray(node.locks) && node.locks.length > 0;
  });
  return found;
}

/** What would set a value on a mysqld's connection, where the session doesn't look for it. */
function refuseSetting(query: Query): void {
  walk(query, (node) => {
    if (kindOf(node) === "call") {
      const call = node as Call;
      if (call.name === "last_insert_id" && call.args.length > 0) {
        throw unsupported("LAST_INSERT_ID(expr) in a SELECT; in an UPDATE it works");
      }
    }
    if (kindOf(node) === "select") {
      const { options, limit } = node as Select;
      if (options.calcFoundRows && limit !== undefined) {
        throw unsupported(
          "SQL_CALC_FOUND_ROWS with LIMIT; ask for the count in a SELECT of its own",
        );
      }
    }
    if (!("into" in node) || node.into === undefined) return;
    const into = node.into as Select["into"];
    if (into?.target === "variables") throw unsupported("SELECT ... INTO user variables");
  });
}

/** GET_LOCK and its like keep the connection; Vitess takes them from DUAL only, and so do we. */
function takesLocks(query: Query, analysis: Analysis, context: PlanContext): boolean {
  const call = callsOf(query).find(({ name }) => LOCK_FUNCTIONS.has(name)) ?? nestedLock(query);
  if (call === undefined) return false;
  const unsharded = analysis.instances.every(({ table }) => table === undefined);
  if (!unsharded && context.destination !== "one") {
    throw unsupported(`${call.name}() allowed only with dual`);
  }
  return true;
}

function nestedLock(query: Query): { readonly name: string } | undefined {
  let found: string | undefined;
  walk(query, (node) => {
    if (kindOf(node) !== "call" || !("name" in node) || typeof node.name !== "string") return;
    if (LOCK_FUNCTIONS.has(node.name)) found = node.name;
  });
  return found === undefined ? undefined : { name: found };
}

/** `select next n values from seq`. */
function planNext(select: Select, text: StatementText, context: PlanContext): Plan {
  const [reference, ...others] = select.from;
  if (reference?.kind !== "named_table" || others.length > 0) {
    throw vtError("VT03008", "NEXT");
  }
  const table = resolveTable(context, reference.name);
  if (table.type !== "sequence") throw vtError("VT03018");
  const wanted = select.nextValues;
  const constant = wanted === undefined || wanted === "one" ? undefined : constantOf(wanted, text);
  if (wanted !== "one" && constant === undefined) throw vtError("VT03025", "NEXT");
  return {
    statement: "select",
    returnsRows: true,
    tier: 1,
    why: "a sequence's values are its tablet's",
    root: {
      op: "NextSequence",
      keyspace: table.keyspace,
      table: table.name,
      count: constant?.value ?? { from: "text", sql: "1" },
    },
    tablesUsed: [`${table.keyspace}.${table.name}`],
    pins: [],
    needsPrimary: true,
    reserves: false,
  };
}
