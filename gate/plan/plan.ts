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

import type { ColumnLimit } from "../../shared/vindex/column_limit.ts";
import type { ComparisonKind } from "../../shared/vindex/comparison.ts";

/** Where a value comes from when the plan runs. */
export type PlanValue =
  | { readonly from: "slot"; readonly slot: number }
  /** The items of an IN list that the normaliser folded into one slot. */
  | { readonly from: "list"; readonly slot: number }
  /** An IN list whose items are not one folded slot; none of them is a list itself. */
  | { readonly from: "items"; readonly items: readonly PlanValue[] }
  | { readonly from: "session"; readonly value: SessionValue }
  /** Written in the statement in a way that is no slot: a fixed byte string, as SQL text. */
  | { readonly from: "text"; readonly sql: string }
  | { readonly from: "null" };

/**
 * What the session knows and no shard does: put in at execution, as an SQL literal. The engine
 * reads it once a statement.
 */
export type SessionValue =
  | {
    readonly kind: "function";
    readonly name:
      | "database"
      | "last_insert_id"
      | "found_rows"
      | "row_count"
      | "connection_id"
      | "user"
      | "current_user"
      | "version";
  }
  /** `@name`, lower case, without the @; NULL when it was never set. */
  | { readonly kind: "user_variable"; readonly name: string }
  /** A system variable that the gate holds itself (PlanContext.gateVariables), lower case. */
  | { readonly kind: "system_variable"; readonly name: string };

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
  | { readonly shardList: number }
  /** The same of a list that is no single slot (PlanValue "items"). */
  | { readonly shardItems: readonly PlanValue[] }
  | { readonly session: SessionValue }
  /** What a shard has to deliver for LIMIT offset, count: their sum, at most 2^64-1. */
  | { readonly upperLimit: { readonly count: PlanValue; readonly offset: PlanValue } };

export type RouteOpcode =
  | "Unsharded"
  /**
   * One keyspace id. A value that no row can have (NULL, 1.5 for a whole number) has none: the
   * query then goes to any one shard, which answers with its shape and no rows; an INSERT is
   * refused with VT09023 instead.
   */
  | "EqualUnique"
  | "Equal"
  | "IN"
  | "MultiEqual"
  | "Scatter"
  /** Any one shard of the keyspace will do. */
  | "Reference"
  /**
   * The same, for a statement about the server rather than its tables. `values` are parameters that
   * name a schema: another keyspace than the routing's is refused, as its shard wasn't asked.
   */
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
  /**
   * How the value becomes the vindex's input (comparisonInput of shared/vindex/comparison.ts), as
   * the column's type says: `id = '7'` finds the row with 7.
   */
  readonly comparison: ComparisonKind | undefined;
}

/**
 * A key of an ordered merge. Rows from each shard arrive in this order; NULLs are lowest.
 * The column definition of `column` says how to compare: numbers, dates and times by value;
 * everything else by the bytes of `weightColumn`. A key whose column turns out to be ENUM, SET,
 * JSON or GEOMETRY at execution is refused: its text doesn't sort as the shard sorted it.
 *
 * A negative position counts from the end, -1 being the last column: where the select list has a
 * `*`, only that is certain.
 */
export interface MergeKey {
  /** Position of the column in the shard's result. */
  readonly column: number;
  /** Position of WEIGHT_STRING(column) in it, when text decides by collation. */
  readonly weightColumn: number | undefined;
  /**
   * Position of the weights of one space in the same collation: the shorter of two weight strings
   * is continued with them (PAD SPACE), unless they are empty (NO PAD).
   */
  readonly padColumn: number | undefined;
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
  /** As in MergeKey, for min and max of text. */
  readonly weightColumn: number | undefined;
  readonly padColumn: number | undefined;
}

/** One row from the single rows of all shards. */
export interface ScalarAggregate {
  readonly op: "Aggregate";
  readonly input: Route;
  readonly aggregates: readonly AggregateColumn[];
  readonly hiddenColumns: number;
}

/** Ids for an AUTO_INCREMENT column that has no sequence: none may ask mysqld to make one up. */
export interface GivenIds {
  readonly table: string;
  readonly column: string;
  readonly values: readonly PlanValue[];
}

/**
 * UPDATE, DELETE and whatever else answers with OK: counts of the shards are added. "Insert" here
 * is one that goes through whole and needs no vindex (Unsharded, ByDestination) or has its keyspace
 * id from the WHERE of its SELECT; an Insert primitive splits rows or fills ids.
 */
export interface Dml {
  readonly op: "Update" | "Delete" | "Insert";
  readonly routing: Routing;
  readonly query: QueryTemplate;
  readonly tables: readonly string[];
  /** Of an INSERT ... SELECT. */
  readonly givenIds?: GivenIds;
}

export interface InsertRow {
  /** The values of the row, in the order of the statement: "(1, 'a', now())" without parentheses. */
  readonly pieces: readonly QueryPiece[];
  /** Value of each column of the primary vindex; the generated one's is null or what was given. */
  readonly vindexValues: readonly PlanValue[];
  /**
   * The value given for the AUTO_INCREMENT column: NULL and 0 (without NO_AUTO_VALUE_ON_ZERO) ask
   * for one. Undefined when the statement has none for this row: always generate.
   */
  readonly generated: PlanValue | undefined;
  /**
   * Index into `pieces` of the piece to replace by the generated value when one is generated.
   * Without a generated column (Insert.generate undefined) it is -1.
   */
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
  /** How the value of each becomes the vindex's input (storedInput of shared/vindex). */
  readonly comparisons: readonly ComparisonKind[];
  /** What the column of each can hold; undefined where its type isn't known or sets no limit. */
  readonly limits: readonly (ColumnLimit | undefined)[];
  readonly generate:
    | {
      readonly column: string;
      readonly sequenceKeyspace: string;
      readonly sequenceTable: string;
      /** The vindex column that takes the generated value; -1: none does. */
      readonly vindexColumn: number;
    }
    | undefined;
  readonly givenIds: GivenIds | undefined;
  /** Up to and with VALUES. */
  readonly prefix: readonly QueryPiece[];
  readonly rows: readonly InsertRow[];
  /** ON DUPLICATE KEY UPDATE ... */
  readonly suffix: readonly QueryPiece[];
}

/** SELECT NEXT n VALUES FROM a sequence: one row, one column "nextval", the first of n values. */
export interface NextSequence {
  readonly op: "NextSequence";
  readonly keyspace: string;
  readonly table: string;
  readonly count: PlanValue;
}

export interface Ddl {
  readonly op: "Ddl";
  readonly keyspace: string;
  readonly query: QueryTemplate;
  readonly tables: readonly string[];
}

export type Primitive = Route | Limit | ScalarAggregate | Dml | Insert | NextSequence | Ddl;

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
