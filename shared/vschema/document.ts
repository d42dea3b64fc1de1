/**
 * A keyspace's VSchema as it is written down: which tables it has, how they are sharded
 * (proto/vschema.proto). parse.ts reads it, print.ts writes it, check.ts says what is wrong with
 * it, vschema.ts makes all keyspaces' documents into something to plan with.
 */
import type { VindexParams } from "../vindex/registry.ts";

export type TableType = "" | "sequence" | "reference";

export type ForeignKeyMode = "unspecified" | "disallow" | "unmanaged" | "managed";

export interface VindexDocument {
  readonly type: string;
  readonly params: VindexParams;
  /** The table whose rows a lookup vindex follows; "" for none. */
  readonly owner: string;
}

export interface ColumnVindexDocument {
  readonly columns: readonly string[];
  /** Key into KeyspaceDocument.vindexes. */
  readonly name: string;
}

export interface ColumnDocument {
  readonly name: string;
  /** As in the query protocol: "VARCHAR", "INT64"; "" when not said. */
  readonly type: string;
  /** What else the document says about the column: kept, not used here. */
  readonly other: Readonly<Record<string, unknown>>;
}

export interface AutoIncrementDocument {
  readonly column: string;
  /** "t" or "keyspace.t". */
  readonly sequence: string;
}

export interface TableDocument {
  readonly type: TableType;
  readonly columnVindexes: readonly ColumnVindexDocument[];
  readonly autoIncrement: AutoIncrementDocument | undefined;
  readonly columns: readonly ColumnDocument[];
  readonly columnListAuthoritative: boolean;
  /** Keyspace id in hexadecimal; "" for none. */
  readonly pinned: string;
  /** Of a reference table: "keyspace.table" that it copies; "" for none. */
  readonly source: string;
}

export interface KeyspaceDocument {
  readonly sharded: boolean;
  readonly requireExplicitRouting: boolean;
  readonly foreignKeyMode: ForeignKeyMode;
  readonly vindexes: ReadonlyMap<string, VindexDocument>;
  readonly tables: ReadonlyMap<string, TableDocument>;
  readonly multiTenantSpec: Readonly<Record<string, unknown>> | undefined;
}

export const EMPTY_KEYSPACE: KeyspaceDocument = {
  sharded: false,
  requireExplicitRouting: false,
  foreignKeyMode: "unspecified",
  vindexes: new Map(),
  tables: new Map(),
  multiTenantSpec: undefined,
};

export const EMPTY_TABLE: TableDocument = {
  type: "",
  columnVindexes: [],
  autoIncrement: undefined,
  columns: [],
  columnListAuthoritative: false,
  pinned: "",
  source: "",
};
