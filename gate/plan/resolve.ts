/** What the names of tables and columns mean. */
import type { ColumnRef, Name, Select, TableName } from "../../shared/sql/ast.ts";
import type { VSchemaTable } from "../../shared/vschema/keyspace.ts";
import { impliedTable } from "../../shared/vschema/vschema.ts";
import { type Analysis, type Block, type Instance, type Source, tableColumn } from "./block.ts";
import { isSystemSchema, type PlanContext } from "./context.ts";

/** Resolves a table's name. VT25002 and its like. */
export function makeInstance(
  analysis: Analysis,
  block: Block,
  name: TableName,
  alias: Name | undefined,
): Instance {
  const { context } = analysis;
  const qualifier = name.qualifier?.text;
  const base = {
    id: analysis.id(),
    name,
    label: (alias ?? name.name).text,
    hasAlias: alias !== undefined,
    block,
  };
  const instance: Instance = isDual(name) || isSystem(qualifier, context)
    ? { ...base, table: undefined, system: !isDual(name) }
    : { ...base, table: resolveTable(context, name), system: false };
  analysis.instances.push(instance);
  return instance;
}

/**
 * VT25002 and its like. On a shard that the session names, mysqld knows what tables there are, and
 * routing rules lead nowhere else.
 */
export function resolveTable(context: PlanContext, name: TableName): VSchemaTable {
  const { vschema, keyspace, destination } = context;
  const reference = { keyspace: name.qualifier?.text, table: name.name.text };
  if (destination !== "none" && (reference.keyspace ?? keyspace) === keyspace) {
    const own = vschema.keyspace(keyspace).tables.get(reference.table);
    if (own !== undefined) return own;
    if (destination === "one") return impliedTable(keyspace, reference.table);
  }
  const selected = keyspace === "" ? undefined : keyspace;
  return vschema.findTable(reference, selected, context.tabletType).table;
}

function isDual(name: TableName): boolean {
  return name.qualifier === undefined && !name.name.quoted && /^dual$/i.test(name.name.text);
}

function isSystem(qualifier: string | undefined, context: PlanContext): boolean {
  return isSystemSchema(qualifier ?? context.keyspace);
}

/** Where a column comes from: a table's, or one that a derived table gives. */
export interface Column {
  readonly source: Source;
  readonly block: Block;
  /** Lower case. */
  readonly name: string;
}

/**
 * The column that a name means, in this block or one around it. Undefined when that isn't certain:
 * nothing is then concluded from it.
 */
export function resolveColumn(ref: ColumnRef, from: Block): Column | undefined {
  const name = ref.name.text.toLowerCase();
  for (let block: Block | undefined = from; block !== undefined; block = block.parent) {
    const source = ref.table === undefined
      ? unqualified(block, name)
      : qualified(block, ref.table.text, ref.schema?.text);
    if (source === "uncertain") return undefined;
    if (source !== undefined) return { source, block, name };
  }
  return undefined;
}

function qualified(
  block: Block,
  label: string,
  schema: string | undefined,
): Source | "uncertain" | undefined {
  const found = block.sources.filter((source) => source.label === label);
  if (schema !== undefined && found.length > 1) return "uncertain";
  return found.length > 1 ? "uncertain" : found[0];
}

function unqualified(block: Block, name: string): Source | "uncertain" | undefined {
  const has: Source[] = [];
  let unknown = 0;
  for (const source of block.sources) {
    const answer = hasColumn(source, name);
    if (answer === true) has.push(source);
    else if (answer === undefined) unknown++;
  }
  if (has.length === 1) return has[0];
  if (has.length > 1) return "uncertain";
  if (unknown === 0) return undefined;
  // The only place for it, if there is no query around this one that could have it as well.
  if (block.sources.length === 1 && block.parent === undefined) return block.sources[0];
  return "uncertain";
}

/** Undefined: the columns aren't known. */
function hasColumn(source: Source, name: string): boolean | undefined {
  if (source.kind === "table") {
    const { table } = source.instance;
    if (table === undefined) return undefined;
    if (tableColumn(table, name) !== undefined) return true;
    if (!table.authoritative && table.columnVindexes.some(({ keys }) => keys.includes(name))) {
      return true;
    }
    return table.authoritative ? false : undefined;
  }
  if (source.columns.length > 0) {
    return source.columns.some((column) => column.text.toLowerCase() === name);
  }
  const [arm] = source.arms;
  if (arm === undefined) return undefined;
  const names = outputNames(arm.select);
  if (names.includes(name)) return true;
  return names.includes("*") ? undefined : false;
}
/** Names of a SELECT's columns, lower case; "*" stands for any number of them, "" for none known. */
export function outputNames(select: Select): readonly string[] {
  return select.items.map(({ expr, alias }) => {
    if (alias !== undefined) return alias.text.toLowerCase();
    if (expr.kind === "star") return "*";
    return expr.kind === "column" ? expr.name.text.toLowerCase() : "";
  });
}
