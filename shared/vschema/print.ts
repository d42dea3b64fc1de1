/** Prints a VSchema document as Vitess does: as it stands in the topology and in outputs. */
import type {
  ColumnDocument,
  ColumnVindexDocument,
  KeyspaceDocument,
  TableDocument,
} from "./document.ts";
import type { JsonObject, JsonValue } from "./json_value.ts";

export type Spelling =
  /** Today's: `column_vindexes`, empty objects as `{}`. */
  | "snake"
  /** v8's ApplyVSchema: `columnVindexes`, empty objects with a blank line between the braces. */
  | "camel";

/** JSON text, two spaces a level, without a newline at the end. */
export function printKeyspace(document: KeyspaceDocument, spelling: Spelling): string {
  return printValue(keyspaceJson(document, spelling), spelling, "");
}

/** What is empty is left out, as protobuf's JSON leaves it out. */
export function keyspaceJson(document: KeyspaceDocument, spelling: Spelling = "snake"): JsonObject {
  return compact({
    sharded: document.sharded || undefined,
    [field("foreign_key_mode", spelling)]: document.foreignKeyMode === "unspecified"
      ? undefined
      : document.foreignKeyMode,
    vindexes: sortedMap(document.vindexes, (vindex) =>
      compact({
        type: vindex.type,
        params: nonEmpty(compact(vindex.params)),
        owner: vindex.owner || undefined,
      })),
    tables: sortedMap(document.tables, (table) => tableJson(table, spelling)),
    [field("require_explicit_routing", spelling)]: document.requireExplicitRouting || undefined,
    [field("multi_tenant_spec", spelling)]: document.multiTenantSpec as JsonValue | undefined,
  });
}

function tableJson(table: TableDocument, spelling: Spelling): JsonValue {
  return compact({
    type: table.type || undefined,
    [field("column_vindexes", spelling)]: list(table.columnVindexes.map(columnVindexJson)),
    [field("auto_increment", spelling)]: table.autoIncrement === undefined ? undefined : {
      column: table.autoIncrement.column,
      sequence: table.autoIncrement.sequence,
    },
    columns: list(table.columns.map((column) => columnJson(column, spelling))),
    pinned: table.pinned || undefined,
    [field("column_list_authoritative", spelling)]: table.columnListAuthoritative || undefined,
    source: table.source || undefined,
  });
}

function columnVindexJson({ columns, name }: ColumnVindexDocument): JsonValue {
  const [column] = columns;
  return columns.length === 1 && column !== undefined ? { column, name } : { name, columns };
}

function columnJson(column: ColumnDocument, spelling: Spelling): JsonValue {
  const other = Object.entries(column.other).map(([key, value]) => [field(key, spelling), value]);
  return compact({
    name: column.name,
    type: column.type || undefined,
    ...Object.fromEntries(other) as JsonObject,
  });
}

function field(snake: string, spelling: Spelling): string {
  if (spelling === "snake") return snake;
  return snake.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function compact(object: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const out: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(object)) {
    if (value !== undefined) out[key] = value;
  }
  return out;
}

function nonEmpty(object: JsonObject): JsonValue | undefined {
  return Object.keys(object).length === 0 ? undefined : object;
}

function list(values: readonly JsonValue[]): JsonValue | undefined {
  return values.length === 0 ? undefined : values;
}

/** Protobuf prints maps sorted by key. */
function sortedMap<T>(
  map: ReadonlyMap<string, T>,
  toJson: (value: T) => JsonValue,
): JsonValue | undefined {
  if (map.size === 0) return undefined;
  const sorted = [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(sorted.map(([key, value]) => [key, toJson(value)]));
}

function printValue(value: JsonValue, spelling: Spelling, indent: string): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    const items = value.map((item: JsonValue) => inner + printValue(item, spelling, inner));
    return `[\n${items.join(",\n")}\n${indent}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return spelling === "snake" ? "{}" : `{\n\n${indent}}`;
  const lines = entries.map(([key, item]) =>
    `${inner}${JSON.stringify(key)}: ${printValue(item, spelling, inner)}`
  );
  return `{\n${lines.join(",\n")}\n${indent}}`;
}
