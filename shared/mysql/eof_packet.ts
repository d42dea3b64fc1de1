/** EOF_Packet, in the form of CLIENT_PROTOCOL_41. */
import { vtError } from "../error/errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";

export const EOF_HEADER = 0xfe;

export interface EofPacket {
  readonly warnings: number;
  readonly statusFlags: number;
}

export function encodeEofPacket(eof: EofPacket): Uint8Array<ArrayBuffer> {
  return new ByteWriter(5)
    .u8(EOF_HEADER)
    .u16(Math.min(eof.warnings, 0xffff))
    .u16(eof.statusFlags)
    .finish();
}

export function decodeEofPacket(payload: Uint8Array): EofPacket {
  const reader = new ByteReader(payload);
  if (reader.u8() !== EOF_HEADER) throw vtError("ER_MALFORMED_PACKET");
  const eof = { warnings: reader.u16(), statusFlags: reader.u16() };
  reader.end();
  return eof;
}
