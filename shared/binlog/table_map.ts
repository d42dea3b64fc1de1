/**
 * TABLE_MAP_EVENT: the columns of the table that the row events behind it belong to
 * (mysql/binlog/event/rows_event.h, "Table_map_event"). Needs binlog_row_metadata = FULL, without
 * which names and signs are missing.
 */
import { ByteReader } from "../mysql/byte_reader.ts";
import {
  MYSQL_TYPE_BIT,
  MYSQL_TYPE_BLOB,
  MYSQL_TYPE_DATETIME2,
  MYSQL_TYPE_DOUBLE,
  MYSQL_TYPE_ENUM,
  MYSQL_TYPE_FLOAT,
  MYSQL_TYPE_GEOMETRY,
  MYSQL_TYPE_JSON,
  MYSQL_TYPE_NEWDECIMAL,
  MYSQL_TYPE_SET,
  MYSQL_TYPE_STRING,
  MYSQL_TYPE_TIME2,
  MYSQL_TYPE_TIMESTAMP2,
  MYSQL_TYPE_VAR_STRING,
  MYSQL_TYPE_VARCHAR,
  MYSQL_TYPE_VECTOR,
} from "../mysql/column_types.ts";
import {
  type ColumnLayout,
  MARIADB_TYPE_BLOB_COMPRESSED,
  MARIADB_TYPE_VARCHAR_COMPRESSED,
} from "./column_layout.ts";
import type { GtidFlavor } from "./position.ts";
import { decodeTableMetadata, type TableMetadata } from "./table_metadata.ts";
import { COLLATION_ASCII, type TextTypes } from "./text_types.ts";

export interface TableMap {
  readonly tableId: number;
  readonly database: string;
  readonly table: string;
  readonly columns: readonly ColumnLayout[];
  readonly nullable: readonly boolean[];
  readonly metadata: TableMetadata;
}

/** Flags that end the statement are in row events; a table map's own are of no interest. */
const FLAGS_BYTES = 2;

/** Reads the part that says whose rows follow; cheap, so that other databases cost little. */
export function decodeTableMapName(
  body: Uint8Array,
): { readonly tableId: number; readonly database: string; readonly table: string } {
  const reader = new ByteReader(body);
  return readName(reader);
}

function readName(reader: ByteReader): Pick<TableMap, "tableId" | "database" | "table"> {
  const tableId = readTableId(reader);
  reader.skip(FLAGS_BYTES);
  return { tableId, database: readCounted(reader), table: readCounted(reader) };
}

/** Six bytes. */
export function readTableId(reader: ByteReader): number {
  return reader.u32() + reader.u16() * 0x1_0000_0000;
}

/** A length byte, the text, a NUL. */
function readCounted(reader: ByteReader): string {
  const text = new TextDecoder().decode(reader.bytes(reader.u8()));
  reader.skip(1);
  return text;
}

/** Reads the whole event. VT26002 for types that nobody decodes, VT26003 without FULL metadata. */
export function decodeTableMap(body: Uint8Array, flavor: GtidFlavor): TableMap {
  const reader = new ByteReader(body);
  const name = readName(reader);
  const types = reader.bytes(reader.lenencInt());
  const sizes = new ByteReader(reader.lenencBytes());
  const columns = Array.from(types, (type) => readLayout(type, sizes));
  sizes.end();
  const bitmap = reader.bytes((types.length + 7) >> 3);
  const nullable = columns.map((_, i) => isSet(bitmap, i));
  const metadata = decodeTableMetadata(reader.rest(), columns, flavor);
  return { ...name, columns, nullable, metadata };
}

function isSet(bitmap: Uint8Array, bit: number): boolean {
  return ((bitmap[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
}

/** How each type's metadata is laid out: Field::save_field_metadata of sql/field.cc. */
function readLayout(type: number, sizes: ByteReader): ColumnLayout {
  switch (type) {
    case MYSQL_TYPE_STRING:
      return readStringLayout(sizes);
    case MYSQL_TYPE_VARCHAR:
    case MYSQL_TYPE_VAR_STRING:
    case MARIADB_TYPE_VARCHAR_COMPRESSED:
      return { type, size: sizes.u16() };
    case MYSQL_TYPE_NEWDECIMAL: {
      const precision = sizes.u8();
      return { type, size: precision * 256 + sizes.u8() };
    }
    case MYSQL_TYPE_BIT: {
      const bits = sizes.u8();
      return { type, size: sizes.u8() * 8 + bits };
    }
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
    case MYSQL_TYPE_BLOB:
    case MYSQL_TYPE_GEOMETRY:
    case MYSQL_TYPE_JSON:
    case MYSQL_TYPE_VECTOR:
    case MARIADB_TYPE_BLOB_COMPRESSED:
    case MYSQL_TYPE_TIMESTAMP2:
    case MYSQL_TYPE_DATETIME2:
    case MYSQL_TYPE_TIME2:
      return { type, size: sizes.u8() };
    default:
      return { type, size: 0 };
  }
}

/** CHAR, BINARY, ENUM and SET share a type; lengths over 255 hide two bits in the type byte. */
function readStringLayout(sizes: ByteReader): ColumnLayout {
  const first = sizes.u8();
  const second = sizes.u8();
  if (first === MYSQL_TYPE_ENUM || first === MYSQL_TYPE_SET) return { type: first, size: second };
  return { type: MYSQL_TYPE_STRING, size: second | (((first & 0x30) ^ 0x30) << 4) };
}

/** The columns as information_schema knows them where the event says too little. */
export function withTextTypes(map: TableMap, types: TextTypes): TableMap {
  const named = types.get(map.table);
  if (named === undefined) return map;
  const typeOf = (i: number) => named.get(map.metadata.columns[i]?.name.toLowerCase() ?? "");
  const columns = map.columns.map((layout, i) => {
    const text = typeOf(i);
    return text === undefined ? layout : { ...layout, text };
  });
  const metadata = {
    ...map.metadata,
    columns: map.metadata.columns.map((column, i) =>
      typeOf(i) === undefined ? column : { ...column, collation: COLLATION_ASCII }
    ),
  };
  return { ...map, columns, metadata };
}
