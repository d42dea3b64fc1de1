/**
 * A keyspace's VSchema ready to plan with: vindexes built, columns merged in, references between
 * its parts checked. Errors are VT25004 with Vitess's words (go/vt/vtgate/vindexes/vschema.go).
 */
import { vtError } from "../error/errors.ts";
import type { KeyspaceId } from "../key/range.ts";
import { createVindex, isLookupType, isUniqueType, isVindexType } from "../vindex/registry.ts";
import { keyspaceId, type Vindex } from "../vindex/vindex.ts";
import {
  EMPTY_TABLE,
  type KeyspaceDocument,
  type TableDocument,
  type TableType,
  type VindexDocument,
} from "./document.ts";

export interface KeyspaceVindex {
  readonly name: string;
  readonly type: string;
  readonly definition: VindexDocument;
  /** Undefined: a type that doesn't route (yet). */
  readonly vindex: Vindex | undefined;
  readonly unique: boolean;
  readonly lookup: boolean;
}

export interface ColumnVindex {
  /** As written in the VSchema. */
  readonly columns: readonly string[];
  /** In lower case, to compare with. */
  readonly keys: readonly string[];
  readonly vindex: KeyspaceVindex;
  /** A lookup vindex whose table follows this table's rows. */
  readonly owned: boolean;
}

/** A column as a tablet's schema gives it; what a VSchema alone says leaves most of it empty. */
export interface TableColumn {
  readonly name: string;
  /** Lower case, "bigint", "varchar"; "" when not known. */
  readonly dataType: string;
  readonly columnType: string;
  readonly collation: string | undefined;
  readonly nullable: boolean;
  readonly autoIncrement: boolean;
  readonly generated: boolean;
  readonly invisible: boolean;
}

/** What a gate knows of a table from a tablet: shaped as TableSchema of shared/rpc. */
export interface TrackedTable {
  readonly name: string;
  readonly type: "BASE TABLE" | "VIEW";
  readonly columns: readonly TableColumn[];
  readonly comment: string;
}

export interface VSchemaTable {
  readonly keyspace: string;
  readonly sharded: boolean;
  readonly name: string;
  readonly type: TableType;
  readonly isView: boolean;
  /** The first is the primary one. Empty when unsharded, and for tables that the VSchema lacks. */
  readonly columnVindexes: readonly ColumnVindex[];
  readonly autoIncrement: { readonly column: string; readonly sequence: string } | undefined;
  readonly columns: readonly TableColumn[];
  /** All columns are known, in their order. */
  readonly authoritative: boolean;
  readonly pinned: KeyspaceId | undefined;
  readonly source: string;
}

export interface VSchemaKeyspace {
  readonly name: string;
  readonly sharded: boolean;
  readonly requireExplicitRouting: boolean;
  readonly vindexes: ReadonlyMap<string, KeyspaceVindex>;
  readonly tables: ReadonlyMap<string, VSchemaTable>;
  readonly document: KeyspaceDocument;
}

/** Checks a document by itself; what it says about other keyspaces shows in buildVSchema(). */
export function buildKeyspace(
  name: string,
  document: KeyspaceDocument,
  tracked: readonly TrackedTable[] = [],
): VSchemaKeyspace {
  const vindexes = new Map<string, KeyspaceVindex>();
  for (const [vindexName, definition] of document.vindexes) {
    vindexes.set(vindexName, buildVindex(vindexName, definition, document));
  }
  const columns = new Map(tracked.map((table) => [table.name, table]));
  const tables = new Map<string, VSchemaTable>();
  for (const [tableName, table] of document.tables) {
    const built = buildTable(
      { name, document, vindexes },
      tableName,
      table,
      columns.get(tableName),
    );
    tables.set(tableName, built);
  }
  for (const table of tracked) {
    if (tables.has(table.name)) continue;
    const plain = trackedTableDocument(table);
    tables.set(table.name, unsharded(name, document.sharded, table.name, plain, table));
  }
  return {
    name,
    sharded: document.sharded,
    requireExplicitRouting: document.requireExplicitRouting,
    vindexes,
    tables,
    document,
  };
}

/** A table with the comment `vitess_sequence` is a sequence, whether the VSchema says so or not. */
function trackedTableDocument(table: TrackedTable): TableDocument {
  return table.comment === "vitess_sequence" ? { ...EMPTY_TABLE, type: "sequence" } : EMPTY_TABLE;
}

interface Scope {
  readonly name: string;
  readonly document: KeyspaceDocument;
  readonly vindexes: ReadonlyMap<string, KeyspaceVindex>;
}

function buildVindex(
  name: string,
  definition: VindexDocument,
  document: KeyspaceDocument,
): KeyspaceVindex {
  const { type, params, owner } = definition;
  if (!isVindexType(type)) throw fail(`vindexes.${name}`, `vindexType "${type}" not found`);
  if (owner !== "" && isLookupType(type) && !document.tables.has(owner)) {
    throw fail(`vindexes.${name}.owner`, `table ${owner} not found`);
  }
  return {
    name,
    type,
    definition,
    vindex: createVindex(name, type, params),
    unique: isUniqueType(type),
    lookup: isLookupType(type),
  };
}

