/**
 * Decodes an answer in text protocol into rows, for small results that somebody looks at. Takes
 * packets in any portions, each of whole packets, as a PacketSink gets them.
 */
import { ByteReader } from "./byte_reader.ts";
import { type ColumnDefinition, decodeColumnDefinition } from "./column_definition.ts";
import { packetEnd, packetPayload } from "./frame.ts";
import { decodeTextRow, type RowValue } from "./text_row.ts";

export class ResultRows {
  readonly #deprecateEof: boolean;
  /** Packets until the rows: the column count, the definitions, the EOF after them. */
  #packetsToRows = 1;
  #sawCount = false;
  readonly columns: ColumnDefinition[] = [];
  readonly rows: RowValue[][] = [];

  constructor(options: { readonly deprecateEof: boolean }) {
    this.#deprecateEof = options.deprecateEof;
  }

  /** Copies what it keeps. The terminal packet does not belong here. */
  add(packets: Uint8Array): void {
    const bytes = packets.slice();
    for (let at = 0; at < bytes.length;) {
      const end = packetEnd(bytes, at, bytes.length);
      this.#packet(packetPayload(bytes, at, end));
      at = end;
    }
  }

  #packet(payload: Uint8Array): void {
    if (this.#packetsToRows === 0) {
      this.rows.push(decodeTextRow(payload, this.columns.length));
      return;
    }
    this.#packetsToRows--;
    if (!this.#sawCount) {
      this.#sawCount = true;
      const count = new ByteReader(payload).lenencInt();
      this.#packetsToRows = this.#deprecateEof ? count : count + 1;
    } else if (this.#deprecateEof || this.#packetsToRows > 0) {
      this.columns.push(decodeColumnDefinition(payload));
    }
  }
}
