/** The syntax tree of statements; ast.ts has queries, expressions and the rules for offsets. */
import type {
  Clause,
  ColumnRef,
  Expr,
  Limit,
  Name,
  OrderBy,
  Query,
  SelectItem,
  Span,
  TableName,
  TableRef,
  UserVariable,
  VariableScope,
  WithClause,
} from "./ast.ts";

/** A statement that is a query: SELECT, UNION, VALUES, TABLE, WITH ... SELECT. */
export interface SelectStatement extends Span {
  readonly kind: "query";
  readonly query: Query;
}

/** `col = expr` in UPDATE, INSERT ... SET and ON DUPLICATE KEY UPDATE. */
export interface ColumnAssignment extends Span {
  readonly column: ColumnRef;
  readonly value: Expr;
}

/** RETURNING ... (MariaDB). */
export interface Returning extends Span {
  readonly items: readonly SelectItem[];
}

/** `(1, 'a', DEFAULT)`; the span covers the parentheses (and ROW). */
export interface ValuesRow extends Span {
  readonly values: readonly Expr[];
}

export type InsertSource =
  /** The span starts at VALUES (or VALUE). */
  | Span & { readonly kind: "rows"; readonly rows: readonly ValuesRow[] }
  | Span & { readonly kind: "set"; readonly assignments: readonly ColumnAssignment[] }
  | Span & { readonly kind: "select"; readonly query: Query };

export interface Insert extends Span {
  readonly kind: "insert";
  readonly replace: boolean;
  readonly ignore: boolean;
  readonly priority: "low_priority" | "high_priority" | "delayed" | undefined;
  readonly table: TableName;
  readonly partitions: readonly Name[];
  /** Undefined: no list is written. */
  readonly columns: readonly ColumnRef[] | undefined;
  /** The list with its parentheses. */
  readonly columnsSpan: Span | undefined;
  readonly source: InsertSource;
  /** `VALUES (...) AS new(a, b)`. */
  readonly rowAlias: Name | undefined;
  readonly rowColumns: readonly Name[];
  readonly onDuplicate:
    | Span & { readonly assignments: readonly ColumnAssignment[] }
    | undefined;
  readonly returning: Returning | undefined;
}

export interface Update extends Span {
  readonly kind: "update";
  readonly with: WithClause | undefined;
  readonly ignore: boolean;
  readonly lowPriority: boolean;
  /** One NamedTable for the single-table form. */
  readonly tables: readonly TableRef[];
  readonly assignments: readonly ColumnAssignment[];
  readonly where: Clause | undefined;
  readonly orderBy: OrderBy | undefined;
  readonly limit: Limit | undefined;
  readonly returning: Returning | undefined;
}

export interface Delete extends Span {
  readonly kind: "delete";
  readonly with: WithClause | undefined;
  readonly ignore: boolean;
  readonly lowPriority: boolean;
  readonly quick: boolean;
  /** What rows go from, in the multi-table forms; empty in the single-table form. */
  readonly targets: readonly TableName[];
  readonly tables: readonly TableRef[];
  readonly where: Clause | undefined;
  readonly orderBy: OrderBy | undefined;
  readonly limit: Limit | undefined;
  readonly returning: Returning | undefined;
}

export type SetScope = VariableScope | "user" | "default";

/** One of the comma separated parts of SET. */
export type SetItem =
  /** `@x = expr` or `@x := expr`. */
  | Span & { readonly kind: "user"; readonly target: UserVariable; readonly value: Expr }
  | Span & {
    readonly kind: "system";
    /** Undefined: not written, which means the session. */
    readonly scope: VariableScope | undefined;
    /** `@@x`, not `x` alone: MySQL's SET TRANSACTION rules differ for the two. */
    readonly marked: boolean;
    readonly name: string;
    /** Undefined: DEFAULT. A bare word such as ON is a ColumnRef. */
    readonly value: Expr | undefined;
  }
  /** SET NAMES charset [COLLATE collation]; charset undefined: DEFAULT. */
  | Span & {
    readonly kind: "names";
    readonly charset: Name | undefined;
    readonly collation: Name | undefined;
  }
  /** SET CHARACTER SET charset; charset undefined: DEFAULT. */
  | Span & { readonly kind: "charset"; readonly charset: Name | undefined }
  | Span & {
    readonly kind: "transaction";
    /** Undefined: the next transaction only. */
    readonly scope: "session" | "global" | undefined;
    readonly isolation:
      | "read uncommitted"
      | "read committed"
      | "repeatable read"
      | "serializable"
      | undefined;
    readonly access: "read only" | "read write" | undefined;
  }
  /** PASSWORD, ROLE, DEFAULT ROLE, RESOURCE GROUP: the rest is passed through. */
  | Span & { readonly kind: "other"; readonly what: string };

