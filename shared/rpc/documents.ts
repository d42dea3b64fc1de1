/** The JSON payloads of the RPC: health and schema. What arrives is unknown until it was read here. */
import { vtError } from "../error/errors.ts";
import { TABLET_TYPES, type TabletAlias, type Target } from "../model/tablet.ts";
import type { ColumnSchema, TableSchema, TabletHealth } from "./query_service.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

export function encodeHealth(health: TabletHealth): Uint8Array {
  return ENCODER.encode(JSON.stringify(health));
}

export function decodeHealth(payload: Uint8Array): TabletHealth {
  const fields = fieldsOf(parse(payload));
  const serving = fields["serving"];
  if (typeof serving !== "boolean") throw malformed("serving");
  return {
    alias: readAlias(fields["alias"]),
    target: readTarget(fields["target"]),
    serving,
    primaryTermStartTime: optionalText(fields, "primaryTermStartTime"),
    lagSeconds: fields["lagSeconds"] === undefined ? undefined : number(fields, "lagSeconds"),
    error: optionalText(fields, "error"),
    schemaVersion: number(fields, "schemaVersion"),
  };
}

export function encodeSchema(tables: readonly TableSchema[]): Uint8Array {
  return ENCODER.encode(JSON.stringify(tables));
}

export function decodeSchema(payload: Uint8Array): readonly TableSchema[] {
  return list(parse(payload)).map((table) => {
    const fields = fieldsOf(table);
    const type = text(fields, "type");
    if (type !== "BASE TABLE" && type !== "VIEW") throw malformed("type");
    return {
      name: text(fields, "name"),
      type,
      columns: list(fields["columns"]).map(readColumn),
      primaryKey: list(fields["primaryKey"]).map((name) => {
        if (typeof name !== "string") throw malformed("primaryKey");
        return name;
      }),
      comment: text(fields, "comment"),
    };
  });
}

/** VT20013 for what is no column. */
export function readColumn(value: unknown): ColumnSchema {
  const fields = fieldsOf(value);
  return {
    name: text(fields, "name"),
    columnType: text(fields, "columnType"),
    dataType: text(fields, "dataType"),
    collation: optionalText(fields, "collation"),
    nullable: fields["nullable"] === true,
    autoIncrement: fields["autoIncrement"] === true,
    generated: fields["generated"] === true,
    invisible: fields["invisible"] === true,
  };
}

function readAlias(value: unknown): TabletAlias {
  const fields = fieldsOf(value);
  return { cell: text(fields, "cell"), uid: number(fields, "uid") };
}

function readTarget(value: unknown): Target {
  const fields = fieldsOf(value);
  const tabletType = TABLET_TYPES.find((type) => type === fields["tabletType"]);
  if (tabletType === undefined) throw malformed("tabletType");
  return { keyspace: text(fields, "keyspace"), shard: text(fields, "shard"), tabletType };
}

type Fields = Readonly<Record<string, unknown>>;

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(DECODER.decode(payload));
  } catch (error) {
    throw vtError("VT20013", `no JSON: ${error instanceof Error ? error.message : error}`);
  }
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw vtError("VT20013", "an object was expected");
  }
  return value as Fields;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw vtError("VT20013", "a list was expected");
  return value;
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw malformed(name);
  return value;
}

function optionalText(fields: Fields, name: string): string | undefined {
  return fields[name] === undefined ? undefined : text(fields, name);
}

function number(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw malformed(name);
  return value;
}

function malformed(field: string): Error {
  return vtError("VT20013", `field ${field}`);
}
