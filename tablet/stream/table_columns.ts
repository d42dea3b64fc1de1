/** A table's columns and the key to read it by, from information_schema. */
import type { Field, TableFields } from "../../shared/binlog/change.ts";
import { COLLATION_BINARY } from "../../shared/binlog/column_layout.ts";
import { COLLATION_ASCII, TEXT_TYPES, textTypeOf } from "../../shared/binlog/text_types.ts";
import { vtError } from "../../shared/error/errors.ts";
import { collationByName } from "../../shared/mysql/collations.ts";
import {
  MYSQL_TYPE_BIT,
  MYSQL_TYPE_BLOB,
  MYSQL_TYPE_DATE,
  MYSQL_TYPE_DATETIME,
  MYSQL_TYPE_DOUBLE,
  MYSQL_TYPE_ENUM,
  MYSQL_TYPE_FLOAT,
  MYSQL_TYPE_GEOMETRY,
  MYSQL_TYPE_INT24,
  MYSQL_TYPE_JSON,
  MYSQL_TYPE_LONG,
  MYSQL_TYPE_LONGLONG,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_SET,
  MYSQL_TYPE_SHORT,
  MYSQL_TYPE_STRING,
  MYSQL_TYPE_TIME,
  MYSQL_TYPE_TIMESTAMP,
  MYSQL_TYPE_TINY,
  MYSQL_TYPE_VARCHAR,
  MYSQL_TYPE_VECTOR,
  MYSQL_TYPE_YEAR,
} from "../../shared/mysql/column_types.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { MysqldConnection } from "../mysqld/connection.ts";
import { readCatalog } from "../schema/catalog.ts";
import { DefinitionReader, type Texts } from "../schema/definition_rows.ts";

/** The key that a table is read by, row for row in its order. */
export interface ReadKey {
  readonly index: string;
  /** Places of its columns. */
  readonly places: readonly number[];
}

export interface TableColumns {
  readonly fields: TableFields;
  /** Undefined: the table has no key that a read can go on behind. */
  readonly key: ReadKey | undefined;
}

interface Options {
  readonly signal: AbortSignal;
}

const TYPES: ReadonlyMap<string, number> = new Map([
  ["tinyint", MYSQL_TYPE_TINY],
  ["smallint", MYSQL_TYPE_SHORT],
  ["mediumint", MYSQL_TYPE_INT24],
  ["int", MYSQL_TYPE_LONG],
  ["bigint", MYSQL_TYPE_LONGLONG],
  ["decimal", MYSQL_TYPE_NEWDECIMAL],
  ["float", MYSQL_TYPE_FLOAT],
  ["double", MYSQL_TYPE_DOUBLE],
  ["bit", MYSQL_TYPE_BIT],
  ["year", MYSQL_TYPE_YEAR],
  ["date", MYSQL_TYPE_DATE],
  ["time", MYSQL_TYPE_TIME],
  ["datetime", MYSQL_TYPE_DATETIME],
  ["timestamp", MYSQL_TYPE_TIMESTAMP],
  ["char", MYSQL_TYPE_STRING],
  ["binary", MYSQL_TYPE_STRING],
  ["varchar", MYSQL_TYPE_VARCHAR],
  ["varbinary", MYSQL_TYPE_VARCHAR],
  ["tinytext", MYSQL_TYPE_BLOB],
  ["text", MYSQL_TYPE_BLOB],
  ["mediumtext", MYSQL_TYPE_BLOB],
  ["longtext", MYSQL_TYPE_BLOB],
  ["tinyblob", MYSQL_TYPE_BLOB],
  ["blob", MYSQL_TYPE_BLOB],
  ["mediumblob", MYSQL_TYPE_BLOB],
  ["longblob", MYSQL_TYPE_BLOB],
  ["enum", MYSQL_TYPE_ENUM],
  ["set", MYSQL_TYPE_SET],
  ["json", MYSQL_TYPE_JSON],
  ["vector", MYSQL_TYPE_VECTOR],
  ...TEXT_TYPES.map((name): [string, number] => [name, MYSQL_TYPE_STRING]),
  ...["geometry", "point", "linestring", "polygon", "multipoint", "multilinestring"]
    .map((name): [string, number] => [name, MYSQL_TYPE_GEOMETRY]),
  ...["multipolygon", "geomcollection", "geometrycollection"]
    .map((name): [string, number] => [name, MYSQL_TYPE_GEOMETRY]),
]);