export interface SetStatement extends Span {
  readonly kind: "set";
  readonly items: readonly SetItem[];
}

/** SET STATEMENT x = 1, ... FOR statement (MariaDB). */
export interface SetForStatement extends Span {
  readonly kind: "set_for";
  readonly items: readonly SetItem[];
  readonly statement: Statement;
}

export interface Show extends Span {
  readonly kind: "show";
  /** Lower case words that say what: "tables", "create table", "vitess_tablets", "vschema tables". */
  readonly what: string;
  readonly full: boolean;
  readonly extended: boolean;
  readonly scope: "session" | "global" | undefined;
  /** SHOW COLUMNS FROM t, SHOW CREATE TABLE t, SHOW INDEX IN t. */
  readonly table: TableName | undefined;
  /** ... FROM db. */
  readonly database: Name | undefined;
  readonly like: Expr | undefined;
  readonly where: Clause | undefined;
  /** LIMIT of SHOW WARNINGS and its like. */
  readonly limit: Limit | undefined;
}

export interface Use extends Span {
  readonly kind: "use";
  /** The target as meant: quotes taken off, `customer:-80@replica`. */
  readonly target: string;
}

export interface Begin extends Span {
  readonly kind: "begin";
  readonly consistentSnapshot: boolean;
  readonly access: "read only" | "read write" | undefined;
}

export interface EndTransaction extends Span {
  readonly kind: "commit" | "rollback";
  /** AND [NO] CHAIN; undefined: not said. */
  readonly chain: boolean | undefined;
  /** [NO] RELEASE; undefined: not said. */
  readonly release: boolean | undefined;
}

export interface Savepoint extends Span {
  readonly kind: "savepoint" | "release_savepoint" | "rollback_to";
  readonly name: Name;
}

export interface LockTables extends Span {
  readonly kind: "lock_tables";
  readonly tables: readonly {
    readonly table: TableName;
    readonly alias: Name | undefined;
    readonly mode: "read" | "write";
  }[];
}

export interface Prepare extends Span {
  readonly kind: "prepare";
  readonly name: Name;
  /** A string literal or a user variable (MariaDB: any expression). */
  readonly from: Expr;
}

export interface Execute extends Span {
  readonly kind: "execute";
  readonly name: Name;
  readonly using: readonly Expr[];
}

/** EXECUTE IMMEDIATE (MariaDB). */
export interface ExecuteImmediate extends Span {
  readonly kind: "execute_immediate";
  readonly from: Expr;
  readonly using: readonly Expr[];
}

export interface Deallocate extends Span {
  readonly kind: "deallocate";
  readonly name: Name;
}

export interface Kill extends Span {
  readonly kind: "kill";
  readonly what: "connection" | "query";
  readonly id: Expr;
}

export interface CallStatement extends Span {
  readonly kind: "call_procedure";
  readonly schema: Name | undefined;
  readonly name: Name;
  readonly args: readonly Expr[];
}

/** EXPLAIN, DESCRIBE and ANALYZE (MariaDB) of a statement. */
export interface Explain extends Span {
  readonly kind: "explain";
  readonly analyze: boolean;
  /** Lower case: "json", "tree", "traditional"; undefined: not said. */
  readonly format: string | undefined;
  /** Undefined for EXPLAIN FOR CONNECTION n. */
  readonly statement: Statement | undefined;
}