function buildTable(
  scope: Scope,
  name: string,
  table: TableDocument,
  tracked: TrackedTable | undefined,
): VSchemaTable {
  const path = `tables.${name}`;
  checkType(scope, path, name, table);
  const columnVindexes = scope.document.sharded
    ? table.columnVindexes.map((_, i) => buildColumnVindex(scope, path, name, table, i))
    : [];
  return {
    ...unsharded(scope.name, scope.document.sharded, name, table, tracked),
    columnVindexes,
  };
}

function unsharded(
  keyspace: string,
  sharded: boolean,
  name: string,
  table: TableDocument,
  tracked: TrackedTable | undefined,
): VSchemaTable {
  return {
    keyspace,
    sharded,
    name,
    type: table.type,
    isView: tracked?.type === "VIEW",
    columnVindexes: [],
    autoIncrement: table.autoIncrement,
    columns: tracked?.columns ?? documentColumns(name, table),
    authoritative: tracked !== undefined || table.columnListAuthoritative,
    pinned: pinnedId(name, table),
    source: table.source,
  };
}

function checkType(scope: Scope, path: string, name: string, table: TableDocument): void {
  const { sharded } = scope.document;
  if (table.type === "sequence" && sharded && table.pinned === "") {
    throw fail(
      path,
      `sequence table has to be in an unsharded keyspace or must be pinned: ${name}`,
    );
  }
  if (table.source !== "" && table.type !== "reference") {
    throw fail(path, `invalid source "${table.source}" for reference table: ${name}; it is none`);
  }
  if (!sharded || table.type !== "" || table.pinned !== "") return;
  if (table.columnVindexes.length === 0) {
    throw fail(path, `missing primary col vindex for table: ${name}`);
  }
}

function buildColumnVindex(
  scope: Scope,
  path: string,
  name: string,
  table: TableDocument,
  i: number,
): ColumnVindex {
  const entry = table.columnVindexes[i];
  const at = `${path}.column_vindexes[${i}]`;
  const vindex = scope.vindexes.get(entry?.name ?? "");
  if (entry === undefined || vindex === undefined) {
    throw fail(at, `vindex ${entry?.name} not found for table ${name}`);
  }
  const owned = vindex.definition.owner === name && vindex.lookup;
  if (i === 0) {
    if (!vindex.unique) {
      throw fail(at, `primary vindex ${vindex.name} is not Unique for table ${name}`);
    }
    if (owned) throw fail(at, `primary vindex ${vindex.name} cannot be owned for table ${name}`);
  }
  const takes = vindex.vindex?.columns;
  if (takes !== undefined && entry.columns.length !== takes) {
    throw fail(
      at,
      `vindex ${vindex.name} (${vindex.type}) takes ${takes} column, got ${entry.columns.length}`,
    );
  }
  checkColumns(at, name, table, entry.columns);
  return { columns: entry.columns, keys: entry.columns.map((c) => c.toLowerCase()), vindex, owned };
}

function checkColumns(
  path: string,
  name: string,
  table: TableDocument,
  columns: readonly string[],
): void {
  if (!table.columnListAuthoritative) return;
  for (const column of columns) {
    const known = table.columns.some((c) => c.name.toLowerCase() === column.toLowerCase());
    if (!known) throw fail(path, `column ${column} not found in the column list of table ${name}`);
  }
}

/** VSchemas name the query protocol's types. */
const DATA_TYPES: Readonly<Record<string, string>> = {
  int8: "tinyint",
  uint8: "tinyint",
  int16: "smallint",
  uint16: "smallint",
  int24: "mediumint",
  uint24: "mediumint",
  int32: "int",
  uint32: "int",
  int64: "bigint",
  uint64: "bigint",
  float32: "float",
  float64: "double",
};

function documentColumns(name: string, table: TableDocument): readonly TableColumn[] {
  const seen = new Set<string>();
  return table.columns.map((column) => {
    const key = column.name.toLowerCase();
    if (seen.has(key)) {
      throw fail(
        `tables.${name}.columns`,
        `duplicate column name '${column.name}' for table: ${name}`,
      );
    }
    seen.add(key);
    const type = column.type.toLowerCase();
    const collation = column.other["collation_name"];
    return {
      name: column.name,
      dataType: DATA_TYPES[type] ?? type,
      columnType: "",
      collation: typeof collation === "string" ? collation : undefined,
      nullable: column.other["nullable"] !== false,
      autoIncrement: table.autoIncrement?.column.toLowerCase() === key,
      generated: false,
      invisible: column.other["invisible"] === true,
    };
  });
}

function pinnedId(name: string, table: TableDocument): KeyspaceId | undefined {
  if (table.pinned === "") return undefined;
  if (!/^(?:[0-9a-f]{2})+$/i.test(table.pinned)) {
    throw fail(
      `tables.${name}.pinned`,
      `could not decode the keyspace id for pin: "${table.pinned}"`,
    );
  }
  return keyspaceId(Uint8Array.fromHex(table.pinned));
}

function fail(path: string, cause: string): Error {
  return vtError("VT25004", path, cause);
}
