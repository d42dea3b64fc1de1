/** What a table map says of a table, in the words of a client. */
import type { Field, TableFields } from "./change.ts";
import { collationById } from "../mysql/collations.ts";
import {
  MYSQL_TYPE_BIT,
  MYSQL_TYPE_BLOB,
  MYSQL_TYPE_DATE,
  MYSQL_TYPE_DATETIME,
  MYSQL_TYPE_DATETIME2,
  MYSQL_TYPE_DOUBLE,
  MYSQL_TYPE_ENUM,
  MYSQL_TYPE_FLOAT,
  MYSQL_TYPE_GEOMETRY,
  MYSQL_TYPE_INT24,
  MYSQL_TYPE_JSON,
  MYSQL_TYPE_LONG,
  MYSQL_TYPE_LONGLONG,
  MYSQL_TYPE_NEWDATE,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_SET,
  MYSQL_TYPE_SHORT,
  MYSQL_TYPE_STRING,
  MYSQL_TYPE_TIME,
  MYSQL_TYPE_TIME2,
  MYSQL_TYPE_TIMESTAMP,
  MYSQL_TYPE_TIMESTAMP2,
  MYSQL_TYPE_TINY,
  MYSQL_TYPE_VARCHAR,
  MYSQL_TYPE_VECTOR,
  MYSQL_TYPE_YEAR,
} from "../mysql/column_types.ts";
import {
  type ColumnLayout,
  MARIADB_TYPE_BLOB_COMPRESSED,
  MARIADB_TYPE_VARCHAR_COMPRESSED,
} from "./column_layout.ts";
import type { TableMap } from "./table_map.ts";
import type { ColumnMetadata } from "./table_metadata.ts";

/** The columns as a client sees them. */
export function tableFields(map: TableMap): TableFields {
  const fields = map.columns.flatMap((layout, i): Field[] => {
    const column = map.metadata.columns[i];
    if (column === undefined) return [];
    return [{
      name: column.name,
      type: CLIENT_TYPES.get(layout.type) ?? layout.type,
      columnType: printColumnType(layout, column),
      collation: column.collation,
      unsigned: column.unsigned,
      nullable: map.nullable[i] === true,
      invisible: column.invisible,
    }];
  });
  return { table: map.table, fields, primaryKey: map.metadata.primaryKey };
}

/** The server's own types by what a client sees of them. */
const CLIENT_TYPES: ReadonlyMap<number, number> = new Map([
  [MYSQL_TYPE_TIMESTAMP2, MYSQL_TYPE_TIMESTAMP],
  [MYSQL_TYPE_DATETIME2, MYSQL_TYPE_DATETIME],
  [MYSQL_TYPE_TIME2, MYSQL_TYPE_TIME],
  [MYSQL_TYPE_NEWDATE, MYSQL_TYPE_DATE],
  [MARIADB_TYPE_BLOB_COMPRESSED, MYSQL_TYPE_BLOB],
  [MARIADB_TYPE_VARCHAR_COMPRESSED, MYSQL_TYPE_VARCHAR],
]);

const PLAIN: ReadonlyMap<number, string> = new Map([
  [MYSQL_TYPE_TINY, "tinyint"],
  [MYSQL_TYPE_SHORT, "smallint"],
  [MYSQL_TYPE_INT24, "mediumint"],
  [MYSQL_TYPE_LONG, "int"],
  [MYSQL_TYPE_LONGLONG, "bigint"],
  [MYSQL_TYPE_FLOAT, "float"],
  [MYSQL_TYPE_DOUBLE, "double"],
  [MYSQL_TYPE_DATE, "date"],
  [MYSQL_TYPE_NEWDATE, "date"],
  [MYSQL_TYPE_YEAR, "year"],
  [MYSQL_TYPE_JSON, "json"],
  [MYSQL_TYPE_GEOMETRY, "geometry"],
  [MYSQL_TYPE_VECTOR, "vector"],
]);

const WITH_FRACTION: ReadonlyMap<number, string> = new Map([
  [MYSQL_TYPE_TIMESTAMP2, "timestamp"],
  [MYSQL_TYPE_DATETIME2, "datetime"],
  [MYSQL_TYPE_TIME2, "time"],
]);

const BLOB_NAMES = ["", "tiny", "", "medium", "long"] as const;

function printColumnType(layout: ColumnLayout, column: ColumnMetadata): string {
  const { type, size, text } = layout;
  if (text !== undefined) return text;
  const plain = PLAIN.get(type);
  if (plain !== undefined) return plain + (column.unsigned ? " unsigned" : "");
  const temporal = WITH_FRACTION.get(type);
  if (temporal !== undefined) return size === 0 ? temporal : `${temporal}(${size})`;
  const characterSet = collationById(column.collation)?.characterSet ?? "binary";
  const binary = characterSet === "binary";
  const characters = Math.floor(size / (BYTES_PER_CHARACTER.get(characterSet) ?? 1));
  switch (type) {
    case MYSQL_TYPE_NEWDECIMAL:
      return `decimal(${size >> 8},${size & 255})${column.unsigned ? " unsigned" : ""}`;
    case MYSQL_TYPE_BIT:
      return `bit(${size})`;
    case MYSQL_TYPE_ENUM:
      return `enum(${column.members.map(quoteMember).join(",")})`;
    case MYSQL_TYPE_SET:
      return `set(${column.members.map(quoteMember).join(",")})`;
    case MYSQL_TYPE_BLOB:
    case MARIADB_TYPE_BLOB_COMPRESSED:
      return `${BLOB_NAMES[size] ?? ""}${binary ? "blob" : "text"}`;
    case MYSQL_TYPE_STRING:
      return `${binary ? "binary" : "char"}(${characters})`;
    default:
      return `${binary ? "varbinary" : "varchar"}(${characters})`;
  }
}

/** Metadata counts bytes, types count characters. */
const BYTES_PER_CHARACTER: ReadonlyMap<string, number> = new Map([
  ["utf8mb4", 4],
  ["utf16", 4],
  ["utf16le", 4],
  ["utf32", 4],
  ["gb18030", 4],
  ["utf8mb3", 3],
  ["ujis", 3],
  ["eucjpms", 3],
  ["ucs2", 2],
  ["big5", 2],
  ["gbk", 2],
  ["gb2312", 2],
  ["sjis", 2],
  ["cp932", 2],
  ["euckr", 2],
]);

/** As SQL; members in other charsets than UTF-8 print as far as they are ASCII: for people only. */
function quoteMember(member: Uint8Array): string {
  const text = new TextDecoder().decode(member);
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
