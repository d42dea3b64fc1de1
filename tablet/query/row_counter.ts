/** Counts the rows that pass, from packet headers alone. */
import { CLIENT_DEPRECATE_EOF } from "../../shared/mysql/capabilities.ts";
import { FRAME_HEADER_BYTES, packetEnd } from "../../shared/mysql/frame.ts";

/**
 * The packets before the rows are the column count, the definitions, and an EOF unless
 * CLIENT_DEPRECATE_EOF. Only for answers with one result; further ones count as rows.
 */
export class RowCounter {
  readonly #extra: number;
  #packets = 0;
  #before = 0;

  constructor(capabilities: number) {
    this.#extra = (capabilities & CLIENT_DEPRECATE_EOF) !== 0 ? 1 : 2;
  }

  /** Takes whole packets; gives the rows so far. */
  add(packets: Uint8Array): number {
    for (let at = 0; at < packets.length;) {
      if (this.#packets === 0) this.#before = columnCount(packets, at) + this.#extra;
      this.#packets++;
      const next = packetEnd(packets, at, packets.length);
      if (next < 0) break;
      at = next;
    }
    return Math.max(0, this.#packets - this.#before);
  }
}

/** mysqld allows 4096 columns: one or three bytes. */
function columnCount(packets: Uint8Array, at: number): number {
  const first = packets[at + FRAME_HEADER_BYTES] ?? 0;
  if (first < 0xfb) return first;
  return (packets[at + FRAME_HEADER_BYTES + 1] ?? 0) |
    ((packets[at + FRAME_HEADER_BYTES + 2] ?? 0) << 8);
}
