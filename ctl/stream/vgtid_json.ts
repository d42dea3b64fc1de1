/**
 * Positions as JSON, with the field names of Vitess's messages (proto/binlogdata.proto VGtid,
 * TableLastPK; proto/query.proto QueryResult, whose rows are lengths and joined values).
 */
import { parsePosition } from "../../shared/binlog/position.ts";
import type { CopyingTable, TableKey } from "../../shared/rpc/stream_service.ts";
import { CURRENT, FROM_COPY, type ShardGtid, type VGtid, type WishedGtid } from "./vgtid.ts";

interface QueryResultJson {
  readonly fields: readonly { readonly name: string }[];
  readonly rows: readonly { readonly lengths: readonly string[]; readonly values: string }[];
}

interface TableLastPkJson {
  readonly table_name: string;
  /** Absent for a table that was not begun. */
  readonly lastpk?: QueryResultJson;
}

interface ShardGtidJson {
  readonly keyspace: string;
  readonly shard: string;
  readonly gtid: string;
  /** All tables that were not given whole yet. */
  readonly table_p_ks?: readonly TableLastPkJson[];
}

export interface VGtidJson {
  readonly shard_gtids: readonly ShardGtidJson[];
}

export function vgtidJson(vgtid: VGtid): VGtidJson {
  return {
    shard_gtids: vgtid.map(({ keyspace, shard, gtid, copying }) => ({
      keyspace,
      shard,
      gtid,
      ...(copying !== undefined && { table_p_ks: copying.map(tableJson) }),
    })),
  };
}

function tableJson({ table, upTo }: CopyingTable): TableLastPkJson {
  if (upTo === undefined) return { table_name: table };
  const lengths = upTo.values.map((value) => value === null ? "-1" : String(value.length));
  const bytes = upTo.values.flatMap((value) => value === null ? [] : [...value]);
  const values = Uint8Array.from(bytes).toBase64();
  const fields = upTo.columns.map((name) => ({ name }));
  return { table_name: table, lastpk: { fields, rows: [{ lengths, values }] } };
}

/** Reads {"shard_gtids": [...]} or the list alone. SyntaxError says what is wrong. */
export function parseVGtid(text: string): readonly WishedGtid[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SyntaxError(`the position is no JSON: ${text.slice(0, 80)}`);
  }
  return readVGtid(value);
}

/** The same of JSON that was parsed. */
export function readVGtid(value: unknown): readonly WishedGtid[] {
  const seen = new Set<string>();
  return listOf(value).map((entry) => {
    const parsed = readShardGtid(entry);
    const place = `${parsed.keyspace}/${parsed.shard}`;
    if (seen.has(place)) throw new SyntaxError(`the position names ${place} twice`);
    seen.add(place);
    return parsed;
  });
}

function listOf(value: unknown): readonly unknown[] {
  const list = isRecord(value) && "shard_gtids" in value ? value["shard_gtids"] : value;
  if (Array.isArray(list) && list.length > 0) return list;
  throw new SyntaxError(
    'want a position like {"shard_gtids": [{"keyspace": "k", "shard": "-80", "gtid": "..."}]}',
  );
}

function readShardGtid(entry: unknown): WishedGtid {
  const keyspace = textOf(entry, "keyspace");
  if (keyspace === "") throw lacks(entry, "keyspace");
  const shard = textOf(entry, "shard", "");
  const gtid = textOf(entry, "gtid");
  const where = { keyspace, shard };
  if (gtid === CURRENT || gtid === FROM_COPY) return { ...where, gtid };
  parsePosition(gtid);
  if (shard === "") throw lacks(entry, "shard");
  const copying = readTables(entry);
  return copying === undefined ? { ...where, gtid } : { ...where, gtid, copying };
}

/** Also in the spelling of protojson. */
function readTables(entry: unknown): ShardGtid["copying"] {
  if (!isRecord(entry)) return undefined;
  const tables = entry["table_p_ks"] ?? entry["tablePKs"];
  if (tables === undefined) return undefined;
  if (!Array.isArray(tables)) throw new SyntaxError("table_p_ks is no list");
  return tables.length === 0 ? undefined : tables.map(readTable);
}

function readTable(entry: unknown): CopyingTable {
  const table = textOf(entry, isRecord(entry) && "tableName" in entry ? "tableName" : "table_name");
  const lastPk = isRecord(entry) ? entry["lastpk"] : undefined;
  return { table, upTo: lastPk === undefined ? undefined : readKey(table, lastPk) };
}

function readKey(table: string, lastPk: unknown): TableKey {
  const fields = isRecord(lastPk) ? lastPk["fields"] : undefined;
  const rows = isRecord(lastPk) ? lastPk["rows"] : undefined;
  const [row] = Array.isArray(rows) ? rows : [];
  const lengths = isRecord(row) ? row["lengths"] : undefined;
  if (!Array.isArray(fields) || !Array.isArray(lengths) || fields.length !== lengths.length) {
    throw new SyntaxError(`lastpk of ${table} is no row: want fields, and rows with lengths`);
  }
  const columns = fields.map((field) => textOf(field, "name"));
  return { columns, values: splitValues(table, lengths.map(Number), textOf(row, "values", "")) };
}

function splitValues(
  table: string,
  lengths: readonly number[],
  base64: string,
): TableKey["values"] {
  const bytes = Uint8Array.fromBase64(base64);
  let at = 0;
  const values = lengths.map((length) => {
    if (length === -1) return null;
    const value = bytes.slice(at, at + length);
    at += length;
    return value;
  });
  if (at === bytes.length && lengths.every((n) => Number.isInteger(n) && n >= -1)) return values;
  throw new SyntaxError(`lastpk of ${table} has other lengths than its values`);
}

function textOf(entry: unknown, key: string, absent?: string): string {
  const value = isRecord(entry) ? entry[key] ?? absent : undefined;
  if (typeof value === "string") return value;
  throw lacks(entry, key);
}

function lacks(entry: unknown, key: string): SyntaxError {
  return new SyntaxError(`an entry of the position has no ${key}: ${JSON.stringify(entry)}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
