/** COM_BINLOG_DUMP and COM_BINLOG_DUMP_GTID (manual, "Replication Protocol"). */
import { ByteWriter } from "../mysql/byte_writer.ts";
import { COM_BINLOG_DUMP, COM_BINLOG_DUMP_GTID } from "../mysql/commands.ts";
import { type MysqlGtidSet, parseMysqlGtidSet } from "../mysql/gtid_mysql.ts";

/** The first event of a file; the server looks for the GTID itself. */
const FILE_START = 4;
const BINLOG_THROUGH_GTID = 4;

/** MariaDB, which takes the position from @slave_connect_state. */
export function encodeBinlogDump(serverId: number): Uint8Array {
  return new ByteWriter(16).u8(COM_BINLOG_DUMP).u32(FILE_START).u16(0).u32(serverId).finish();
}

/** MySQL: everything that `gtidSet` lacks. */
export function encodeBinlogDumpGtid(serverId: number, gtidSet: string): Uint8Array {
  const set = encodeGtidSet(parseMysqlGtidSet(gtidSet));
  return new ByteWriter(32 + set.length)
    .u8(COM_BINLOG_DUMP_GTID)
    .u16(BINLOG_THROUGH_GTID)
    .u32(serverId)
    .u32(0)
    .u64(BigInt(FILE_START))
    .u32(set.length)
    .bytes(set)
    .finish();
}

/**
 * Gtid_set::encode of sql/rpl_gtid_set.cc: each source with its intervals, ends exclusive. With
 * tags (8.3 and later) the count carries the format's number in its lowest and highest byte, and
 * each source has a tag.
 */
function encodeGtidSet(set: MysqlGtidSet): Uint8Array {
  const entries = [...set].sort(([a], [b]) => (a < b ? -1 : 1));
  const tagged = entries.some(([source]) => source.includes(":"));
  const count = BigInt(entries.length);
  const writer = new ByteWriter(8 + entries.length * 64);
  writer.u64(tagged ? (1n << 56n) | (count << 8n) | 1n : count);
  for (const [source, intervals] of entries) {
    const [uuid = "", tag = ""] = source.split(":");
    writer.bytes(Uint8Array.fromHex(uuid.replaceAll("-", "")));
    if (tagged) writer.u8(tag.length << 1).text(tag);
    writer.u64(BigInt(intervals.length));
    for (const { first, last } of intervals) writer.u64(first).u64(last + 1n);
  }
  return writer.finish();
}
