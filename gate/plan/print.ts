/** Shows a plan as a few lines of text, for golden tests and logs. */
import type {
  AggregateColumn,
  Dml,
  GivenIds,
  Insert,
  MergeKey,
  Plan,
  PlanValue,
  Primitive,
  QueryPiece,
  QueryTemplate,
  Routing,
} from "./plan.ts";

/** One primitive a line or two, inputs indented; last what the plan needs beside. */
export function printPlan(plan: Plan): string {
  const lines = printPrimitive(plan.root);
  const notes = [
    ...plan.pins.map(({ slot, text }) => `pin :${slot} = ${text}`),
    ...(plan.needsPrimary && plan.statement === "select" ? ["primary only"] : []),
    ...(plan.reserves ? ["keeps its connection"] : []),
  ];
  return [...lines, ...notes].join("\n");
}

function printPrimitive(root: Primitive): readonly string[] {
  switch (root.op) {
    case "Route": {
      const order = root.orderBy.length === 0
        ? ""
        : ` order ${root.orderBy.map(printKey).join(", ")}`;
      const hidden = root.hiddenColumns === 0 ? "" : ` hidden ${root.hiddenColumns}`;
      return [
        `Route ${printRouting(root.routing)}${order}${hidden}`,
        `  ${printQuery(root.query)}`,
      ];
    }
    case "Limit": {
      const count = root.count === undefined ? "all" : printValue(root.count);
      const offset = root.offset === undefined ? "" : ` offset ${printValue(root.offset)}`;
      return [`Limit ${count}${offset}`, ...indented(root.input)];
    }
    case "Aggregate": {
      const hidden = root.hiddenColumns === 0 ? "" : ` hidden ${root.hiddenColumns}`;
      const columns = root.aggregates.map(printAggregate).join(", ");
      return [`Aggregate ${columns}${hidden}`, ...indented(root.input)];
    }
    case "NextSequence":
      return [`NextSequence ${root.keyspace}.${root.table} ${printValue(root.count)}`];
    case "Ddl":
      return [`Ddl ${root.keyspace}`, `  ${printQuery(root.query)}`];
    case "Insert":
      return "rows" in root ? printInsert(root) : printDml(root);
    case "Update":
    case "Delete":
      return printDml(root);
  }
}

function printDml(root: Dml): readonly string[] {
  return [
    `${root.op} ${printRouting(root.routing)}`,
    ...printGivenIds(root.givenIds),
    `  ${printQuery(root.query)}`,
  ];
}

function indented(root: Primitive): readonly string[] {
  return printPrimitive(root).map((line) => `  ${line}`);
}

/** "EqualUnique customer hash(:0) integer". */
function printRouting({ opcode, keyspace, vindex, values, comparison }: Routing): string {
  if (vindex === undefined) return `${opcode} ${keyspace}`;
  return `${opcode} ${keyspace} ${vindex}(${values.map(printValue).join(", ")}) ${
    comparison ?? ""
  }`;
}

/** "0 DESC", "0|2|3 ASC": the column, its weights, the weights of a space. */
function printKey({ column, weightColumn, padColumn, descending }: MergeKey): string {
  const places = [column, weightColumn, padColumn].filter((place) => place !== undefined);
  return `${places.join("|")} ${descending ? "DESC" : "ASC"}`;
}

function printAggregate({ fn, column, weightColumn, padColumn }: AggregateColumn): string {
  return `${fn}(${[column, weightColumn, padColumn].filter((p) => p !== undefined).join("|")})`;
}

/** "same text" when the client's own text goes out. */
function printQuery({ verbatim, pieces }: QueryTemplate): string {
  return verbatim ? "same text" : printPieces(pieces);
}

function printInsert(plan: Insert): readonly string[] {
  const { generate } = plan;
  const by = plan.vindex === undefined ? "" : ` ${plan.vindex}(${plan.comparisons.join(", ")})`;
  const sequence = generate === undefined ? [] : [
    `  ${generate.column} from ${generate.sequenceKeyspace}.${generate.sequenceTable}` +
    (generate.vindexColumn < 0 ? "" : `, vindex column ${generate.vindexColumn}`),
  ];
  const rows = plan.rows.map((row) => {
    const id = generate === undefined
      ? ""
      : ` id ${
        row.generated === undefined ? "always" : printValue(row.generated)
      } at ${row.generatedPiece}`;
    return `  (${printPieces(row.pieces)}) by [${
      row.vindexValues.map(printValue).join(", ")
    }]${id}`;
  });
  const suffix = plan.suffix.length === 0 ? [] : [`  ${printPieces(plan.suffix)}`];
  return [
    `Insert ${plan.keyspace}${by}`,
    ...sequence,
    ...printGivenIds(plan.givenIds),
    `  ${printPieces(plan.prefix)}`,
    ...rows,
    ...suffix,
  ];
}

function printGivenIds(ids: GivenIds | undefined): readonly string[] {
  if (ids === undefined) return [];
  return [`  ${ids.column} given: ${ids.values.map(printValue).join(", ")}`];
}

/** Slots are `:n`, lists `::n`, parts of lists for one shard `::n/shard`. */
export function printPieces(pieces: readonly QueryPiece[]): string {
  return pieces.map(printPiece).join("");
}

function printPiece(piece: QueryPiece): string {
  if (typeof piece === "string") return piece;
  if ("slot" in piece) return `:${piece.slot}`;
  if ("shardList" in piece) return `::${piece.shardList}/shard`;
  if ("shardItems" in piece) return `::[${piece.shardItems.map(printValue).join(", ")}]/shard`;
  if ("session" in piece) return `:session.${piece.session.name}`;
  const { count, offset } = piece.upperLimit;
  return `(${printValue(offset)} + ${printValue(count)})`;
}

function printValue(value: PlanValue): string {
  switch (value.from) {
    case "slot":
      return `:${value.slot}`;
    case "list":
      return `::${value.slot}`;
    case "items":
      return `[${value.items.map(printValue).join(", ")}]`;
    case "session":
      return `:session.${value.value.name}`;
    case "text":
      return value.sql;
    case "null":
      return "NULL";
  }
}
