/**
 * The optional metadata of a TABLE_MAP_EVENT: fields of type, length, value
 * (mysql/binlog/event/rows_event.h, "Optional_metadata_field_type").
 */
import { vtError } from "../error/errors.ts";
import { ByteReader } from "../mysql/byte_reader.ts";
import {
  MYSQL_TYPE_BLOB,
  MYSQL_TYPE_DOUBLE,
  MYSQL_TYPE_ENUM,
  MYSQL_TYPE_FLOAT,
  MYSQL_TYPE_GEOMETRY,
  MYSQL_TYPE_INT24,
  MYSQL_TYPE_LONG,
  MYSQL_TYPE_LONGLONG,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_SET,
  MYSQL_TYPE_SHORT,
  MYSQL_TYPE_STRING,
  MYSQL_TYPE_TINY,
  MYSQL_TYPE_VAR_STRING,
  MYSQL_TYPE_VARCHAR,
} from "../mysql/column_types.ts";
import {
  COLLATION_BINARY,
  type ColumnLayout,
  MARIADB_TYPE_BLOB_COMPRESSED,
  MARIADB_TYPE_VARCHAR_COMPRESSED,
} from "./column_layout.ts";
import type { GtidFlavor } from "./position.ts";

export interface ColumnMetadata {
  readonly name: string;
  readonly unsigned: boolean;
  /** 63 for what is no text. */
  readonly collation: number;
  /** Of an ENUM or SET, in the column's charset; otherwise empty. */
  readonly members: readonly Uint8Array[];
  /** Of a GEOMETRY: its WKB type, 0 for any. */
  readonly geometryType: number;
  readonly invisible: boolean;
}

export interface TableMetadata {
  readonly columns: readonly ColumnMetadata[];
  readonly primaryKey: readonly number[];
}

const SIGNEDNESS = 1;
const DEFAULT_CHARSET = 2;
const COLUMN_CHARSET = 3;
const COLUMN_NAME = 4;
const SET_STR_VALUE = 5;
const ENUM_STR_VALUE = 6;
const GEOMETRY_TYPE = 7;
const SIMPLE_PRIMARY_KEY = 8;
const PRIMARY_KEY_WITH_PREFIX = 9;
const ENUM_AND_SET_DEFAULT_CHARSET = 10;
const ENUM_AND_SET_COLUMN_CHARSET = 11;
const COLUMN_VISIBILITY = 12;

const NUMERIC: ReadonlySet<number> = new Set([
  MYSQL_TYPE_TINY,
  MYSQL_TYPE_SHORT,
  MYSQL_TYPE_INT24,
  MYSQL_TYPE_LONG,
  MYSQL_TYPE_LONGLONG,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_FLOAT,
  MYSQL_TYPE_DOUBLE,
]);

const CHARACTER: ReadonlySet<number> = new Set([
  MYSQL_TYPE_STRING,
  MYSQL_TYPE_VAR_STRING,
  MYSQL_TYPE_VARCHAR,
  MYSQL_TYPE_BLOB,
  MARIADB_TYPE_BLOB_COMPRESSED,
  MARIADB_TYPE_VARCHAR_COMPRESSED,
]);

/**
 * Whose charset is told with those of texts (is_character_field of MariaDB's log_event_server.cc:
 * every field that has one; is_character_type of MySQL's log_event.cc).
 */
const WITH_CHARSET: Readonly<Record<GtidFlavor, ReadonlySet<number>>> = {
  mariadb: new Set([...CHARACTER, MYSQL_TYPE_GEOMETRY]),
  mysql: CHARACTER,
};

const ENUM_OR_SET: ReadonlySet<number> = new Set([MYSQL_TYPE_ENUM, MYSQL_TYPE_SET]);

/** The fields by type. */
function split(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const fields = new Map<number, Uint8Array>();
  const reader = new ByteReader(bytes);
  while (reader.remaining > 0) {
    const type = reader.u8();
    fields.set(type, reader.lenencBytes());
  }
  return fields;
}