/** Their order is that of their numbers, their text is another one. */
const NO_KEY_TYPES: ReadonlySet<number> = new Set([MYSQL_TYPE_ENUM, MYSQL_TYPE_SET]);

function isOrdered(field: Field | undefined): boolean {
  // That of UUID, INET4 and INET6 is another one, too, and not the same in all releases.
  return field !== undefined && !NO_KEY_TYPES.has(field.type) &&
    textTypeOf(field.columnType) === undefined;
}

/** For tables of one server, looked at by any of its connections. */
export function sourceDefinitions(database: string, clock: Clock = HOST_CLOCK): DefinitionReader {
  return new DefinitionReader({
    database,
    columns: "column_name, data_type, column_type, collation_name, is_nullable, extra",
    keys: "index_name, column_name, sub_part, nullable",
    keysWhere: "non_unique = 0",
  }, clock);
}

/** Reads for such definitions. */
export function definitionRead(
  connection: MysqldConnection,
  options: Options,
): (sql: string) => Promise<Texts> {
  const read = async (sql: string) => (await connection.fetchRows(sql, options)).rows;
  return (sql) => readCatalog(read, sql, options);
}

/**
 * VT05004 when there is no such table, VT12001 for a type that streams don't know. `definitions`
 * may know what the table is from a look at several.
 */
export async function readTableColumns(
  connection: MysqldConnection,
  database: string,
  table: string,
  options: Options,
  definitions = sourceDefinitions(database),
): Promise<TableColumns> {
  const found = await definitions.rows(table, definitionRead(connection, options));
  if (found.columns.length === 0) throw vtError("VT05004", table);
  const fields = found.columns.map((row) => fieldOf(table, row.map((value) => value ?? "")));
  const keys = keysOf(found.keys, fields);
  const primaryKey = keys.find(({ index }) => index === "PRIMARY")?.places ?? [];
  return { fields: { table, fields, primaryKey }, key: bestKey(keys, fields) };
}

function fieldOf(table: string, row: readonly string[]): Field {
  const [name = "", dataType = "", columnType = "", collation = "", nullable, extra = ""] = row;
  const type = TYPES.get(dataType.toLowerCase());
  if (type === undefined) {
    throw vtError("VT12001", `streaming column ${table}.${name} of type ${dataType}`);
  }
  return {
    name,
    type,
    columnType,
    collation: textTypeOf(dataType) !== undefined
      ? COLLATION_ASCII
      : collationByName(collation)?.id ?? COLLATION_BINARY,
    unsigned: /\bunsigned\b/.test(columnType),
    nullable: nullable === "YES",
    invisible: /\bINVISIBLE\b/i.test(extra),
  };
}

interface Key extends ReadKey {
  /** Of whole columns that are never NULL. */
  readonly total: boolean;
}

function keysOf(
  rows: readonly (readonly (string | null)[])[],
  fields: readonly Field[],
): readonly Key[] {
  const keys = new Map<string, { places: number[]; total: boolean }>();
  for (const [index, column, prefix, nullable] of rows) {
    const key = keys.get(index ?? "") ?? { places: [], total: true };
    keys.set(index ?? "", key);
    const place = fields.findIndex((field) => field.name === column);
    key.places.push(place);
    // A key on an expression has no column; one that allows NULL isn't unique.
    key.total &&= place >= 0 && nullable !== "YES" && (prefix === null || index === "PRIMARY");
  }
  return [...keys].map(([index, key]) => ({ index, ...key }));
}

/** The primary key, or else the narrowest unique one. */
function bestKey(keys: readonly Key[], fields: readonly Field[]): ReadKey | undefined {
  const usable = keys.filter(({ places, total }) =>
    total && places.every((place) => isOrdered(fields[place]))
  );
  return usable.find(({ index }) => index === "PRIMARY") ??
    [...usable].sort((a, b) => a.places.length - b.places.length)[0];
}
