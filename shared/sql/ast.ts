/**
 * The syntax tree of expressions and queries. `ast_statement.ts` has the statements around them.
 *
 * Every node carries `start` and `end`: offsets into the statement's byte string
 * (docs/decisions/0002-sql-text-is-a-byte-string.md), half open. What goes to a shard is the
 * client's own text, spliced at these offsets (splice.ts), so nodes keep positions, not spelling.
 * Parentheses around an expression make no node: they lie inside the parent's span.
 *
 * `slot` on a literal or parameter is its number in the normaliser's `slots` (normalize.ts); -1
 * means that its text is part of the key.
 */

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** An identifier: table, column, alias, index, charset... */
export interface Name extends Span {
  /** Unquoted and decoded to real text (names.ts), in the statement's own letter case. */
  readonly text: string;
  readonly quoted: boolean;
  /** A column alias may be written as a string, which the normaliser took for a literal; else -1. */
  readonly slot: number;
}

/** `t`, `ks.t`. The span covers the qualifier. */
export interface TableName extends Span {
  readonly kind: "table_name";
  /** Keyspace or database. */
  readonly qualifier: Name | undefined;
  readonly name: Name;
}

// Expressions.

export type LiteralType = "int" | "decimal" | "float" | "string" | "hex" | "bit";

/** Spans exactly its slot: with the sign that belongs to a number, without introducer or `N`. */
export interface Literal extends Span {
  readonly kind: "literal";
  readonly type: LiteralType;
  readonly slot: number;
}

/** `_latin1'x'`, `N'x'` (charset utf8mb3). */
export interface IntroducedLiteral extends Span {
  readonly kind: "introduced";
  /** Lower case, without the underscore. */
  readonly charset: string;
  readonly literal: Literal;
}

/** `DATE '2020-01-01'`. */
export interface TemporalLiteral extends Span {
  readonly kind: "temporal";
  readonly type: "date" | "time" | "timestamp";
  readonly literal: Literal;
}

/** `?` */
export interface Parameter extends Span {
  readonly kind: "param";
  readonly slot: number;
  /** Its place among the statement's parameters, from 0. */
  readonly index: number;
}

/** The whole list of an IN whose items are literals of one type, or parameters. */
export interface LiteralList extends Span {
  readonly kind: "literal_list";
  readonly slot: number;
}

export interface NullLiteral extends Span {
  readonly kind: "null";
}

/** TRUE and FALSE. */
export interface BoolLiteral extends Span {
  readonly kind: "bool";
  readonly value: boolean;
}

/** DEFAULT as a value, or DEFAULT(column). IGNORE as a value (MariaDB) is `ignore`. */
export interface DefaultValue extends Span {
  readonly kind: "default";
  readonly ignore: boolean;
  readonly column: ColumnRef | undefined;
}

export interface ColumnRef extends Span {
  readonly kind: "column";
  /** `ks` of `ks.t.c`. */
  readonly schema: Name | undefined;
  readonly table: Name | undefined;
  readonly name: Name;
}

/** `*`, `t.*`, `ks.t.*`, as a select item only. */
export interface Star extends Span {
  readonly kind: "star";
  readonly schema: Name | undefined;
  readonly table: Name | undefined;
}

/** `@name` */
export interface UserVariable extends Span {
  readonly kind: "user_variable";
  /** Without the `@`, unquoted, lower case. */
  readonly name: string;
}

export type VariableScope = "session" | "global" | "persist" | "persist_only";

/** `@@name`, `@@global.name`. */
export interface SystemVariable extends Span {
  readonly kind: "system_variable";
  /** Undefined when the statement doesn't say: the session's, or else the global value. */
  readonly scope: VariableScope | undefined;
  /** Lower case; with the key cache or component in front: `hot.key_buffer_size`. */
  readonly name: string;
}

/** `@x := expr` inside an expression. */
export interface Assignment extends Span {
  readonly kind: "assign";
  readonly target: UserVariable;
  readonly value: Expr;
}

export type UnaryOp = "-" | "+" | "~" | "!" | "not" | "binary" | "prior";

export interface Unary extends Span {
  readonly kind: "unary";
  readonly op: UnaryOp;
  readonly operand: Expr;
}

