/**
 * What has to change in any statement before a shard can run it: keyspaces in front of names go,
 * names that a routing rule changes are replaced, and what only the session knows is put in.
 */
import type {
  ColumnRef,
  Expr,
  Parameter,
  SelectItem,
  Span,
  Star,
  TableName,
} from "../../shared/sql/ast.ts";
import type { Statement } from "../../shared/sql/ast_statement.ts";
import { quoteName } from "../../shared/sql/print.ts";
import { printLiteral } from "../../shared/value/value.ts";
import { isExpr, kindOf, walk } from "../../shared/sql/walk.ts";
import { type Analysis, type Instance, unsupported } from "./block.ts";
import { databaseOf, isSystemSchema, type PlanContext, type StatementText } from "./context.ts";
import type { Pin, QueryPiece } from "./plan.ts";
import { sessionValueOf } from "./session_values.ts";
import { type Edit, insert, remove, replace } from "./template.ts";

/** Edits of a statement and the slots whose text went into them. */
export interface Rewrite {
  /** Parameters that name a schema: known only when the plan runs. */
  readonly schemaParameters: number[];
  /** Keyspaces that schema columns are compared with. */
  readonly schemaKeyspaces: Set<string>;
  readonly edits: Edit[];
  readonly pins: Pin[];
}

export function rewriteStatement(
  statement: Statement,
  analysis: Analysis,
  text: StatementText,
): Rewrite {
  const rewrite: Rewrite = {
    edits: [],
    pins: [],
    schemaParameters: [],
    schemaKeyspaces: new Set(),
  };
  // A WITH that is used twice has been analysed twice.
  const done = new Set<number>();
  for (const instance of analysis.instances) {
    if (done.has(instance.name.start)) continue;
    done.add(instance.name.start);
    rewrite.edits.push(...nameEdits(instance, analysis.context));
  }
  const system = analysis.instances.some((instance) => instance.system);
  const found: Span[] = [];
  walk(statement, (node) => {
    const kind = kindOf(node);
    if (kind === "column" || kind === "star") {
      const edit = schemaEdit(node as ColumnRef | Star);
      if (edit !== undefined) rewrite.edits.push(edit);
    }
    if (kind === "assign") throw unsupported("Assignment expression");
    if (!isExpr(node)) return;
    const value = sessionValueOf(node, analysis.context.gateVariables);
    if (value === undefined) return;
    // Among the server's own tables DATABASE() must be what they call it.
    if (system && value.kind === "function" && value.name === "database") return;
    rewrite.edits.push(replace(node, { session: value }));
    found.push(node);
  });
  if (found.length > 0) nameItems(statement, found, text, rewrite);
  if (system) schemaNames(statement, text, analysis.context, rewrite);
  return rewrite;
}

/** The table's own name, without keyspace; its old one stays as an alias for the columns. */
function nameEdits(instance: Instance, context: PlanContext): Edit[] {
  const { name, table, hasAlias } = instance;
  if (table === undefined) return systemEdits(name, context, instance.system);
  if (table.name !== name.name.text) {
    const fresh = quoteName(table.name, context.charset);
    const alias = hasAlias ? "" : ` AS ${quoteName(name.name.text, context.charset)}`;
    return [replace(name, fresh + alias)];
  }
  return unqualified(name);
}

/** A session whose database is information_schema says `tables` and means it. */
function systemEdits(name: TableName, context: PlanContext, system: boolean): Edit[] {
  if (!system || name.qualifier !== undefined) return [];
  return [insert(name.start, `${quoteName(context.keyspace, context.charset)}.`)];
}

/** Takes the keyspace off a table's name. */
export function unqualified(name: TableName): Edit[] {
  return name.qualifier === undefined ? [] : [remove(name.start, name.name.start)];
}

/** `ks.t.c` is `t.c` on the shard. */
function schemaEdit(node: ColumnRef | Star): Edit | undefined {
  if (node.schema === undefined || node.table === undefined) return undefined;
  return isSystemSchema(node.schema.text) ? undefined : remove(node.schema.start, node.table.start);
}

/** A replaced expression keeps the name that its column would have had. */
function nameItems(
  statement: Statement,
  replaced: readonly Span[],
  text: StatementText,
  rewrite: Rewrite,
): void {
  walk(statement, (node) => {
    if (!("exprSpan" in node)) return;
    const item = node as SelectItem;
    if (item.alias !== undefined || !replaced.some((span) => isInside(span, item))) return;
    const { start, end } = item.exprSpan;
    for (const [slot, place] of text.slots.entries()) {
      if (!isInside(place, item.exprSpan)) continue;
      rewrite.pins.push({ slot, text: text.sql.slice(place.start, place.end) });
    }
    // The text is the client's bytes already: nothing to encode.
    const name = text.sql.slice(start, end).slice(0, COLUMN_NAME_MAX).replaceAll("`", "``");
    rewrite.edits.push(insert(item.end, ` AS \`${name}\``));
  });
}

