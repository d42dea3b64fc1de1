/**
 * The header and the checksum of a binlog event (MySQL internals, "Binlog Event Header").
 *
 *     timestamp 4 | type 1 | server id 4 | size 4 | end position 4 | flags 2 | body | CRC32 4?
 */
import { crc32 } from "node:zlib";
import { vtError } from "../error/errors.ts";

export const EVENT_HEADER_BYTES = 19;
export const CHECKSUM_BYTES = 4;

export interface BinlogEvent {
  /** Seconds since the epoch, on the server where the statement first ran. */
  readonly timestampSec: number;
  readonly type: number;
  readonly flags: number;
  /** Without header and checksum: a view. */
  readonly body: Uint8Array;
}

/**
 * Reads one event. `checksum`: its last four bytes are a CRC32, which is verified. Throws VT26001
 * when the event is cut short or damaged.
 */
export function decodeEvent(
  bytes: Uint8Array,
  options: { readonly checksum: boolean },
): BinlogEvent {
  const tail = options.checksum ? CHECKSUM_BYTES : 0;
  if (bytes.length < EVENT_HEADER_BYTES + tail) {
    throw vtError("VT26001", `an event of ${bytes.length} bytes is too short`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint32(9, true);
  const type = view.getUint8(4);
  if (size !== bytes.length) {
    throw vtError("VT26001", `event ${type} has ${bytes.length} bytes and says ${size}`);
  }
  const end = bytes.length - tail;
  if (options.checksum && crc32(bytes.subarray(0, end)) !== view.getUint32(end, true)) {
    throw vtError("VT26001", `the checksum of event ${type} is wrong`);
  }
  return {
    timestampSec: view.getUint32(0, true),
    type,
    flags: view.getUint16(17, true),
    body: bytes.subarray(EVENT_HEADER_BYTES, end),
  };
}

/** Cuts a sequence of events without checksums, as a TRANSACTION_PAYLOAD holds them. */
export function* splitEvents(bytes: Uint8Array): Generator<BinlogEvent> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    if (bytes.length - at < EVENT_HEADER_BYTES) {
      throw vtError("VT26001", "a transaction payload ends within an event");
    }
    const size = view.getUint32(at + 9, true);
    if (size < EVENT_HEADER_BYTES || size > bytes.length - at) {
      throw vtError("VT26001", "a transaction payload ends within an event");
    }
    yield decodeEvent(bytes.subarray(at, at + size), { checksum: false });
    at += size;
  }
}
