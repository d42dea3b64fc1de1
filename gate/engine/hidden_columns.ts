/** Cuts the columns that only the merge needed off the end of the definitions and of each row. */
import { encodeFrames } from "../../shared/mysql/frame.ts";
import { joinPackets, nextPacket, type RowOutput } from "./rows.ts";
import { rowPayload, splitTextRow } from "./text_row.ts";

export class HiddenColumnsOutput implements RowOutput {
  readonly #output: RowOutput;
  readonly #hidden: number;
  #columns = 0;
  #spans = new Int32Array();

  /** Rows come in text protocol. */
  constructor(output: RowOutput, hidden: number) {
    this.#output = output;
    this.#hidden = hidden;
  }

  columns(definitions: readonly Uint8Array[]): void {
    this.#columns = definitions.length;
    this.#spans = new Int32Array(2 * definitions.length);
    this.#output.columns(definitions.slice(0, definitions.length - this.#hidden));
  }

  rows(packets: Uint8Array): void | Promise<void> {
    const rows: Uint8Array[] = [];
    for (let at = 0; at < packets.length;) {
      const end = nextPacket(packets, at);
      rows.push(this.#cut(rowPayload(packets, at, end)));
      at = end;
    }
    return this.#output.rows(joinPackets(rows));
  }

  #cut(payload: Uint8Array): Uint8Array {
    const kept = this.#columns - this.#hidden;
    splitTextRow(payload, this.#columns, this.#spans);
    return encodeFrames(payload.subarray(0, endOfColumns(this.#spans, payload, kept)), 0);
  }
}

/** The offset after the first `kept` values: NULLs take one byte and have no span. */
function endOfColumns(spans: Int32Array, payload: Uint8Array, kept: number): number {
  let nulls = 0;
  for (let i = kept - 1; i >= 0; i--) {
    const end = spans[2 * i + 1] ?? -1;
    if (end >= 0) return end + nulls;
    nulls++;
  }
  return Math.min(nulls, payload.length);
}
