/**
 * Reads a VSchema document in each spelling that Vitess has had: `column_vindexes` (today),
 * `columnVindexes` (protobuf's other one, printed by v8) and `ColVindexes`/`Col` (Vitess 2).
 * Unlike Vitess it doesn't skip what it doesn't know: a misspelt key would unshard a table
 * silently. Every error is VT25004 with the path of what is wrong.
 */
import { vtError } from "../error/errors.ts";
import type { VindexParams } from "../vindex/registry.ts";
import type {
  AutoIncrementDocument,
  ColumnDocument,
  ColumnVindexDocument,
  ForeignKeyMode,
  KeyspaceDocument,
  TableDocument,
  TableType,
  VindexDocument,
} from "./document.ts";

/** From JSON text. */
export function parseKeyspaceText(json: string): KeyspaceDocument {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw fail("document", error instanceof Error ? error.message : String(error));
  }
  return parseKeyspace(value);
}

/** From parsed JSON. Structure only: check.ts looks at what the parts say about each other. */
export function parseKeyspace(value: unknown): KeyspaceDocument {
  const object = reader("document", value);
  const document = {
    sharded: object.boolean("sharded"),
    requireExplicitRouting: object.boolean("require_explicit_routing"),
    foreignKeyMode: foreignKeyMode(object),
    vindexes: object.map("vindexes", parseVindex),
    tables: object.map("tables", parseTable),
    multiTenantSpec: object.record("multi_tenant_spec"),
  };
  object.end();
  return document;
}

function foreignKeyMode(object: ObjectReader): ForeignKeyMode {
  const mode = object.text("foreign_key_mode");
  if (mode === "") return "unspecified";
  if (mode === "unspecified" || mode === "disallow" || mode === "unmanaged" || mode === "managed") {
    return mode;
  }
  throw fail(
    object.path("foreign_key_mode"),
    `"${mode}" is none of unspecified, disallow, unmanaged, managed`,
  );
}

function parseVindex(path: string, value: unknown): VindexDocument {
  const object = reader(path, value);
  const document = {
    type: object.text("type"),
    params: parseParams(object),
    owner: object.text("owner"),
  };
  object.end();
  if (document.type === "") throw fail(path, 'no type; write for example {"type": "hash"}');
  return document;
}

function parseParams(object: ObjectReader): VindexParams {
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(object.record("params") ?? {})) {
    if (typeof value !== "string") {
      throw fail(`${object.path("params")}.${name}`, `want a string, got ${show(value)}`);
    }
    params[name] = value;
  }
  return params;
}

function parseTable(path: string, value: unknown): TableDocument {
  const object = reader(path, value);
  const document = {
    type: tableType(object),
    columnVindexes: object.list("column_vindexes", parseColumnVindex),
    autoIncrement: object.optional("auto_increment", parseAutoIncrement),
    columns: object.list("columns", parseColumn),
    columnListAuthoritative: object.boolean("column_list_authoritative"),
    pinned: object.text("pinned"),
    source: object.text("source"),
  };
  object.end();
  return document;
}

function tableType(object: ObjectReader): TableType {
  const type = object.text("type");
  if (type === "" || type === "sequence" || type === "reference") return type;
  throw fail(object.path("type"), `unidentified table type ${type}; known are sequence, reference`);
}

function parseColumnVindex(path: string, value: unknown): ColumnVindexDocument {
  const object = reader(path, value);
  const column = object.text("column");
  const columns = object.list("columns", parseColumnName);
  const name = object.text("name");
  object.end();
  if (name === "") throw fail(path, "no name: which of the vindexes is it?");
  if (column !== "" && columns.length > 0) {
    throw fail(path, `can't use column and columns at the same time in vindex (${name})`);
  }
  if (column === "" && columns.length === 0) {
    throw fail(path, `must specify at least one column for vindex (${name})`);
  }
  return { columns: column === "" ? columns : [column], name };
}

function parseColumnName(path: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw fail(path, `want the name of a column, got ${show(value)}`);
}

function parseAutoIncrement(path: string, value: unknown): AutoIncrementDocument {
  const object = reader(path, value);
  const document = { column: object.text("column"), sequence: object.text("sequence") };
  object.end();
  if (document.column === "") throw fail(path, "no column");
  if (document.sequence === "") throw fail(path, "no sequence");
  return document;
}

