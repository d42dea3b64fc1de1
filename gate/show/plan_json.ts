/** Plans as JSON, in the vocabulary of Vitess's VEXPLAIN PLAN and /debug/query_plans. */
import type { Plan, PlanValue, Primitive, QueryPiece, Routing } from "../plan/plan.ts";

/** How the pieces of a query are shown: with the values of one statement, or with marks. */
export type ShowPieces = (pieces: readonly QueryPiece[]) => string;

type Json = { readonly [key: string]: unknown };

export interface PlanJsonOptions {
  readonly show: ShowPieces;
  readonly isSharded: (keyspace: string) => boolean;
}

export function planJson(plan: Plan, options: PlanJsonOptions): Json {
  return {
    ...primitiveJson(plan.root, options),
    TablesUsed: plan.tablesUsed,
    Tier: plan.tier,
    Why: plan.why,
  };
}

function primitiveJson(root: Primitive, options: PlanJsonOptions): Json {
  switch (root.op) {
    case "Route":
      return {
        OperatorType: "Route",
        ...routingJson(root.routing, options),
        ...(root.orderBy.length === 0 ? {} : { OrderBy: orderText(root.orderBy) }),
        ...(root.hiddenColumns === 0 ? {} : { HiddenColumns: root.hiddenColumns }),
        Query: options.show(root.query.pieces),
        Table: root.tables.join(", "),
      };
    case "Limit":
      return {
        OperatorType: "Limit",
        Count: root.count === undefined ? undefined : valueText(root.count, options),
        Offset: root.offset === undefined ? undefined : valueText(root.offset, options),
        Inputs: [primitiveJson(root.input, options)],
      };
    case "Aggregate":
      return {
        OperatorType: "Aggregate",
        Variant: "Scalar",
        Aggregates: root.aggregates
          .map(({ fn, column }) => `${fn === "count" ? "sum_count" : fn}(${column})`)
          .join(", "),
        Inputs: [primitiveJson(root.input, options)],
      };
    default:
      return changeJson(root, options);
  }
}

function changeJson(
  root: Exclude<Primitive, { op: "Route" | "Limit" | "Aggregate" }>,
  options: PlanJsonOptions,
): Json {
  switch (root.op) {
    case "NextSequence":
      return {
        OperatorType: "Route",
        Variant: "Next",
        Keyspace: keyspaceJson(root.keyspace, options),
        Query: `select next ${valueText(root.count, options)} values from ${root.table}`,
        Table: root.table,
      };
    case "Ddl":
      return {
        OperatorType: "DDL",
        Keyspace: keyspaceJson(root.keyspace, options),
        Query: options.show(root.query.pieces),
        Table: root.tables.join(", "),
      };
    case "Insert":
      if ("rows" in root) return insertJson(root, options);
      break;
  }
  return {
    OperatorType: root.op,
    ...routingJson(root.routing, options),
    TargetTabletType: "PRIMARY",
    Query: options.show(root.query.pieces),
    Table: root.tables.join(", "),
  };
}

function insertJson(
  root: Extract<Primitive, { readonly rows: unknown }>,
  options: PlanJsonOptions,
): Json {
  const { generate } = root;
  return {
    OperatorType: "Insert",
    Variant: root.sharded ? "Sharded" : "Unsharded",
    Keyspace: keyspaceJson(root.keyspace, options),
    TargetTabletType: "PRIMARY",
    InsertIgnore: root.ignore ? true : undefined,
    AutoIncrement: generate === undefined
      ? undefined
      : `select next :n /* INT64 */ values from ${generate.sequenceTable}`,
    Query: `${options.show(root.prefix)} ...${options.show(root.suffix)}`,
    Table: root.table,
    Vindex: root.vindex,
    Rows: root.rows.length,
  };
}

function routingJson(routing: Routing, options: PlanJsonOptions): Json {
  return {
    Variant: routing.opcode,
    Keyspace: keyspaceJson(routing.keyspace, options),
    Values: routing.values.length === 0
      ? undefined
      : routing.values.map((value) => valueText(value, options)),
    Vindex: routing.vindex,
  };
}

function keyspaceJson(name: string, { isSharded }: PlanJsonOptions): Json {
  return { Name: name, Sharded: isSharded(name) };
}

/** "(0|2) ASC": by column 0 through its weights in column 2. */
function orderText(
  keys: readonly {
    readonly column: number;
    readonly weightColumn: number | undefined;
    readonly descending: boolean;
  }[],
): string {
  return keys.map(({ column, weightColumn, descending }) => {
    const place = weightColumn === undefined ? String(column) : `(${column}|${weightColumn})`;
    return `${place} ${descending ? "DESC" : "ASC"}`;
  }).join(", ");
}

function valueText(value: PlanValue, options: PlanJsonOptions): string {
  switch (value.from) {
    case "slot":
    case "list":
      return options.show([{ slot: value.slot }]);
    case "items":
      return value.items.map((item) => valueText(item, options)).join(", ");
    case "session":
      return options.show([{ session: value.value }]);
    case "text":
      return value.sql;
    case "null":
      return "NULL";
  }
}

/** Pieces with marks where values stand. */
export function showMarks(pieces: readonly QueryPiece[]): string {
  return pieces.map((piece) => {
    if (typeof piece === "string") return piece;
    if ("slot" in piece) return `:v${piece.slot + 1}`;
    if ("shardList" in piece || "shardItems" in piece) return "::__vals";
    if ("session" in piece) return `:__vt${piece.session.name}`;
    return ":__upper_limit";
  }).join("");
}
