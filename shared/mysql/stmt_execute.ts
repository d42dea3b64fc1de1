/**
 * COM_STMT_EXECUTE. The number of parameters is known from COM_STMT_PREPARE, so the packet is
 * decoded exactly; types that a client leaves out are those of its last execution.
 */
import { vtError } from "../error/errors.ts";
import type { Value, ValueType } from "../value/value.ts";
import { isNull, nullBitmapBytes } from "./binary_row.ts";
import { latin1Text, readBinaryValue, writeBinaryValue } from "./binary_value.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import * as column from "./column_types.ts";
import { printDouble } from "./float_text.ts";

export const CURSOR_TYPE_NO_CURSOR = 0x00;
export const CURSOR_TYPE_READ_ONLY = 0x01;
export const CURSOR_TYPE_FOR_UPDATE = 0x02;
export const CURSOR_TYPE_SCROLLABLE = 0x04;
/** The packet tells how many parameters it has: query attributes follow the statement's own. */
export const PARAMETER_COUNT_AVAILABLE = 0x08;

/** Marks an unsigned integer beside the type byte. */
const PARAMETER_UNSIGNED = 0x80;

export interface ParameterType {
  /** MYSQL_TYPE_... */
  readonly type: number;
  readonly unsigned: boolean;
}

export interface StmtExecute {
  /** CURSOR_TYPE_... and PARAMETER_COUNT_AVAILABLE. */
  readonly flags: number;
  readonly values: readonly Value[];
  /** To keep for an execution that leaves them out. */
  readonly types: readonly ParameterType[];
  /**
   * The parameters as the next server needs them: from the NULL bitmap on, with types and with
   * long data in their place. Empty for a statement without parameters.
   */
  readonly parameters: Uint8Array;
}

export interface StmtExecuteContext {
  readonly parameterCount: number;
  /** Of the last execution; undefined before the first. */
  readonly types: readonly ParameterType[] | undefined;
  /** What COM_STMT_SEND_LONG_DATA collected, by parameter. */
  readonly longData: ReadonlyMap<number, Uint8Array>;
  /** CLIENT_QUERY_ATTRIBUTES was negotiated. */
  readonly queryAttributes: boolean;
}

/** Decodes the bytes after the statement id: flags, iteration count, NULL bitmap, types, values. */
export function decodeStmtExecute(payload: Uint8Array, context: StmtExecuteContext): StmtExecute {
  const reader = new ByteReader(payload);
  const flags = reader.u8();
  // Iteration count: always 1.
  reader.skip(4);
  const counted = context.queryAttributes && (flags & PARAMETER_COUNT_AVAILABLE) !== 0;
  if (context.parameterCount === 0 && !counted) {
    return { flags, values: [], types: [], parameters: new Uint8Array(0) };
  }
  const sent = counted ? reader.lenencInt() : context.parameterCount;
  if (sent < context.parameterCount) throw vtError("ER_MALFORMED_PACKET");
  if (sent === 0) return { flags, values: [], types: [], parameters: new Uint8Array(0) };
  const start = reader.offset;
  const nulls = reader.bytes(nullBitmapBytes(sent, 0));
  const bound = reader.u8() === 1;
  const allTypes = bound ? readTypes(reader, sent, counted) : context.types;
  if (allTypes === undefined || allTypes.length < context.parameterCount) {
    throw vtError("ER_MALFORMED_PACKET");
  }
  const types = allTypes.slice(0, context.parameterCount);
  const values = readValues(reader, types, nulls, context.longData);
  // The client's own bytes fit unless something is not in them, or is too much.
  const parameters = bound && !counted && context.longData.size === 0
    ? payload.subarray(start)
    : encodeStmtExecuteParameters(values, types);
  return { flags, values, types, parameters };
}

function readTypes(reader: ByteReader, count: number, named: boolean): ParameterType[] {
  const types: ParameterType[] = [];
  for (let i = 0; i < count; i++) {
    types.push({ type: reader.u8(), unsigned: (reader.u8() & PARAMETER_UNSIGNED) !== 0 });
    if (named) reader.lenencBytes();
  }
  return types;
}

function readValues(
  reader: ByteReader,
  types: readonly ParameterType[],
  nulls: Uint8Array,
  longData: ReadonlyMap<number, Uint8Array>,
): Value[] {
  return types.map(({ type, unsigned }, index): Value => {
    const data = longData.get(index);
    if (data !== undefined) return { type: valueType(type), text: latin1Text(data) };
    if (isNull(nulls, index) || type === column.MYSQL_TYPE_NULL) return { type: "null", text: "" };
    const flags = unsigned ? column.UNSIGNED_FLAG : 0;
    // mysqld computes with a FLOAT parameter as a double: all its digits count.
    const text = type === column.MYSQL_TYPE_FLOAT
      ? printDouble(reader.f32())
      : readBinaryValue(reader, { type, flags, decimals: 31, columnLength: 0 });
    return { type: valueType(type), text };
  });
}

function valueType(type: number): ValueType {
  switch (type) {
    case column.MYSQL_TYPE_TINY:
    case column.MYSQL_TYPE_SHORT:
    case column.MYSQL_TYPE_INT24:
    case column.MYSQL_TYPE_LONG:
    case column.MYSQL_TYPE_LONGLONG:
    case column.MYSQL_TYPE_YEAR:
      return "integer";
    case column.MYSQL_TYPE_DECIMAL:
    case column.MYSQL_TYPE_NEWDECIMAL:
      return "decimal";
    case column.MYSQL_TYPE_FLOAT:
    case column.MYSQL_TYPE_DOUBLE:
      return "float";
    case column.MYSQL_TYPE_BIT:
    case column.MYSQL_TYPE_TINY_BLOB:
    case column.MYSQL_TYPE_MEDIUM_BLOB:
    case column.MYSQL_TYPE_LONG_BLOB:
    case column.MYSQL_TYPE_BLOB:
    case column.MYSQL_TYPE_GEOMETRY:
    case column.MYSQL_TYPE_VECTOR:
      return "binary";
    default:
      return "text";
  }
}

/** Parameters from the NULL bitmap on, with new_params_bound = 1. */
export function encodeStmtExecuteParameters(
  values: readonly Value[],
  types: readonly ParameterType[],
): Uint8Array<ArrayBuffer> {
  const nulls = new Uint8Array(nullBitmapBytes(types.length, 0));
  const head = new ByteWriter(types.length * 2 + 1).u8(1);
  const body = new ByteWriter(64);
  for (const [index, { type, unsigned }] of types.entries()) {
    head.u8(type).u8(unsigned ? PARAMETER_UNSIGNED : 0);
    const value = values[index];
    if (value === undefined) throw vtError("ER_MALFORMED_PACKET");
    if (value.type === "null") nulls[index >> 3] = (nulls[index >> 3] ?? 0) | (1 << (index & 7));
    else writeBinaryValue(body, type, value.text);
  }
  return new ByteWriter(nulls.length + head.length + body.length)
    .bytes(nulls)
    .bytes(head.finish())
    .bytes(body.finish())
    .finish();
}
