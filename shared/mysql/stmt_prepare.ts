/** COM_STMT_PREPARE_OK: the first packet of the answer to COM_STMT_PREPARE. */
import { vtError } from "../error/errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import { OK_HEADER } from "./ok_packet.ts";

export interface StmtPrepareOk {
  readonly statementId: number;
  readonly columnCount: number;
  readonly parameterCount: number;
  readonly warnings: number;
}

export function encodeStmtPrepareOk(ok: StmtPrepareOk): Uint8Array<ArrayBuffer> {
  return new ByteWriter(12)
    .u8(OK_HEADER)
    .u32(ok.statementId)
    .u16(ok.columnCount)
    .u16(ok.parameterCount)
    .u8(0)
    .u16(Math.min(ok.warnings, 0xffff))
    .finish();
}

export function decodeStmtPrepareOk(payload: Uint8Array): StmtPrepareOk {
  const reader = new ByteReader(payload);
  if (reader.u8() !== OK_HEADER) throw vtError("ER_MALFORMED_PACKET");
  const statementId = reader.u32();
  const columnCount = reader.u16();
  const parameterCount = reader.u16();
  reader.skip(1);
  // Old servers leave the warnings away.
  const warnings = reader.remaining >= 2 ? reader.u16() : 0;
  return { statementId, columnCount, parameterCount, warnings };
}
