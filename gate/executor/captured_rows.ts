/** Rows that stay in the gate: values for SET, statements from user variables, SHOW that is rewritten. */
import { vtError } from "../../shared/error/errors.ts";
import {
  type ColumnDefinition,
  decodeColumnDefinition,
} from "../../shared/mysql/column_definition.ts";
import { decodeTextRow, type RowValue } from "../../shared/mysql/text_row.ts";
import { nextPacket } from "../engine/rows.ts";
import { rowPayload } from "../engine/text_row.ts";
import type { ClientRows } from "../engine/world.ts";

/** What a gate holds in memory for one statement. */
const ROWS_MAX = 300_000;

export class CapturedRows implements ClientRows {
  readonly passThrough = undefined;
  #columns: readonly ColumnDefinition[] = [];
  readonly #rows: (readonly RowValue[])[] = [];

  get columnDefinitions(): readonly ColumnDefinition[] {
    return this.#columns;
  }

  get values(): readonly (readonly RowValue[])[] {
    return this.#rows;
  }

  columns(definitions: readonly Uint8Array[]): void {
    this.#columns = definitions.map(decodeColumnDefinition);
  }

  rows(packets: Uint8Array): void {
    for (let at = 0; at < packets.length;) {
      const end = nextPacket(packets, at);
      this.#rows.push(decodeTextRow(rowPayload(packets, at, end).slice(), this.#columns.length));
      if (this.#rows.length > ROWS_MAX) throw vtError("VT24008", ROWS_MAX);
      at = end;
    }
  }
}