/** VT26003 when the names are missing: then binlog_row_metadata is not FULL. */
export function decodeTableMetadata(
  bytes: Uint8Array,
  columns: readonly ColumnLayout[],
  flavor: GtidFlavor,
): TableMetadata {
  const fields = split(bytes);
  const names = fields.get(COLUMN_NAME);
  if (names === undefined) throw vtError("VT26003", "binlog_row_metadata", "MINIMAL", "FULL");
  const nameReader = new ByteReader(names);
  const of = (types: ReadonlySet<number>) => placesOf(columns, types);
  const numeric = of(NUMERIC);
  const signs = fields.get(SIGNEDNESS) ?? new Uint8Array();
  const unsigned = new Set(numeric.filter((_, i) => bitFromLeft(signs, i)));
  const visibility = fields.get(COLUMN_VISIBILITY);
  const collations = new Map([
    ...readCharsets(
      fields.get(DEFAULT_CHARSET),
      fields.get(COLUMN_CHARSET),
      of(WITH_CHARSET[flavor]),
    ),
    ...readCharsets(
      fields.get(ENUM_AND_SET_DEFAULT_CHARSET),
      fields.get(ENUM_AND_SET_COLUMN_CHARSET),
      of(ENUM_OR_SET),
    ),
  ]);
  const members = new Map([
    ...readMembers(fields.get(ENUM_STR_VALUE), of(new Set([MYSQL_TYPE_ENUM]))),
    ...readMembers(fields.get(SET_STR_VALUE), of(new Set([MYSQL_TYPE_SET]))),
  ]);
  const geometry = readGeometryTypes(fields.get(GEOMETRY_TYPE), of(new Set([MYSQL_TYPE_GEOMETRY])));
  return {
    columns: columns.map((_, i) => ({
      name: nameReader.lenencText(),
      unsigned: unsigned.has(i),
      collation: collations.get(i) ?? COLLATION_BINARY,
      members: members.get(i) ?? [],
      geometryType: geometry.get(i) ?? 0,
      invisible: visibility !== undefined && !bitFromLeft(visibility, i),
    })),
    primaryKey: readPrimaryKey(fields),
  };
}

function placesOf(columns: readonly ColumnLayout[], types: ReadonlySet<number>): number[] {
  return columns.flatMap((column, i) => types.has(column.type) ? [i] : []);
}

/** Bitmaps of the metadata start at the highest bit of the first byte. */
function bitFromLeft(bitmap: Uint8Array, bit: number): boolean {
  return ((bitmap[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;
}

/** A default and exceptions to it, or one a column; `places` are the columns that have one. */
function readCharsets(
  defaults: Uint8Array | undefined,
  each: Uint8Array | undefined,
  places: readonly number[],
): Map<number, number> {
  const collations = new Map<number, number>();
  if (each !== undefined) {
    const reader = new ByteReader(each);
    for (const place of places) collations.set(place, reader.lenencInt());
  } else if (defaults !== undefined) {
    const reader = new ByteReader(defaults);
    const usual = reader.lenencInt();
    for (const place of places) collations.set(place, usual);
    while (reader.remaining > 0) {
      const place = places[reader.lenencInt()];
      const collation = reader.lenencInt();
      if (place !== undefined) collations.set(place, collation);
    }
  }
  return collations;
}

function readMembers(
  bytes: Uint8Array | undefined,
  places: readonly number[],
): Map<number, readonly Uint8Array[]> {
  const members = new Map<number, readonly Uint8Array[]>();
  if (bytes === undefined) return members;
  const reader = new ByteReader(bytes);
  for (const place of places) {
    // Copies: they outlive the event's buffer.
    const names = Array.from({ length: reader.lenencInt() }, () => reader.lenencBytes().slice());
    members.set(place, names);
  }
  return members;
}

function readGeometryTypes(
  bytes: Uint8Array | undefined,
  places: readonly number[],
): Map<number, number> {
  const types = new Map<number, number>();
  if (bytes === undefined) return types;
  const reader = new ByteReader(bytes);
  for (const place of places) types.set(place, reader.lenencInt());
  return types;
}

/** The form with prefixes gives each column's prefix length, 0 for the whole column. */
function readPrimaryKey(fields: ReadonlyMap<number, Uint8Array>): readonly number[] {
  const simple = fields.get(SIMPLE_PRIMARY_KEY);
  const prefixed = fields.get(PRIMARY_KEY_WITH_PREFIX);
  const reader = new ByteReader(simple ?? prefixed ?? new Uint8Array());
  const key: number[] = [];
  while (reader.remaining > 0) {
    key.push(reader.lenencInt());
    if (simple === undefined) reader.lenencInt();
  }
  return key;
}
