/**
 * What the planner makes of a statement, as pure data: a tree of primitives. The engine runs it;
 * `print.ts` shows it (golden tests, VEXPLAIN PLAN).
 *
 * SQL text is a byte string throughout: a JS string whose char codes are the client's bytes
 * (docs/decisions/0002-sql-text-is-a-byte-string.md), so that slices of it go out unchanged.
 *
 * A *slot* is the n-th literal or `?` of the statement, in order of appearance, as the normaliser
 * numbers them; a plan is cached for all statements that differ only in slots, except those whose
 * value shaped it (`pins`).
 */

/** Where a value comes from when the plan runs. */
export type PlanValue =
  | { readonly from: "slot"; readonly slot: number }
  /** The items of an IN list that the normaliser folded into one slot. */
  | { readonly from: "list"; readonly slot: number }
  /** Written in the statement in a way that is no slot: a fixed byte string, as SQL text. */
  | { readonly from: "text"; readonly sql: string }
  | { readonly from: "null" };

/** A statement to send, put together from pieces. */
export interface QueryTemplate {
  /** The client's own text fits as it is, for every statement with this plan's key. */
  readonly verbatim: boolean;
  readonly pieces: readonly QueryPiece[];
}

export type QueryPiece =
  /** Text of the statement outside its slots. */
  | string
  /** The slot's value: the source text of the literal, or the parameter printed as one. */
  | { readonly slot: number }
  /** The items of the slot's list that belong to the shard the query goes to, comma separated. */
  | { readonly shardList: number };

export type RouteOpcode =
  | "Unsharded"
  | "EqualUnique"
  | "Equal"
  | "IN"
  | "MultiEqual"
  | "Scatter"
  | "Reference"
  | "DBA"
  | "None"
  /** `use ks:-80`, `use ks[hex]`: the target says where. */
  | "ByDestination";

/** How a route finds its shards. `values` are for `vindex`, one a column. */
export interface Routing {
  readonly opcode: RouteOpcode;
  readonly keyspace: string;
  /** Name of a vindex in the keyspace's VSchema, for EqualUnique, Equal, IN, MultiEqual. */
  readonly vindex: string | undefined;
  readonly values: readonly PlanValue[];
}

/** A key of an ordered merge. Rows from each shard arrive in this order. */
export interface MergeKey {
  /** Position of the column in the shard's result. */
  readonly column: number;
  /** Position of WEIGHT_STRING(column) in it, when text decides by collation. */
  readonly weightColumn: number | undefined;
  readonly descending: boolean;
}

export interface Route {
  readonly op: "Route";
  readonly routing: Routing;
  readonly query: QueryTemplate;
  /** Names of tables, without keyspace, for denied tables. */
  readonly tables: readonly string[];
  /** More than one shard: merge by these; empty means in any order. */
  readonly orderBy: readonly MergeKey[];
  /** Columns that only the merge needs, cut off the end of each row. */
  readonly hiddenColumns: number;
}

export interface Limit {
  readonly op: "Limit";
  readonly input: Primitive;
  /** Undefined: no upper bound. */
  readonly count: PlanValue | undefined;
  readonly offset: PlanValue | undefined;
}

export interface AggregateColumn {
  /** Combines the shards' partial values: "count" and "sum" add, exactly. */
  readonly fn: "count" | "sum" | "min" | "max";
  readonly column: number;
  /** As MergeKey.weightColumn, for min and max of text. */
  readonly weightColumn: number | undefined;
}

/** One row from the single rows of all shards. */
export interface ScalarAggregate {
  readonly op: "Aggregate";
  readonly input: Route;
  readonly aggregates: readonly AggregateColumn[];
  readonly hiddenColumns: number;
}

/** UPDATE, DELETE and whatever else answers with OK: counts of the shards are added. */
export interface Dml {
  readonly op: "Update" | "Delete";
  readonly routing: Routing;
  readonly query: QueryTemplate;
  readonly tables: readonly string[];
}

export interface InsertRow {
  /** The values of the row, in the order of the statement: "(1, 'a', now())" without parentheses. */
  readonly pieces: readonly QueryPiece[];
  /** Value of each column of the primary vindex, or of its sequence when it is the generated one. */
  readonly vindexValues: readonly PlanValue[];
  /** The value given for the AUTO_INCREMENT column; undefined: not in the column list. */
  readonly generated: PlanValue | undefined;
  /** Index into `pieces` of the piece to replace by the generated value; -1: append. */
  readonly generatedPiece: number;
}

export interface Insert {
  readonly op: "Insert";
  readonly keyspace: string;
  readonly sharded: boolean;
  readonly table: string;
  readonly ignore: boolean;
  readonly replace: boolean;
  /** Primary vindex; undefined when unsharded. */
  readonly vindex: string | undefined;
  /** Columns of the primary vindex, for messages. */
  readonly vindexColumns: readonly string[];
  readonly generate:
    | {
      readonly column: string;
      readonly sequenceKeyspace: string;
      readonly sequenceTable: string;
      /** The vindex column that takes the generated value; -1: none does. */
      readonly vindexColumn: number;
    }
    | undefined;
  /** Up to and with VALUES. */
  readonly prefix: readonly QueryPiece[];
  readonly rows: readonly InsertRow[];
  /** ON DUPLICATE KEY UPDATE ... */
  readonly suffix: readonly QueryPiece[];
}

export interface Ddl {
  readonly op: "Ddl";
  readonly keyspace: string;
  readonly query: QueryTemplate;
  readonly tables: readonly string[];
}

export type Primitive = Route | Limit | ScalarAggregate | Dml | Insert | Ddl;

export interface Pin {
  readonly slot: number;
  /** The source text that the slot must have for this plan to fit. */
  readonly text: string;
}

export interface Plan {
  readonly statement: "select" | "insert" | "update" | "delete" | "ddl" | "other";
  /** True when the result has rows. */
  readonly returnsRows: boolean;
  /** The cheapest tier of DESIGN that fits, and why not a cheaper one. */
  readonly tier: 1 | 2 | 3 | 4;
  readonly why: string;
  readonly root: Primitive;
  /** "keyspace.table", sorted. */
  readonly tablesUsed: readonly string[];
  readonly pins: readonly Pin[];
  /** SELECT ... FOR UPDATE and DML: never on a replica. */
  readonly needsPrimary: boolean;
  /** Needs a connection of its own (GET_LOCK, temporary tables, LOCK TABLES). */
  readonly reserves: boolean;
}
