/** Where a row of a stream lies. */
import type { Row, TableFields } from "../binlog/change.ts";
import { vtError } from "../error/errors.ts";
import type { KeyspaceId } from "../key/range.ts";
import { toUtf8 } from "../value/charset_text.ts";
import { collationById } from "../mysql/collations.ts";
import { MYSQL_TYPE_NEWDECIMAL } from "../mysql/column_types.ts";
import { NULL_VALUE, type Value } from "../value/value.ts";
import { keyspaceId, type Vindex } from "../vindex/vindex.ts";
import { isInteger, latin1 } from "./compare.ts";

export interface PrimaryVindex {
  readonly columns: readonly string[];
  readonly vindex: Vindex;
}

/** What rules need to know of VSchemas. */
export interface FilterContext {
  /** Of a table, for rules that give a key range and no vindex. */
  primaryVindex(table: string): PrimaryVindex | undefined;
  /** "keyspace.vindex" */
  namedVindex(name: string): Vindex | undefined;
}

/** For rules that name vindexes by their type alone. */
export const NO_VSCHEMA: FilterContext = {
  primaryVindex: () => undefined,
  namedVindex: () => undefined,
};

export interface KeyColumns {
  readonly vindex: Vindex;
  /** Of the vindex's columns in the row. */
  readonly places: readonly number[];
  readonly fields: TableFields;
  /** Where the id of a whole number is written, again and again. */
  readonly scratch: Uint8Array;
}

export function keyColumns(
  vindex: Vindex,
  places: readonly number[],
  fields: TableFields,
): KeyColumns {
  return { vindex, places, fields, scratch: new Uint8Array(ID_BYTES) };
}

/** VT09001 when the table has no primary vindex. */
export function primaryKeyColumns(fields: TableFields, context: FilterContext): KeyColumns {
  const primary = context.primaryVindex(fields.table);
  if (primary === undefined) throw vtError("VT09001", fields.table);
  const places = primary.columns.map((column) => {
    const place = fields.fields.findIndex((field) =>
      field.name.toLowerCase() === column.toLowerCase()
    );
    if (place < 0) throw vtError("VT03019", `${fields.table}.${column}`);
    return place;
  });
  return keyColumns(primary.vindex, places, fields);
}

const ID_BYTES = 8;

/**
 * The keyspace id of a row; valid until the next call. VT09023 when the vindex gives none: such a
 * row would be on no shard.
 */
export function keyspaceIdOf(columns: KeyColumns, row: Row): KeyspaceId {
  const { vindex, places, fields, scratch } = columns;
  const [place] = places;
  const only = places.length === 1 && place !== undefined ? row[place] : undefined;
  if (only !== undefined && only !== null && vindex.mapDigits !== undefined) {
    const digits = latin1(only);
    if (vindex.mapDigits(digits, 0, digits.length, scratch)) return keyspaceId(scratch);
  }
  const id = vindex.map(places.map((place) => valueOf(fields, place, row)));
  if (id === undefined) {
    const names = places.map((place) => fields.fields[place]?.name).join(", ");
    throw vtError("VT09023", `${names} of a row of ${fields.table}`);
  }
  return id;
}

function valueOf(fields: TableFields, place: number, row: Row): Value {
  const value = row[place];
  const field = fields.fields[place];
  if (value === null || value === undefined || field === undefined) return NULL_VALUE;
  const text = latin1(value);
  if (isInteger(field)) return { type: "integer", text };
  if (field.type === MYSQL_TYPE_NEWDECIMAL) return { type: "decimal", text };
  const characterSet = collationById(field.collation)?.characterSet ?? "";
  const utf8 = toUtf8(text, characterSet);
  if (utf8 !== undefined) return { type: "text", text: utf8 };
  throw vtError(
    "VT12001",
    `a value beyond ASCII of ${fields.table}.${field.name}, which places the row, in character set ` +
      `${characterSet}; make the column utf8mb4`,
  );
}
