/** Small results that the gate itself reads: values for SET, answers to SHOW. */
import { vtError } from "../../shared/error/errors.ts";
import {
  type ColumnDefinition,
  decodeColumnDefinition,
} from "../../shared/mysql/column_definition.ts";
import { decodeTextRow, type RowValue } from "../../shared/mysql/text_row.ts";
import type { Options } from "../../shared/rpc/query_service.ts";
import { ResultReader } from "../engine/result_reader.ts";
import { nextPacket } from "../engine/rows.ts";
import type { ShardCall, Shards } from "../engine/shards.ts";
import { bytesOf } from "../engine/template.ts";
import { rowPayload } from "../engine/text_row.ts";

/** A SHOW that lists more is no SHOW. */
const ROWS_MAX = 300_000;

export interface FetchedRows {
  readonly columns: readonly ColumnDefinition[];
  readonly rows: readonly (readonly RowValue[])[];
}

/** Runs a byte string on one shard and keeps its rows. Throws the shard's error. */
export async function fetchRows(
  shards: Shards,
  where: { readonly keyspace: string; readonly shard: string },
  sql: string,
  options: Options & { readonly deprecateEof: boolean },
): Promise<FetchedRows> {
  let columns: readonly ColumnDefinition[] = [];
  const rows: (readonly RowValue[])[] = [];
  const reader = new ResultReader({
    onColumns: (definitions) => columns = definitions.map(decodeColumnDefinition),
    onRows: (packets) => {
      for (let at = 0; at < packets.length;) {
        const end = nextPacket(packets, at);
        rows.push(decodeTextRow(rowPayload(packets, at, end).slice(), columns.length));
        if (rows.length > ROWS_MAX) throw vtError("VT24008", ROWS_MAX);
        at = end;
      }
    },
  }, options);
  const call: ShardCall = { ...where, sql: bytesOf(sql), parameters: undefined, tables: [] };
  await shards.execute(call, reader.sink, options);
  return { columns, rows };
}
