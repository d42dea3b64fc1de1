/**
 * TRANSACTION_PAYLOAD_EVENT (binlog_transaction_compression): a transaction's events, compressed
 * together. Fields of type, length, value, both length-encoded integers; type 0 ends them.
 */
import { zstdDecompressSync } from "node:zlib";
import { vtError } from "../error/errors.ts";
import { ByteReader } from "../mysql/byte_reader.ts";

const END = 0;
const COMPRESSION_TYPE = 2;
const ZSTD = 0;
const NONE = 255;

/** The events one behind the other, without checksums. */
export function decodePayload(body: Uint8Array): Uint8Array {
  const reader = new ByteReader(body);
  let compression = NONE;
  for (;;) {
    const field = reader.lenencInt();
    if (field === END) break;
    const value = new ByteReader(reader.lenencBytes());
    if (field === COMPRESSION_TYPE) compression = value.lenencInt();
  }
  const payload = reader.rest();
  if (compression === NONE) return payload;
  if (compression !== ZSTD) throw vtError("VT26002", `transaction compression ${compression}`);
  try {
    const plain = zstdDecompressSync(payload);
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
  } catch {
    // zstd says no more than that the data is invalid.
    throw vtError("VT26001", "a transaction payload can't be decompressed");
  }
}