function parseColumn(path: string, value: unknown): ColumnDocument {
  const object = reader(path, value);
  const name = object.text("name");
  const type = object.text("type");
  if (name === "") throw fail(path, "no name");
  return { name, type, other: object.rest(COLUMN_KEYS) };
}

const COLUMN_KEYS = [
  "invisible",
  "default",
  "collation_name",
  "size",
  "scale",
  "nullable",
  "values",
] as const;

/** Keys of Vitess 2, where they weren't just the camelCase ones with a capital. */
const OLD_KEYS: Readonly<Record<string, string>> = {
  ColVindexes: "column_vindexes",
  Col: "column",
  Cols: "columns",
  Autoinc: "auto_increment",
};

/** "columnVindexes", "ColumnVindexes" and "ColVindexes" are column_vindexes. */
function canonicalKey(key: string): string {
  const old = Object.hasOwn(OLD_KEYS, key) ? OLD_KEYS[key] : undefined;
  if (old !== undefined) return old;
  return key.replace(/^[A-Z]/, (first) => first.toLowerCase())
    .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function reader(path: string, value: unknown): ObjectReader {
  if (!isRecord(value)) throw fail(path, `want an object, got ${show(value)}`);
  return new ObjectReader(path, value);
}

/** One JSON object; each key is asked for once, and `end` complains about the others. */
class ObjectReader {
  readonly #path: string;
  readonly #entries = new Map<string, { readonly key: string; readonly value: unknown }>();

  constructor(path: string, object: Readonly<Record<string, unknown>>) {
    this.#path = path;
    for (const [key, value] of Object.entries(object)) {
      const canonical = canonicalKey(key);
      if (this.#entries.has(canonical)) throw fail(`${path}.${key}`, "given twice");
      this.#entries.set(canonical, { key, value });
    }
  }

  path(key: string): string {
    return this.#path === "document" ? key : `${this.#path}.${key}`;
  }

  end(): void {
    for (const { key } of this.#entries.values()) {
      throw fail(this.path(key), "unknown key");
    }
  }

  /** The other keys, which must be among `known`. */
  rest(known: readonly string[]): Readonly<Record<string, unknown>> {
    const out: Record<string, unknown> = {};
    for (const key of known) {
      const value = this.#take(key);
      if (value !== undefined) out[key] = value;
    }
    this.end();
    return out;
  }

  boolean(key: string): boolean {
    const value = this.#take(key);
    if (value === undefined || value === null) return false;
    if (typeof value !== "boolean") {
      throw fail(this.path(key), `want true or false, got ${show(value)}`);
    }
    return value;
  }

  text(key: string): string {
    const value = this.#take(key);
    if (value === undefined || value === null) return "";
    if (typeof value !== "string") throw fail(this.path(key), `want a string, got ${show(value)}`);
    return value;
  }

  record(key: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.#take(key);
    if (value === undefined || value === null) return undefined;
    if (!isRecord(value)) throw fail(this.path(key), `want an object, got ${show(value)}`);
    return value;
  }

  map<T>(key: string, parse: (path: string, value: unknown) => T): ReadonlyMap<string, T> {
    const path = this.path(key);
    const entries = Object.entries(this.record(key) ?? {});
    return new Map(entries.map(([name, value]) => [name, parse(`${path}.${name}`, value)]));
  }

  list<T>(key: string, parse: (path: string, value: unknown) => T): readonly T[] {
    const value = this.#take(key);
    if (value === undefined || value === null) return [];
    const path = this.path(key);
    if (!Array.isArray(value)) throw fail(path, `want a list, got ${show(value)}`);
    return value.map((item: unknown, i) => parse(`${path}[${i}]`, item));
  }

  optional<T>(key: string, parse: (path: string, value: unknown) => T): T | undefined {
    const value = this.#take(key);
    return value === undefined || value === null ? undefined : parse(this.path(key), value);
  }

  #take(key: string): unknown {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    return entry?.value;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 60) ?? String(value);
}

function fail(path: string, cause: string): Error {
  return vtError("VT25004", path, cause);
}
