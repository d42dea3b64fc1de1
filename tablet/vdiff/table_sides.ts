/** How the rows of the two sides of a table are made comparable. */
import type { Field } from "../../shared/binlog/change.ts";
import { vtError } from "../../shared/error/errors.ts";
import { collationById } from "../../shared/mysql/collations.ts";
import { MYSQL_TYPE_JSON } from "../../shared/mysql/column_types.ts";
import type { SourceKeyColumn } from "../../shared/rpc/vdiff.ts";
import type { TableColumns } from "../stream/table_columns.ts";
import { type KeyColumn, keyFormOf } from "./key_order.ts";

export interface TableSides {
  /** Of the target's table, in the order of the source's rows. */
  readonly columns: readonly string[];
  readonly fields: readonly Field[];
  /** Character sets differ somewhere: all texts are read in UTF-8. */
  readonly utf8: boolean;
  /** Places of documents that are JSON on one side and texts on the other. */
  readonly json: readonly number[];
  /** Empty when no key can be walked on both sides. */
  readonly targetKey: readonly KeyColumn[];
  readonly sourceKey: readonly SourceKeyColumn[];
  /** Places of the key's columns in a row. */
  readonly keyPlaces: readonly number[];
}

/** VT27002 when the target lacks a column that the source brings. */
export function matchSides(
  table: string,
  source: readonly Field[],
  target: TableColumns,
): TableSides {
  const byName = new Map(
    target.fields.fields.map((field) => [field.name.toLowerCase(), field] as const),
  );
  const fields = source.map((field) => {
    const found = byName.get(field.name.toLowerCase());
    if (found === undefined) throw vtError("VT27002", table, `column ${field.name}`);
    return found;
  });
  const utf8 = source.some((field, i) => charsetOf(field) !== charsetOf(fields[i]));
  const names = (target.key?.places ?? []).map((place) => target.fields.fields[place]?.name ?? "");
  const keyPlaces = names.map((name) => fields.findIndex((field) => field.name === name));
  const json = source.flatMap((field, place) =>
    isJson(field) === isJson(fields[place]) ? [] : place
  );
  const sides = { columns: fields.map(({ name }) => name), fields, utf8, json };
  if (keyPlaces.includes(-1)) return { ...sides, targetKey: [], sourceKey: [], keyPlaces: [] };
  const byCode = keyPlaces.map((place) => collationsDiffer(source[place], fields[place]));
  return {
    ...sides,
    keyPlaces,
    targetKey: keyPlaces.map((place, i) => keyColumn(fields[place], utf8, byCode[i] === true)),
    sourceKey: keyPlaces.map((place, i) => ({
      name: source[place]?.name ?? "",
      byCode: byCode[i] === true,
    })),
  };
}

export function keyColumn(field: Field | undefined, utf8: boolean, byCode: boolean): KeyColumn {
  if (field === undefined) throw new TypeError("a key of a column that is not there");
  return { name: field.name, form: byCode ? { is: "code" } : keyFormOf(field, utf8) };
}

function isJson(field: Field | undefined): boolean {
  return field?.type === MYSQL_TYPE_JSON;
}

function charsetOf(field: Field | undefined): string {
  return collationById(field?.collation ?? 0)?.characterSet ?? "";
}

function collationsDiffer(source: Field | undefined, target: Field | undefined): boolean {
  const [one, other] = [source, target].map((field) => collationById(field?.collation ?? 0)?.name);
  return one !== other;
}