/** Longest alias that MySQL takes. */
const COLUMN_NAME_MAX = 256;

function isInside(inner: Span, outer: Span): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}

const SCHEMA_COLUMNS: ReadonlySet<string> = new Set([
  "table_schema",
  "schema_name",
  "constraint_schema",
  "unique_constraint_schema",
  "referenced_table_schema",
  "routine_schema",
  "trigger_schema",
  "event_schema",
  "event_object_schema",
  "index_schema",
  "object_schema",
]);

/** `table_schema = 'customer'` asks about vt_customer, or what mysqld calls it. */
function schemaNames(
  statement: Statement,
  text: StatementText,
  context: PlanContext,
  rewrite: Rewrite,
): void {
  walk(statement, (node) => {
    if (!isExpr(node)) return;
    for (const parameter of comparedParameters(node)) {
      rewrite.schemaParameters.push(parameter.slot);
      rewrite.edits.push(replace(parameter, ...parameterName(parameter.slot, context)));
    }
    for (const literal of comparedSchemas(node)) {
      const place = text.slots[literal.slot];
      if (place === undefined) continue;
      const keyspace = keyspaceOf(literal.value, context);
      if (keyspace === undefined) continue;
      const source = text.sql.slice(place.start, place.end);
      rewrite.pins.push({ slot: literal.slot, text: source });
      rewrite.schemaKeyspaces.add(keyspace);
      const own = { type: "text", text: databaseOf(keyspace, context.databases) } as const;
      rewrite.edits.push(replace(place, printLiteral(own)));
    }
  });

  interface Compared {
    readonly slot: number;
    readonly value: string;
  }

  function comparedSchemas(expr: Expr): readonly Compared[] {
    if (expr.kind === "binary" && (expr.op === "=" || expr.op === "<=>")) {
      if (isSchemaColumn(expr.left)) return literalOf(expr.right);
      if (isSchemaColumn(expr.right)) return literalOf(expr.left);
    }
    if (expr.kind === "like" && isSchemaColumn(expr.operand)) return literalOf(expr.pattern);
    if (expr.kind === "in" && isSchemaColumn(expr.operand) && expr.list.kind === "literal_list") {
      return listOf(expr.list.slot);
    }
    return [];
  }

  function literalOf(expr: Expr): readonly Compared[] {
    if (expr.kind !== "literal" || expr.type !== "string" || expr.slot < 0) return [];
    return [{ slot: expr.slot, value: text.sql.slice(expr.start + 1, expr.end - 1) }];
  }

  /** Several names in one list: only a list of one is rewritten. */
  function listOf(slot: number): readonly Compared[] {
    const place = text.slots[slot];
    if (place?.kind !== "list" || place.type !== "string") return [];
    const names = place.items.map(({ start, end }) => text.sql.slice(start + 1, end - 1));
    const [only] = names;
    if (names.length === 1 && only !== undefined) return [{ slot, value: only }];
    if (!names.some((name) => keyspaceOf(name, context) !== undefined)) return [];
    throw unsupported("specifying two different database in the query is not supported");
  }
}

/** Parameters that a schema column is compared with. */
function comparedParameters(expr: Expr): readonly Parameter[] {
  if (expr.kind !== "binary" || expr.op !== "=") return [];
  const other = isSchemaColumn(expr.left)
    ? expr.right
    : isSchemaColumn(expr.right)
    ? expr.left
    : undefined;
  return other?.kind === "param" ? [other] : [];
}

/** mysqld's name of the keyspace that is asked, when the parameter is that. */
function parameterName(slot: number, context: PlanContext): readonly QueryPiece[] {
  const { vschema } = context;
  const selected = vschema.hasKeyspace(context.keyspace) ? context.keyspace : undefined;
  const keyspace = selected ?? vschema.anyKeyspace() ?? "";
  const name = { type: "text", text: keyspace } as const;
  const own = printLiteral({ ...name, text: databaseOf(keyspace, context.databases) });
  return ["IF(", { slot }, ` = ${printLiteral(name)}, ${own}, `, { slot }, ")"];
}

function isSchemaColumn(expr: Expr): boolean {
  return expr.kind === "column" && SCHEMA_COLUMNS.has(expr.name.text.toLowerCase());
}

function keyspaceOf(name: string, context: PlanContext): string | undefined {
  return context.vschema.hasKeyspace(name) ? name : undefined;
}

/** The keyspace whose shard has what a query of the server's tables asks for. */
export function schemaKeyspace({ schemaKeyspaces: named }: Rewrite): string | undefined {
  if (named.size > 1) {
    throw unsupported("specifying two different database in the query is not supported");
  }
  return [...named][0];
}

/** True when a statement holds on to its connection: advisory locks. */
export const LOCK_FUNCTIONS: ReadonlySet<string> = new Set([
  "get_lock",
  "release_lock",
  "release_all_locks",
  "is_free_lock",
  "is_used_lock",
]);
