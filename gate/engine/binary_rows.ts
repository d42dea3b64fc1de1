/** Rows that shards sent as text, for a client that executes a prepared statement. */
import { encodeBinaryRow } from "../../shared/mysql/binary_row.ts";
import {
  type ColumnDefinition,
  decodeColumnDefinition,
} from "../../shared/mysql/column_definition.ts";
import { encodeFrames } from "../../shared/mysql/frame.ts";
import { decodeTextRow } from "../../shared/mysql/text_row.ts";
import { joinPackets, nextPacket, type RowOutput } from "./rows.ts";
import { rowPayload } from "./text_row.ts";

export class BinaryRowsOutput implements RowOutput {
  readonly #output: RowOutput;
  #columns: readonly ColumnDefinition[] = [];

  constructor(output: RowOutput) {
    this.#output = output;
  }

  columns(definitions: readonly Uint8Array[]): void {
    this.#columns = definitions.map(decodeColumnDefinition);
    this.#output.columns(definitions);
  }

  rows(packets: Uint8Array): void | Promise<void> {
    const rows: Uint8Array[] = [];
    for (let at = 0; at < packets.length;) {
      const end = nextPacket(packets, at);
      const values = decodeTextRow(rowPayload(packets, at, end), this.#columns.length);
      rows.push(encodeFrames(encodeBinaryRow(values, this.#columns), 0));
      at = end;
    }
    return this.#output.rows(joinPackets(rows));
  }
}
