/** Rows as packets of the text protocol, one behind the other: how a copy moves them. */
import { packetEnd, packetPayload } from "./frame.ts";
import { decodeTextRow, type RowValue } from "./text_row.ts";

/** The rows of a batch's packets; values are views into them. */
export function* rowsOf(packets: Uint8Array, columnCount: number): Generator<readonly RowValue[]> {
  for (let at = 0; at < packets.length;) {
    const end = packetEnd(packets, at, packets.length);
    yield decodeTextRow(packetPayload(packets, at, end), columnCount);
    at = end;
  }
}
