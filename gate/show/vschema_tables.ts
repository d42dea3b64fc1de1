/** SHOW VSCHEMA TABLES, KEYSPACES and VINDEXES (go/vt/vtgate/planbuilder/show.go). */
import { vtError } from "../../shared/error/errors.ts";
import type { KeyspaceVindex, VSchemaKeyspace } from "../../shared/vschema/keyspace.ts";
import type { VSchema } from "../../shared/vschema/vschema.ts";
import { likeMatcher } from "./like.ts";
import type { ShowTable } from "./row_table.ts";

/** Of the selected keyspace. VT09005 without one. */
export function showVSchemaTables(
  vschema: VSchema,
  keyspace: string,
  like: string | undefined,
): ShowTable {
  if (keyspace === "") throw vtError("VT09005");
  const matches = likeMatcher(like);
  const names = [...vschema.keyspace(keyspace).tables.keys()].sort().filter(matches);
  return { columns: ["Tables"], rows: names.map((name) => [name]) };
}

export function showVSchemaKeyspaces(vschema: VSchema, like: string | undefined): ShowTable {
  const matches = likeMatcher(like);
  const rows = vschema.keyspaceNames().filter(matches).map((name) => {
    const error = vschema.errorOf(name);
    if (error !== undefined) return [name, "false", "unspecified", error.message];
    const { sharded, document } = vschema.keyspace(name);
    return [name, String(sharded), document.foreignKeyMode, ""];
  });
  return { columns: ["Keyspace", "Sharded", "Foreign Key", "Comment"], rows };
}

/** All vindexes. LIKE filters the names. */
export function showVindexes(vschema: VSchema, like: string | undefined): ShowTable {
  const matches = likeMatcher(like);
  const rows = vschema.keyspaceNames()
    .filter((name) => vschema.errorOf(name) === undefined)
    .map((name) => vschema.keyspace(name))
    .flatMap((keyspace) =>
      [...keyspace.vindexes.values()]
        .filter(({ name }) => matches(name))
        .sort((a, b) => a.name < b.name ? -1 : 1)
        .map((vindex) => [keyspace.name, ...describe(vindex)])
    );
  return { columns: ["Keyspace", "Name", "Type", "Params", "Owner"], rows };
}

/** Those of one table's columns. VT05005. */
export function showVindexesOn(keyspace: VSchemaKeyspace, table: string): ShowTable {
  const found = keyspace.tables.get(table);
  if (found === undefined) throw vtError("VT05005", table, keyspace.name);
  const rows = found.columnVindexes.map(({ columns, vindex }) => [
    columns.join(", "),
    ...describe(vindex),
  ]);
  return { columns: ["Columns", "Name", "Type", "Params", "Owner"], rows };
}

function describe({ name, type, definition }: KeyspaceVindex): readonly string[] {
  const params = Object.entries(definition.params)
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, value]) => `${key}=${value}`)
    .join("; ");
  return [name, type, params, definition.owner];
}
