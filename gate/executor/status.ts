/** Status flags of the session, put into the packets that end a shard's answer. */
import { FRAME_HEADER_BYTES } from "../../shared/mysql/frame.ts";
import {
  SERVER_MORE_RESULTS_EXISTS,
  SERVER_STATUS_AUTOCOMMIT,
  SERVER_STATUS_IN_TRANS,
  SERVER_STATUS_NO_BACKSLASH_ESCAPES,
} from "../../shared/mysql/status_flags.ts";
import type { SessionState } from "../session/state.ts";

/** The flags that are the session's to say; all others are the shard's. */
const SESSION_FLAGS = SERVER_STATUS_IN_TRANS | SERVER_STATUS_AUTOCOMMIT |
  SERVER_MORE_RESULTS_EXISTS | SERVER_STATUS_NO_BACKSLASH_ESCAPES;

export function statusFlagsOf(state: SessionState): number {
  const inTransaction = state.transaction.at === "none" ? 0 : SERVER_STATUS_IN_TRANS;
  return (state.autocommit ? SERVER_STATUS_AUTOCOMMIT : 0) | inTransaction;
}

const OK_HEADER = 0x00;
/** An EOF packet: header, warnings, status flags. The longer OK packet has the same header. */
const EOF_BYTES = 5;

/**
 * Sets the session's flags in an OK or EOF packet with its frame header, in place. ERR packets
 * have none.
 */
export function patchStatus(terminal: Uint8Array, flags: number): void {
  const payloadBytes = terminal.length - FRAME_HEADER_BYTES;
  const header = terminal[FRAME_HEADER_BYTES];
  if (header === 0xfe && payloadBytes === EOF_BYTES) {
    writeFlags(terminal, FRAME_HEADER_BYTES + 3, flags);
  } else if (header === OK_HEADER || header === 0xfe) {
    const rows = FRAME_HEADER_BYTES + 1;
    const id = rows + lenencBytes(terminal[rows]);
    writeFlags(terminal, id + lenencBytes(terminal[id]), flags);
  }
}

function writeFlags(packet: Uint8Array, at: number, flags: number): void {
  const shard = (packet[at] ?? 0) | ((packet[at + 1] ?? 0) << 8);
  const patched = (shard & ~SESSION_FLAGS) | flags;
  packet[at] = patched & 0xff;
  packet[at + 1] = patched >> 8;
}

function lenencBytes(first: number | undefined): number {
  if (first === undefined || first < 0xfb) return 1;
  if (first === 0xfc) return 3;
  return first === 0xfd ? 4 : 9;
}
