/**
 * Where rows go. A primitive writes into an output; a primitive above it is an output that passes
 * on what it makes of them: limit, projection, counting, binary encoding.
 *
 * Rows travel as whole packets with their headers, undecoded; sequence ids mean nothing until the
 * last output sets them. Bytes are valid during the call only.
 */
import {
  FRAME_HEADER_BYTES,
  FRAME_PAYLOAD_BYTES_MAX,
  framePayloadBytes,
} from "../../shared/mysql/frame.ts";

export interface RowOutput {
  /** Payloads of the column definitions; once, before any row. */
  columns(definitions: readonly Uint8Array[]): void;
  /** Whole row packets. A promise asks the producer to wait. */
  rows(packets: Uint8Array): void | Promise<void>;
}

/** The offset after the whole packet that starts at `at`. */
export function nextPacket(packets: Uint8Array, at: number): number {
  let offset = at;
  for (;;) {
    const size = framePayloadBytes(packets, offset);
    offset += FRAME_HEADER_BYTES + size;
    if (size < FRAME_PAYLOAD_BYTES_MAX) return offset;
  }
}

/** Packets that were made one by one, as rows() takes them: all at once, since bytes don't keep. */
export function joinPackets(packets: readonly Uint8Array[]): Uint8Array {
  const [first] = packets;
  if (first !== undefined && packets.length === 1) return first;
  let length = 0;
  for (const packet of packets) length += packet.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const packet of packets) {
    joined.set(packet, at);
    at += packet.length;
  }
  return joined;
}

/** Number of whole packets. */
export function countPackets(packets: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < packets.length; at = nextPacket(packets, at)) count++;
  return count;
}
