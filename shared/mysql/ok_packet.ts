/** OK_Packet, in the form of CLIENT_PROTOCOL_41. */
import { vtError } from "../error/errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import { CLIENT_SESSION_TRACK } from "./capabilities.ts";
import { SERVER_SESSION_STATE_CHANGED } from "./status_flags.ts";

export const OK_HEADER = 0x00;
/** Header of the OK packet that ends rows under CLIENT_DEPRECATE_EOF. */
export const OK_HEADER_AFTER_ROWS = 0xfe;

export const SESSION_TRACK_SYSTEM_VARIABLES = 0;
export const SESSION_TRACK_SCHEMA = 1;
export const SESSION_TRACK_STATE_CHANGE = 2;
export const SESSION_TRACK_GTIDS = 3;

export interface SessionStateChange {
  /** SESSION_TRACK_... */
  readonly type: number;
  /** The data of the entry, whose layout depends on the type. */
  readonly data: Uint8Array;
}

export interface OkPacket {
  readonly affectedRows: bigint;
  readonly lastInsertId: bigint;
  readonly statusFlags: number;
  readonly warnings: number;
  /** "Rows matched: 1  Changed: 1  Warnings: 0" and the like. */
  readonly info: string;
  readonly sessionState: readonly SessionStateChange[];
}

export const EMPTY_OK: OkPacket = {
  affectedRows: 0n,
  lastInsertId: 0n,
  statusFlags: 0,
  warnings: 0,
  info: "",
  sessionState: [],
};

/** `capabilities` are those that both sides set: CLIENT_SESSION_TRACK changes the layout. */
export function encodeOkPacket(
  ok: OkPacket,
  capabilities: number,
  header: typeof OK_HEADER | typeof OK_HEADER_AFTER_ROWS = OK_HEADER,
): Uint8Array<ArrayBuffer> {
  const tracks = (capabilities & CLIENT_SESSION_TRACK) !== 0;
  const changed = tracks && ok.sessionState.length > 0;
  const status = changed
    ? ok.statusFlags | SERVER_SESSION_STATE_CHANGED
    : ok.statusFlags & ~SERVER_SESSION_STATE_CHANGED;
  const writer = new ByteWriter(32)
    .u8(header)
    .lenencInt(ok.affectedRows)
    .lenencInt(ok.lastInsertId)
    .u16(status)
    .u16(Math.min(ok.warnings, 0xffff));
  // "string<EOF>" without CLIENT_SESSION_TRACK, says the manual; mysqld and MariaDB (net_send_ok)
  // write a length all the same, and libmariadb refuses a packet without one.
  if (ok.info !== "" || changed) writer.lenencText(ok.info);
  if (changed) {
    const entries = new ByteWriter();
    for (const { type, data } of ok.sessionState) entries.u8(type).lenencBytes(data);
    writer.lenencBytes(entries.finish());
  }
  return writer.finish();
}

export function decodeOkPacket(payload: Uint8Array, capabilities: number): OkPacket {
  const reader = new ByteReader(payload);
  const header = reader.u8();
  if (header !== OK_HEADER && header !== OK_HEADER_AFTER_ROWS) {
    throw vtError("ER_MALFORMED_PACKET");
  }
  const affectedRows = reader.lenencBigInt();
  const lastInsertId = reader.lenencBigInt();
  const statusFlags = reader.u16();
  const warnings = reader.u16();
  const fixed = { affectedRows, lastInsertId, statusFlags, warnings };
  if (!(capabilities & CLIENT_SESSION_TRACK)) {
    return { ...fixed, info: infoText(reader), sessionState: [] };
  }
  const info = reader.remaining > 0 ? reader.lenencText() : "";
  const changed = (statusFlags & SERVER_SESSION_STATE_CHANGED) !== 0;
  return { ...fixed, info, sessionState: changed ? readSessionState(reader) : [] };
}

/**
 * The text is the rest of the packet by the manual; mysqld and MariaDB write it length-encoded
 * all the same. A length byte that fits exactly is taken for one.
 */
function infoText(reader: ByteReader): string {
  const length = reader.peek();
  if (length !== undefined && length < 0xfb && length === reader.remaining - 1) reader.skip(1);
  return reader.restText();
}

function readSessionState(reader: ByteReader): readonly SessionStateChange[] {
  const entries = new ByteReader(reader.lenencBytes());
  const changes: SessionStateChange[] = [];
  while (entries.remaining > 0) {
    const type = entries.u8();
    changes.push({ type, data: entries.lenencBytes() });
  }
  return changes;
}

/** The name in a SESSION_TRACK_SCHEMA entry, or the one value of other simple entries. */
export function decodeTrackedText(change: SessionStateChange): string {
  return new ByteReader(change.data).lenencText();
}

/** The variables in a SESSION_TRACK_SYSTEM_VARIABLES entry. */
export function decodeTrackedVariables(change: SessionStateChange): ReadonlyMap<string, string> {
  const reader = new ByteReader(change.data);
  const variables = new Map<string, string>();
  while (reader.remaining > 0) {
    const name = reader.lenencText();
    variables.set(name, reader.lenencText());
  }
  return variables;
}
