/** What the last packet of an answer says about the connection. */
import { EOF_HEADER } from "../../shared/mysql/eof_packet.ts";
import { ERR_HEADER, mysqlErrorOf } from "../../shared/mysql/err_packet.ts";
import { FRAME_HEADER_BYTES } from "../../shared/mysql/frame.ts";
import { OK_HEADER } from "../../shared/mysql/ok_packet.ts";

/** An EOF packet is exactly this long; an OK packet that ends rows is longer. */
const EOF_PACKET_BYTES = FRAME_HEADER_BYTES + 5;

export function isErr(terminal: Uint8Array): boolean {
  return terminal[FRAME_HEADER_BYTES] === ERR_HEADER;
}

/** The statement had no rows: DML, DDL, SET. */
export function isOk(terminal: Uint8Array): boolean {
  return terminal[FRAME_HEADER_BYTES] === OK_HEADER;
}

export function errnoOf(terminal: Uint8Array): number {
  const at = FRAME_HEADER_BYTES + 1;
  return (terminal[at] ?? 0) | ((terminal[at + 1] ?? 0) << 8);
}

/** Throws what mysqld refused. */
export function checkTerminal(terminal: Uint8Array): void {
  if (isErr(terminal)) throw mysqlErrorOf(terminal.subarray(FRAME_HEADER_BYTES));
}

/** SERVER_STATUS flags; undefined for an ERR, which carries none. */
export function statusFlagsOf(terminal: Uint8Array): number | undefined {
  const header = terminal[FRAME_HEADER_BYTES];
  if (header === ERR_HEADER) return undefined;
  if (header === EOF_HEADER && terminal.length === EOF_PACKET_BYTES) {
    return u16(terminal, FRAME_HEADER_BYTES + 3);
  }
  let at = FRAME_HEADER_BYTES + 1;
  at += lenencIntBytes(terminal[at] ?? 0);
  at += lenencIntBytes(terminal[at] ?? 0);
  return u16(terminal, at);
}

/** Warnings that an OK or EOF packet counts; an ERR has none. */
export function warningCountOf(terminal: Uint8Array): number {
  const header = terminal[FRAME_HEADER_BYTES];
  if (header === ERR_HEADER) return 0;
  if (header === EOF_HEADER && terminal.length === EOF_PACKET_BYTES) {
    return u16(terminal, FRAME_HEADER_BYTES + 1);
  }
  let at = FRAME_HEADER_BYTES + 1;
  at += lenencIntBytes(terminal[at] ?? 0);
  at += lenencIntBytes(terminal[at] ?? 0);
  return u16(terminal, at + 2);
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

function lenencIntBytes(first: number): number {
  if (first < 0xfb) return 1;
  if (first === 0xfc) return 3;
  return first === 0xfd ? 4 : 9;
}
