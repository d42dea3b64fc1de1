/** Protocol::HandshakeV10: the server's first packet. */
import { vtError } from "../error/errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import {
  CLIENT_LONG_PASSWORD,
  CLIENT_PLUGIN_AUTH,
  CLIENT_SECURE_CONNECTION,
} from "./capabilities.ts";

const PROTOCOL_VERSION = 10;

/** Random bytes of a challenge; on the wire a NUL follows. None of them is NUL. */
export const SCRAMBLE_BYTES = 20;

const SCRAMBLE_PART_1_BYTES = 8;

export interface HandshakeGreeting {
  readonly serverVersion: string;
  readonly connectionId: number;
  readonly scramble: Uint8Array;
  readonly capabilities: number;
  /** MariaDB's own capabilities, in the last filler bytes; 0 from MySQL. */
  readonly extendedCapabilities: number;
  /** The low byte of the server's default collation id. */
  readonly collation: number;
  readonly statusFlags: number;
  /** "" without CLIENT_PLUGIN_AUTH. */
  readonly authPlugin: string;
}

export function encodeHandshakeGreeting(greeting: HandshakeGreeting): Uint8Array<ArrayBuffer> {
  const { capabilities, scramble } = greeting;
  return new ByteWriter(128)
    .u8(PROTOCOL_VERSION)
    .nulText(greeting.serverVersion)
    .u32(greeting.connectionId)
    .bytes(scramble.subarray(0, SCRAMBLE_PART_1_BYTES))
    .u8(0)
    .u16(capabilities & 0xffff)
    .u8(greeting.collation)
    .u16(greeting.statusFlags)
    .u16(capabilities >>> 16)
    .u8(capabilities & CLIENT_PLUGIN_AUTH ? SCRAMBLE_BYTES + 1 : 0)
    .zeros(6)
    .u32(greeting.extendedCapabilities)
    .nulBytes(scramble.subarray(SCRAMBLE_PART_1_BYTES))
    .nulText(greeting.authPlugin)
    .finish();
}

/** Throws ER_MALFORMED_PACKET, also for servers older than 4.1, which nobody can mean today. */
export function decodeHandshakeGreeting(payload: Uint8Array): HandshakeGreeting {
  const reader = new ByteReader(payload);
  if (reader.u8() !== PROTOCOL_VERSION) throw vtError("ER_MALFORMED_PACKET");
  const serverVersion = reader.nulText();
  const connectionId = reader.u32();
  const part1 = reader.bytes(SCRAMBLE_PART_1_BYTES);
  reader.skip(1);
  const low = reader.u16();
  const collation = reader.u8();
  const statusFlags = reader.u16();
  const capabilities = (low | (reader.u16() << 16)) >>> 0;
  const scrambleBytes = reader.u8();
  reader.skip(6);
  const extended = reader.u32();
  if (!(capabilities & CLIENT_SECURE_CONNECTION)) throw vtError("ER_MALFORMED_PACKET");
  const part2 = reader.bytes(Math.max(13, scrambleBytes - SCRAMBLE_PART_1_BYTES));
  const scramble = new Uint8Array(SCRAMBLE_BYTES);
  scramble.set(part1);
  scramble.set(part2.subarray(0, SCRAMBLE_BYTES - SCRAMBLE_PART_1_BYTES), SCRAMBLE_PART_1_BYTES);
  return {
    serverVersion,
    connectionId,
    scramble,
    capabilities,
    extendedCapabilities: capabilities & CLIENT_LONG_PASSWORD ? 0 : extended,
    collation,
    statusFlags,
    authPlugin: capabilities & CLIENT_PLUGIN_AUTH ? pluginName(reader) : "",
  };
}

/** Servers before 5.5.10 and 5.6.2 sent the name without its NUL (MySQL bug 59453). */
function pluginName(reader: ByteReader): string {
  return reader.restText().replace(/\0.*$/s, "");
}
