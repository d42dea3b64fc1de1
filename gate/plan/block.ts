/**
 * The statement's queries as blocks: one SELECT each, with the tables it reads and the block around
 * it. analyse.ts makes them, resolve.ts finds what names mean in them, facts.ts what equalities say.
 */
import { vtError } from "../../shared/error/errors.ts";
import type { Expr, Name, Query, Select, TableName } from "../../shared/sql/ast.ts";
import type { TableColumn, VSchemaTable } from "../../shared/vschema/keyspace.ts";
import type { PlanContext } from "./context.ts";

/** One mention of a table: `t a JOIN t b` are two. */
export interface Instance {
  readonly id: number;
  readonly name: TableName;
  /** Without one: DUAL, or a table of information_schema and its like. */
  readonly table: VSchemaTable | undefined;
  readonly system: boolean;
  /** Its alias, or else its name: what columns are qualified with. */
  readonly label: string;
  readonly hasAlias: boolean;
  /** A routing rule leads elsewhere, or the name has another keyspace in front. */
  readonly block: Block;
}

/** Something in a FROM that columns can belong to. */
export type Source =
  | { readonly kind: "table"; readonly label: string; readonly instance: Instance }
  | {
    readonly kind: "derived";
    readonly id: number;
    readonly label: string;
    readonly columns: readonly Name[];
    /** One for each SELECT of a UNION; empty for VALUES and other opaque things. */
    readonly arms: readonly Block[];
    /** The query under a LIMIT or the like as a whole: rows can't be left out of it. */
    readonly sealed: boolean;
    readonly setOperation: boolean;
  };

export interface LeftJoin {
  readonly preserved: ReadonlySet<Source>;
  readonly nullable: ReadonlySet<Source>;
}

/** An ON or WHERE condition, and which sources it can leave rows out of. */
export interface Condition {
  readonly expr: Expr;
  /** Undefined: of all. */
  readonly restricts: ReadonlySet<Source> | undefined;
}

export interface Block {
  readonly id: number;
  readonly select: Select;
  readonly parent: Block | undefined;
  readonly sources: Source[];
  readonly conditions: Condition[];
  readonly leftJoins: LeftJoin[];
  /** JOIN ... USING: `*` has the joined columns once. */
  usesUsing: boolean;
  /** Blocks in expressions; with the IN that they stand in, when it is one. */
  readonly subqueries: { readonly query: Query; readonly arms: readonly Block[] }[];
}

/** All blocks and tables of a statement. */
export class Analysis {
  readonly context: PlanContext;
  readonly blocks: Block[] = [];
  readonly instances: Instance[] = [];
  /** Table names that mean a WITH, by their offset. */
  readonly cteUses = new Set<number>();
  /** JSON_TABLE, LATERAL, VALUES: things that only one shard can do. */
  readonly oddities: string[] = [];
  #nextId = 0;

  constructor(context: PlanContext) {
    this.context = context;
  }

  id(): number {
    return this.#nextId++;
  }
}
export function tableColumn(table: VSchemaTable, name: string): TableColumn | undefined {
  return table.columns.find((column) => column.name.toLowerCase() === name);
}
/** True for tables of a sharded keyspace that are in pieces there. */
export function isSharded(instance: Instance): boolean {
  const { table } = instance;
  return table !== undefined && table.sharded && table.type !== "reference";
}

export function unsupported(what: string): Error {
  return vtError("VT12001", what);
}
