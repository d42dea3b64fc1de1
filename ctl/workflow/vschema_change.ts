/** VSchemas of the keyspaces that tables leave and come to; their JSON stays as it was written. */
import type { Json, JsonObject } from "../../shared/model/records.ts";
import type { KeyspaceDocument } from "../../shared/vschema/document.ts";
import { parseKeyspace } from "../../shared/vschema/parse.ts";

/** VT25004 when it can't be read. */
export function readDocument(vschema: JsonObject | undefined): KeyspaceDocument {
  return parseKeyspace(vschema ?? {});
}

/** With the tables in it that it lacks, as it lists tables of an unsharded keyspace. */
export function addTables(vschema: JsonObject, tables: readonly string[]): JsonObject {
  const [key, known] = tablesOf(vschema);
  const missing = tables.filter((table) => !Object.hasOwn(known, table));
  if (missing.length === 0) return vschema;
  const added = Object.fromEntries(missing.map((table): [string, Json] => [table, {}]));
  return { ...vschema, [key]: { ...known, ...added } };
}

export function removeTables(vschema: JsonObject, tables: readonly string[]): JsonObject {
  const [key, known] = tablesOf(vschema);
  const left = Object.entries(known).filter(([name]) => !tables.includes(name));
  if (left.length === Object.keys(known).length) return vschema;
  return { ...vschema, [key]: Object.fromEntries(left) };
}

/** Vitess 2 wrote "Tables". */
function tablesOf(vschema: JsonObject): readonly [string, JsonObject] {
  const key = Object.hasOwn(vschema, "Tables") ? "Tables" : "tables";
  const value = vschema[key];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [key, {}];
  // No list and not null: what JSON leaves is an object.
  return [key, value as JsonObject];
}
