/** What filter rules need to know of VSchemas. */
import type { FilterContext, PrimaryVindex } from "../../shared/filter/keyspace_id.ts";
import type { VSchemaKeyspace } from "../../shared/vschema/keyspace.ts";
import type { Vindex } from "../../shared/vindex/vindex.ts";

/** `keyspace`: whose tables are filtered. Vindexes are named with theirs: "customer.hash". */
export function vschemaContext(
  keyspace: string,
  keyspaces: ReadonlyMap<string, VSchemaKeyspace>,
): FilterContext {
  return {
    primaryVindex: (table) => primaryVindexOf(keyspaces.get(keyspace), table),
    namedVindex: (name) => namedVindex(keyspaces, keyspace, name),
  };
}

function primaryVindexOf(
  keyspace: VSchemaKeyspace | undefined,
  table: string,
): PrimaryVindex | undefined {
  const [first] = keyspace?.tables.get(table)?.columnVindexes ?? [];
  const vindex = first?.vindex.vindex;
  return first === undefined || vindex === undefined
    ? undefined
    : { columns: first.columns, vindex };
}

function namedVindex(
  keyspaces: ReadonlyMap<string, VSchemaKeyspace>,
  own: string,
  name: string,
): Vindex | undefined {
  const dot = name.indexOf(".");
  const [of, vindex] = dot < 0 ? [own, name] : [name.slice(0, dot), name.slice(dot + 1)];
  return keyspaces.get(of)?.vindexes.get(vindex)?.vindex;
}
