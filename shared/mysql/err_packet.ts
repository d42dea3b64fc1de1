/** ERR_Packet. */
import { vtError } from "../error/errors.ts";
import { MysqlError } from "../error/mysql_error.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";

export const ERR_HEADER = 0xff;

const SQL_STATE_MARKER = 0x23;
const SQL_STATE_BYTES = 5;

/** mysqld cuts its messages to this (MYSQL_ERRMSG_SIZE), and clients have buffers for no more. */
const MESSAGE_BYTES_MAX = 512;

export interface ErrPacket {
  readonly errno: number;
  readonly sqlState: string;
  readonly message: string;
}

/**
 * What a client sees: MysqlError and VtError have this shape. Before the client told its
 * capabilities (`protocol41` false) the SQLSTATE is left out.
 */
export function encodeErrPacket(error: ErrPacket, protocol41 = true): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(128).u8(ERR_HEADER).u16(error.errno);
  if (protocol41) writer.u8(SQL_STATE_MARKER).text(error.sqlState);
  return writer.bytes(cutText(error.message, MESSAGE_BYTES_MAX - 1)).finish();
}

/** The text in UTF-8, cut between characters. */
function cutText(text: string, bytesMax: number): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  let end = Math.min(bytes.length, bytesMax);
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

export function decodeErrPacket(payload: Uint8Array): ErrPacket {
  const reader = new ByteReader(payload);
  if (reader.u8() !== ERR_HEADER) throw vtError("ER_MALFORMED_PACKET");
  const errno = reader.u16();
  // Absent in errors before the handshake ("Too many connections").
  if (reader.peek() !== SQL_STATE_MARKER) {
    return { errno, sqlState: "HY000", message: reader.restText() };
  }
  reader.skip(1);
  const sqlState = String.fromCharCode(...reader.bytes(SQL_STATE_BYTES));
  return { errno, sqlState, message: reader.restText() };
}

export function mysqlErrorOf(payload: Uint8Array): MysqlError {
  const { errno, sqlState, message } = decodeErrPacket(payload);
  return new MysqlError(errno, sqlState, message);
}