export type ComparisonOp = "=" | "<=>" | "<>" | "<" | "<=" | ">" | ">=";

export type BinaryOp =
  | ComparisonOp
  | "or"
  | "xor"
  | "and"
  | "||" // Concatenation: only with PIPES_AS_CONCAT, otherwise "or".
  | "|"
  | "&"
  | "<<"
  | ">>"
  | "+"
  | "-"
  | "*"
  | "/"
  | "div"
  | "mod"
  | "^"
  | "->"
  | "->>"
  | "sounds like";

export interface Binary extends Span {
  readonly kind: "binary";
  readonly op: BinaryOp;
  readonly left: Expr;
  readonly right: Expr;
}

/** `a = ANY (select ...)`, `a <> ALL (...)`; SOME is "any". */
export interface Quantified extends Span {
  readonly kind: "quantified";
  readonly op: ComparisonOp;
  readonly quantifier: "any" | "all";
  readonly left: Expr;
  readonly query: Query;
}

export interface Between extends Span {
  readonly kind: "between";
  readonly negated: boolean;
  readonly operand: Expr;
  readonly low: Expr;
  readonly high: Expr;
}

export interface Like extends Span {
  readonly kind: "like";
  readonly op: "like" | "regexp";
  readonly negated: boolean;
  readonly operand: Expr;
  readonly pattern: Expr;
  readonly escape: Expr | undefined;
}

export interface ExprList extends Span {
  readonly kind: "expr_list";
  readonly items: readonly Expr[];
}

export interface In extends Span {
  readonly kind: "in";
  readonly negated: boolean;
  readonly operand: Expr;
  /** The span of a list lies inside the parentheses. */
  readonly list: LiteralList | ExprList | Subquery;
}

export interface Is extends Span {
  readonly kind: "is";
  readonly negated: boolean;
  readonly operand: Expr;
  readonly test: "null" | "true" | "false" | "unknown";
}

export interface MemberOf extends Span {
  readonly kind: "member_of";
  readonly operand: Expr;
  readonly array: Expr;
}

export interface Exists extends Span {
  readonly kind: "exists";
  readonly query: Query;
}

/** `(select ...)` as a value. The span covers the parentheses. */
export interface Subquery extends Span {
  readonly kind: "subquery";
  readonly query: Query;
}

/** `(a, b)`, `ROW(a, b)`. */
export interface Row extends Span {
  readonly kind: "row";
  readonly items: readonly Expr[];
}

export interface CaseWhen extends Span {
  readonly when: Expr;
  readonly then: Expr;
}

export interface Case extends Span {
  readonly kind: "case";
  readonly operand: Expr | undefined;
  readonly whens: readonly CaseWhen[];
  readonly otherwise: Expr | undefined;
}

/** CAST(x AS type), CONVERT(x, type). */
export interface Cast extends Span {
  readonly kind: "cast";
  readonly operand: Expr;
  /** The type's first word, lower case: "signed", "char", "decimal"... */
  readonly type: string;
  /** The type as written: `char(10) character set utf8`. */
  readonly typeSpan: Span;
}

/** CONVERT(x USING charset). */
export interface ConvertUsing extends Span {
  readonly kind: "convert_using";
  readonly operand: Expr;
  readonly charset: Name;
}

export interface Collate extends Span {
  readonly kind: "collate";
  readonly operand: Expr;
  readonly collation: Name;
}

/** `INTERVAL 1 DAY`, an operand of + and - or an argument of DATE_ADD and its like. */
export interface Interval extends Span {
  readonly kind: "interval";
  readonly value: Expr;
  /** Lower case: "day", "hour_second". */
  readonly unit: string;
}

export interface Match extends Span {
  readonly kind: "match";
  readonly columns: readonly Expr[];
  readonly against: Expr;
  readonly mode: "natural" | "boolean" | undefined;
  readonly expansion: boolean;
}

/** `{d '2020-01-01'}`, `{fn now()}`. */
export interface OdbcEscape extends Span {
  readonly kind: "odbc";
  readonly name: string;
  readonly operand: Expr;
}

