/** Reads an answer in text protocol row by row, without keeping any. */
import type { Row } from "../../shared/binlog/change.ts";
import { ByteReader } from "../../shared/mysql/byte_reader.ts";
import {
  type ColumnDefinition,
  decodeColumnDefinition,
} from "../../shared/mysql/column_definition.ts";
import { ERR_HEADER, mysqlErrorOf } from "../../shared/mysql/err_packet.ts";
import { FRAME_HEADER_BYTES, packetEnd, packetPayload } from "../../shared/mysql/frame.ts";
import { decodeTextRow } from "../../shared/mysql/text_row.ts";
import type { MysqldConnection } from "./connection.ts";

interface Call {
  readonly signal: AbortSignal;
}

const UTF8 = new TextEncoder();

/**
 * Runs a query of one result on a connection that has CLIENT_DEPRECATE_EOF. The values of a row
 * are views: whoever keeps one copies it. `pause` is asked between packets: while what it gives is
 * pending, nothing is read. Throws mysqld's refusal as MysqlError.
 */
export async function scanRows(
  connection: MysqldConnection,
  sql: string,
  onRow: (row: Row) => void,
  call: Call,
  pause?: () => Promise<void> | undefined,
): Promise<readonly ColumnDefinition[]> {
  const columns: ColumnDefinition[] = [];
  let columnCount = -1;
  const packet = (payload: Uint8Array): void => {
    if (columnCount < 0) columnCount = new ByteReader(payload).lenencInt();
    else if (columns.length < columnCount) columns.push(decodeColumnDefinition(payload));
    else onRow(decodeTextRow(payload, columnCount));
  };
  const terminal = await connection.query(UTF8.encode(sql), (packets) => {
    for (let at = 0; at < packets.length;) {
      const end = packetEnd(packets, at, packets.length);
      packet(packetPayload(packets, at, end));
      at = end;
    }
    return pause?.();
  }, call);
  const payload = terminal.subarray(FRAME_HEADER_BYTES);
  if (payload[0] === ERR_HEADER) throw mysqlErrorOf(payload);
  return columns;
}
