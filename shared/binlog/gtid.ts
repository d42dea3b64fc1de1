/** The events that name a transaction: GTID_LOG_EVENT and its tagged form, MariaDB's GTID_EVENT. */
import { vtError } from "../error/errors.ts";
import { ByteReader } from "../mysql/byte_reader.ts";

export interface MysqlGtidEvent {
  /** "uuid" or "uuid:tag". */
  readonly source: string;
  readonly number: bigint;
}

export interface MariadbGtidEvent {
  readonly domain: number;
  readonly server: number;
  readonly sequence: bigint;
  /** The group is one statement and no COMMIT ends it. */
  readonly standalone: boolean;
  /** XA PREPARE ends the group; its rows count from XA COMMIT on. */
  readonly prepares: boolean;
}

const FL_STANDALONE = 1;
const FL_PREPARED_XA = 64;

/** GTID_LOG_EVENT: flags, UUID, number; clocks follow. */
export function decodeMysqlGtid(body: Uint8Array): MysqlGtidEvent {
  const reader = new ByteReader(body);
  reader.skip(1);
  const source = printUuid(reader.bytes(16));
  const number = reader.u64();
  demandNumber(number);
  return { source, number };
}

/** MariaDB's GTID_EVENT. The server is in the event's header. */
export function decodeMariadbGtid(body: Uint8Array, server: number): MariadbGtidEvent {
  const reader = new ByteReader(body);
  const sequence = reader.u64();
  const domain = reader.u32();
  const flags = reader.u8();
  return {
    domain,
    server,
    sequence,
    standalone: (flags & FL_STANDALONE) !== 0,
    prepares: (flags & FL_PREPARED_XA) !== 0,
  };
}

/** GNO_END of sql/rpl_gtid.h. */
const NUMBER_END = (1n << 63n) - 1n;

function demandNumber(number: bigint): void {
  if (number >= 1n && number < NUMBER_END) return;
  throw vtError("VT26001", `a GTID has the number ${number}`);
}

/** Fields of Gtid_event::define_fields (MySQL 8.4, libs/mysql/binlog/event/control_events.h). */
const FIELD_FLAGS = 0n;
const FIELD_UUID = 1n;
const FIELD_NUMBER = 2n;
const FIELD_TAG = 3n;
const FIELD_LAST = 11n;

/** GTID_TAGGED_LOG_EVENT: a mysql::serialization message; fields in ascending order. */
export function decodeTaggedGtid(body: Uint8Array): MysqlGtidEvent {
  const reader = new ByteReader(body);
  const version = varint(reader);
  const size = Number(varint(reader));
  const lastNeeded = varint(reader);
  if (version !== 1n || size > body.length || lastNeeded > FIELD_LAST + 1n) {
    throw vtError("VT26002", `tagged GTID events of format ${version}`);
  }
  let source = "";
  let tag = "";
  let number = 0n;
  while (reader.offset < size) {
    const field = varint(reader);
    if (field === FIELD_FLAGS) varint(reader);
    else if (field === FIELD_UUID) source = printUuid(uuidOf(reader));
    else if (field === FIELD_NUMBER) number = signed(varint(reader));
    else {
      if (field === FIELD_TAG) tag = readTag(reader);
      break;
    }
  }
  if (source === "") throw vtError("VT26001", "a tagged GTID event names no GTID");
  demandNumber(number);
  return { source: tag === "" ? source : `${source}:${tag}`, number };
}

function readTag(reader: ByteReader): string {
  const tag = new TextDecoder().decode(reader.bytes(Number(varint(reader))));
  if (!/^[a-z_][a-z0-9_]{0,31}$/.test(tag)) throw vtError("VT26001", "a GTID has a malformed tag");
  return tag;
}

function uuidOf(reader: ByteReader): Uint8Array {
  const uuid = new Uint8Array(16);
  for (let i = 0; i < 16; i++) uuid[i] = Number(varint(reader));
  return uuid;
}

/** The number of trailing ones of the first byte is the number of bytes that follow it. */
function varint(reader: ByteReader): bigint {
  const first = reader.u8();
  let more = 0;
  while (more < 8 && (first & (1 << more)) !== 0) more++;
  let value = more >= 7 ? 0n : BigInt(first >> (more + 1));
  const shift = BigInt(Math.max(0, 7 - more));
  for (let i = 0; i < more; i++) value |= BigInt(reader.u8()) << (shift + BigInt(8 * i));
  return value;
}

/** Zigzag. */
function signed(value: bigint): bigint {
  return (value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n;
}

function printUuid(bytes: Uint8Array): string {
  const hex = bytes.toHex();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .join("-");
}
