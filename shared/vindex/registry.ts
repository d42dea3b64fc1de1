/** The vindex types by name, and how a VSchema's entry becomes a vindex. */
import { vtError } from "../error/errors.ts";
import { hash, numeric, numericStaticMap, reverseBits } from "./numeric.ts";
import {
  binary,
  binaryMd5,
  nullVindex,
  unicodeLooseMd5,
  unicodeLooseXxhash,
  xxhash,
} from "./text.ts";
import type { Vindex } from "./vindex.ts";

export type VindexParams = Readonly<Record<string, string>>;

interface Type {
  readonly params: readonly string[];
  /** Undefined: known, so that a VSchema with it can be kept, but it doesn't route here. */
  readonly build: ((name: string, params: VindexParams) => Vindex) | undefined;
  readonly unique: boolean;
  readonly lookup: boolean;
}

function functional(
  build: (name: string, params: VindexParams) => Vindex,
  params: readonly string[] = [],
): Type {
  return { params, build, unique: true, lookup: false };
}

const LOOKUP_PARAMS = [
  "table",
  "from",
  "to",
  "autocommit",
  "multi_shard_autocommit",
  "write_only",
  "no_verify",
  "ignore_nulls",
  "batch_lookup",
  "read_lock",
] as const;

function lookup(unique: boolean): Type {
  return { params: LOOKUP_PARAMS, build: undefined, unique, lookup: true };
}

function later(params: readonly string[]): Type {
  return { params, build: undefined, unique: true, lookup: false };
}

const TYPES: Readonly<Record<string, Type>> = {
  "binary": functional(binary),
  "binary_md5": functional(binaryMd5),
  "cfc": later(["hash", "offsets"]),
  "consistent_lookup": lookup(false),
  "consistent_lookup_unique": lookup(true),
  "hash": functional(hash),
  "lookup": lookup(false),
  "lookup_hash": lookup(false),
  "lookup_hash_unique": lookup(true),
  "lookup_unicodeloosemd5_hash": lookup(false),
  "lookup_unicodeloosemd5_hash_unique": lookup(true),
  "lookup_unique": lookup(true),
  "multicol": later(["column_count", "column_bytes", "column_vindex"]),
  "null": functional(nullVindex),
  "numeric": functional(numeric),
  "numeric_static_map": functional(buildStaticMap, ["json", "json_path", "fallback_type"]),
  "region_experimental": later(["region_bytes"]),
  "region_json": later(["region_bytes", "region_map"]),
  "reverse_bits": functional(reverseBits),
  "unicode_loose_md5": functional(unicodeLooseMd5),
  "unicode_loose_xxhash": functional(unicodeLooseXxhash),
  "xxhash": functional(xxhash),
};

export function isVindexType(type: string): boolean {
  return Object.hasOwn(TYPES, type);
}

export function isUniqueType(type: string): boolean {
  return TYPES[type]?.unique === true;
}

/** Lookup vindexes keep a table of their own. */
export function isLookupType(type: string): boolean {
  return TYPES[type]?.lookup === true;
}

/** Parameters that the type doesn't have: tolerated, but reported. */
export function unknownParams(type: string, params: VindexParams): readonly string[] {
  const known = TYPES[type]?.params ?? [];
  return Object.keys(params).filter((param) => !known.includes(param)).sort();
}

/**
 * Undefined for the types that are known but don't route yet (lookups, multi-column ones): their
 * tables are scattered over. VT25001 for an unknown type or bad parameters.
 */
export function createVindex(
  name: string,
  type: string,
  params: VindexParams,
): Vindex | undefined {
  const definition = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (definition === undefined) {
    throw vtError("VT25001", name, `vindexType "${type}" not found; known are ${vindexTypes()}`);
  }
  return definition.build?.(name, params);
}

function vindexTypes(): string {
  return Object.keys(TYPES).join(", ");
}

function buildStaticMap(name: string, params: VindexParams): Vindex {
  const json = params["json"];
  if (json === undefined && params["json_path"] === undefined) {
    throw vtError(
      "VT25001",
      name,
      "NumericStaticMap: Could not find either `json_path` or `json` params in vschema",
    );
  }
  if (json !== undefined && params["json_path"] !== undefined) {
    throw vtError(
      "VT25001",
      name,
      "NumericStaticMap: Found both `json` and `json_path` params in vschema",
    );
  }
  if (json === undefined) {
    throw vtError("VT25001", name, "json_path is not supported: give the map itself as json");
  }
  const fallbackType = params["fallback_type"];
  if (fallbackType === undefined) return numericStaticMap(name, json, undefined);
  const fallback = createVindex(`${name}_fallback`, fallbackType, {});
  if (fallback === undefined) {
    throw vtError("VT25001", name, `fallback_type "${fallbackType}" doesn't hash`);
  }
  return numericStaticMap(name, json, fallback);
}