/**
 * A function call. Special spellings are calls too: TRIM(LEADING x FROM y) has args [x, y] and
 * special "leading"; EXTRACT(YEAR FROM d) args [d], special "year"; SUBSTRING(a FROM 1 FOR 2)
 * args [a, 1, 2]; POSITION(a IN b) args [a, b]; CURRENT_TIMESTAMP has no parentheses at all.
 */
export interface Call extends Span {
  readonly kind: "call";
  /** Lower case. */
  readonly name: string;
  /** `db` of `db.f(...)`. */
  readonly schema: Name | undefined;
  readonly args: readonly Expr[];
  readonly distinct: boolean;
  /** COUNT(*). */
  readonly star: boolean;
  /** The keyword of a special spelling, lower case: see above. */
  readonly special: string | undefined;
  /** GROUP_CONCAT(... ORDER BY ...), JSON_ARRAYAGG (MariaDB). */
  readonly orderBy: readonly OrderItem[];
  readonly separator: Literal | undefined;
  /** GROUP_CONCAT(... LIMIT n) (MariaDB). */
  readonly limit: Limit | undefined;
  readonly over: WindowSpec | Name | undefined;
}

export type Expr =
  | Literal
  | IntroducedLiteral
  | TemporalLiteral
  | Parameter
  | NullLiteral
  | BoolLiteral
  | DefaultValue
  | ColumnRef
  | Star
  | UserVariable
  | SystemVariable
  | Assignment
  | Unary
  | Binary
  | Quantified
  | Between
  | Like
  | In
  | Is
  | MemberOf
  | Exists
  | Subquery
  | Row
  | Case
  | Cast
  | ConvertUsing
  | Collate
  | Interval
  | Match
  | OdbcEscape
  | Call;

export interface OrderItem extends Span {
  readonly expr: Expr;
  readonly descending: boolean;
}

export interface FrameBound extends Span {
  readonly bound:
    | "unbounded_preceding"
    | "unbounded_following"
    | "current_row"
    | "preceding"
    | "following";
  readonly value: Expr | undefined;
}

export interface WindowFrame extends Span {
  readonly unit: "rows" | "range" | "groups";
  readonly from: FrameBound;
  readonly to: FrameBound | undefined;
}

/** What stands in the parentheses of OVER (...) or WINDOW w AS (...). */
export interface WindowSpec extends Span {
  readonly kind: "window";
  /** The named window that this one refines. */
  readonly base: Name | undefined;
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly OrderItem[];
  readonly frame: WindowFrame | undefined;
}

// Queries.

/** Clauses that any query may end in. Spans start at the clause's keyword. */
export interface QueryTail {
  readonly with: WithClause | undefined;
  readonly orderBy: OrderBy | undefined;
  readonly limit: Limit | undefined;
  readonly locks: readonly LockClause[];
  readonly into: Into | undefined;
}

export interface OrderBy extends Span {
  readonly items: readonly OrderItem[];
}

/** LIMIT n, LIMIT m, n, LIMIT n OFFSET m, OFFSET m ROWS FETCH FIRST n ROWS ONLY. */
export interface Limit extends Span {
  /** Undefined: FETCH FIRST ROW ONLY (one row), or only OFFSET, or only ROWS EXAMINED. */
  readonly count: Expr | undefined;
  readonly offset: Expr | undefined;
  /** MariaDB's FETCH FIRST; undefined for LIMIT. */
  readonly fetchFirst: "only" | "with_ties" | "none" | undefined;
  /** LIMIT ... ROWS EXAMINED n (MariaDB). */
  readonly rowsExamined: Expr | undefined;
}

export interface LockClause extends Span {
  readonly strength: "update" | "share";
  readonly of: readonly TableName[];
  readonly wait: "nowait" | "skip_locked" | Expr | undefined;
}

/** INTO OUTFILE, INTO DUMPFILE, INTO @a, @b. */
export interface Into extends Span {
  readonly target: "outfile" | "dumpfile" | "variables";
}

export interface Cte extends Span {
  readonly name: Name;
  readonly columns: readonly Name[];
  readonly query: Query;
}

export interface WithClause extends Span {
  readonly recursive: boolean;
  readonly ctes: readonly Cte[];
}

export interface SelectItem extends Span {
  readonly expr: Expr;
  /** Span of the expression with its parentheses: the column's name when there is no alias. */
  readonly exprSpan: Span;
  readonly alias: Name | undefined;
}

