/** FORMAT_DESCRIPTION_EVENT: the first event of a binlog says how the others are laid out. */
import { vtError } from "../error/errors.ts";
import { EVENT_HEADER_BYTES } from "./event.ts";
import { ROTATE_EVENT } from "./event_types.ts";

export interface FormatDescription {
  readonly serverVersion: string;
  readonly checksum: boolean;
}

const VERSION_BYTES = 50;
const FIXED_BYTES = 2 + VERSION_BYTES + 4 + 1;
const CHECKSUM_ALGORITHM_OFF = 0;
const CHECKSUM_ALGORITHM_CRC32 = 1;

/** All servers that this system runs on write version 4 and a checksum algorithm. */
const BINLOG_VERSION = 4;

/**
 * `bytes` is the event with its header. The event itself always ends in an algorithm byte and four
 * bytes of checksum, also when the algorithm is none.
 */
export function decodeFormatDescription(bytes: Uint8Array): FormatDescription {
  const body = bytes.subarray(EVENT_HEADER_BYTES);
  if (body.length < FIXED_BYTES + 5) {
    throw vtError("VT26001", "the format description is cut short");
  }
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const version = view.getUint16(0, true);
  const headerBytes = view.getUint8(FIXED_BYTES - 1);
  if (version !== BINLOG_VERSION || headerBytes !== EVENT_HEADER_BYTES) {
    throw vtError("VT26002", `binlog version ${version} with headers of ${headerBytes} bytes`);
  }
  const text = new TextDecoder().decode(body.subarray(2, 2 + VERSION_BYTES));
  const algorithm = body[body.length - 5] ?? 0;
  if (algorithm !== CHECKSUM_ALGORITHM_OFF && algorithm !== CHECKSUM_ALGORITHM_CRC32) {
    throw vtError("VT26002", `binlog checksum algorithm ${algorithm}`);
  }
  return {
    serverVersion: text.replace(/\0.*$/s, ""),
    checksum: algorithm === CHECKSUM_ALGORITHM_CRC32,
  };
}

/** The file that a ROTATE_EVENT's body names. */
export function decodeRotate(body: Uint8Array): string {
  if (body.length < 8) throw vtError("VT26001", `event ${ROTATE_EVENT} is cut short`);
  return new TextDecoder().decode(body.subarray(8));
}