/** DESCRIBE t [column]. */
export interface DescribeTable extends Span {
  readonly kind: "describe_table";
  readonly table: TableName;
  /** A column, or a LIKE pattern as a string. */
  readonly column: Name | undefined;
}

export interface VExplain extends Span {
  readonly kind: "vexplain";
  readonly what: "plan" | "queries" | "all" | "trace" | "keys";
  readonly statement: Statement;
}

/** ANALYZE, OPTIMIZE, CHECK, REPAIR, CHECKSUM TABLE. */
export interface TableMaintenance extends Span {
  readonly kind: "table_maintenance";
  readonly action: "analyze" | "optimize" | "check" | "repair" | "checksum";
  readonly tables: readonly TableName[];
}

export interface Flush extends Span {
  readonly kind: "flush";
  /** FLUSH TABLES t1, t2. */
  readonly tables: readonly TableName[];
  /** Lower case: "tables", "tables with read lock", "privileges". */
  readonly what: string;
}

export interface Do extends Span {
  readonly kind: "do";
  readonly exprs: readonly Expr[];
}

export interface LoadData extends Span {
  readonly kind: "load_data";
  readonly local: boolean;
  readonly table: TableName;
}

export type DdlAction = "create" | "alter" | "drop" | "truncate" | "rename";

export type DdlObject =
  | "table"
  | "index"
  | "view"
  | "database"
  | "trigger"
  | "procedure"
  | "function"
  | "package"
  | "event"
  | "sequence"
  | "server"
  | "tablespace"
  | "logfile group"
  | "instance"
  | "resource group"
  | "spatial reference system"
  /** ALTER VSCHEMA ...: the gate's own. */
  | "vschema"
  | "vitess_migration";

/** Data definition. What is not named here is passed through as text. */
export interface Ddl extends Span {
  readonly kind: "ddl";
  readonly action: DdlAction;
  readonly object: DdlObject;
  readonly temporary: boolean;
  readonly ifExists: boolean;
  readonly ifNotExists: boolean;
  /** CREATE OR REPLACE. */
  readonly orReplace: boolean;
  /**
   * What is defined; several for DROP TABLE a, b; from and to in turn for RENAME TABLE. For
   * indexes and triggers the table they belong to; for databases empty.
   */
  readonly tables: readonly TableName[];
  /** Other tables that the text names: LIKE, REFERENCES, RENAME TO, EXCHANGE PARTITION, UNION=. */
  readonly mentioned: readonly TableName[];
  /** Of a database. Undefined for ALTER DATABASE without a name. */
  readonly database: Name | undefined;
  /** Of an index, trigger, procedure, function, event, server... */
  readonly name: TableName | undefined;
  /** CREATE TABLE ... AS SELECT, CREATE VIEW ... AS SELECT. */
  readonly query: Query | undefined;
}

/** GRANT, REVOKE, CREATE USER, ...: access control is not the gate's. */
export interface AccessControl extends Span {
  readonly kind: "access_control";
  /** Lower case: "grant", "create user". */
  readonly what: string;
}

/** Statements known by their first words only: XA, HANDLER, CHANGE MASTER, INSTALL, BINLOG ... */
export interface OtherStatement extends Span {
  readonly kind: "other";
  /** Lower case: "xa", "handler", "change", "help". */
  readonly what: string;
}

export interface UnlockTables extends Span {
  readonly kind: "unlock_tables";
}

export interface EmptyStatement extends Span {
  readonly kind: "empty";
}

export type Statement =
  | SelectStatement
  | Insert
  | Update
  | Delete
  | SetStatement
  | SetForStatement
  | Show
  | Use
  | Begin
  | EndTransaction
  | Savepoint
  | LockTables
  | UnlockTables
  | Prepare
  | Execute
  | ExecuteImmediate
  | Deallocate
  | Kill
  | CallStatement
  | Explain
  | DescribeTable
  | VExplain
  | TableMaintenance
  | Flush
  | Do
  | LoadData
  | Ddl
  | AccessControl
  | OtherStatement
  | EmptyStatement;