export interface GroupBy extends Span {
  readonly items: readonly OrderItem[];
  readonly rollup: boolean;
}

/** WHERE, HAVING: the span starts at the keyword, the expression's own span may be narrower. */
export interface Clause extends Span {
  readonly expr: Expr;
}

export interface NamedWindow extends Span {
  readonly name: Name;
  readonly spec: WindowSpec;
}

export interface SelectOptions {
  readonly distinct: boolean;
  readonly straightJoin: boolean;
  readonly calcFoundRows: boolean;
  /** SQL_NO_CACHE, HIGH_PRIORITY, SQL_BUFFER_RESULT...: lower case, in order. */
  readonly others: readonly string[];
}

export interface Select extends Span, QueryTail {
  readonly kind: "select";
  readonly options: SelectOptions;
  readonly items: readonly SelectItem[];
  /** From the first item to the end of the last: more columns are added at its end. */
  readonly itemsSpan: Span;
  /** Comma separated; empty without FROM. FROM DUAL is a reference to the table `dual`. */
  readonly from: readonly TableRef[];
  /** The FROM clause, from its keyword. */
  readonly fromSpan: Span | undefined;
  readonly where: Clause | undefined;
  readonly groupBy: GroupBy | undefined;
  readonly having: Clause | undefined;
  readonly windows: readonly NamedWindow[];
  /** `select next [n] values from seq`: the count; the items are empty then. */
  readonly nextValues: Expr | "one" | undefined;
}

/** Left associative; INTERSECT binds tighter. */
export interface SetOperation extends Span, QueryTail {
  readonly kind: "set_operation";
  readonly op: "union" | "except" | "intersect";
  readonly all: boolean;
  readonly left: Query;
  readonly right: Query;
}

/** A query in parentheses: `(select ...) limit 1`, an operand of UNION. The span covers them. */
export interface ParenQuery extends Span, QueryTail {
  readonly kind: "paren_query";
  readonly query: Query;
}

/** `VALUES ROW(1, 2), ROW(3, 4)`. */
export interface ValuesQuery extends Span, QueryTail {
  readonly kind: "values";
  readonly rows: readonly Row[];
}

/** `TABLE t`. */
export interface TableQuery extends Span, QueryTail {
  readonly kind: "table";
  readonly table: TableName;
}

export type Query = Select | SetOperation | ParenQuery | ValuesQuery | TableQuery;

// Table references.

export interface IndexHint extends Span {
  readonly action: "use" | "force" | "ignore" | "use_vindex" | "ignore_vindex";
  readonly scope: "join" | "order_by" | "group_by" | undefined;
  readonly indexes: readonly Name[];
}

export interface NamedTable extends Span {
  readonly kind: "named_table";
  readonly name: TableName;
  readonly alias: Name | undefined;
  readonly partitions: readonly Name[];
  readonly hints: readonly IndexHint[];
  /** FOR SYSTEM_TIME ... (MariaDB). */
  readonly systemTime: Span | undefined;
}

export interface DerivedTable extends Span {
  readonly kind: "derived_table";
  readonly lateral: boolean;
  readonly query: Query;
  readonly alias: Name | undefined;
  readonly columns: readonly Name[];
}

/** JSON_TABLE(...) and other functions that give tables. The COLUMNS part is passed through. */
export interface TableFunction extends Span {
  readonly kind: "table_function";
  readonly name: string;
  readonly args: readonly Expr[];
  readonly alias: Name | undefined;
}

export interface Join extends Span {
  readonly kind: "join";
  /** CROSS JOIN and JOIN are "inner". */
  readonly type: "inner" | "left" | "right" | "straight";
  readonly natural: boolean;
  readonly left: TableRef;
  readonly right: TableRef;
  readonly on: Expr | undefined;
  readonly using: readonly Name[];
}

/** `(t1, t2)`, `(t1 join t2)`; the span covers the parentheses. */
export interface ParenTables extends Span {
  readonly kind: "paren_tables";
  readonly tables: readonly TableRef[];
}

export type TableRef = NamedTable | DerivedTable | TableFunction | Join | ParenTables;
