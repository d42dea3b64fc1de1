/** Protocol::HandshakeResponse41 and Protocol::SSLRequest: the client's first packet. */
import { vtError } from "../error/errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import {
  CLIENT_CONNECT_ATTRS,
  CLIENT_CONNECT_WITH_DB,
  CLIENT_PLUGIN_AUTH,
  CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA,
  CLIENT_PROTOCOL_41,
  CLIENT_SECURE_CONNECTION,
  CLIENT_SSL,
} from "./capabilities.ts";

/** Capabilities, largest packet, collation and 23 bytes of filler. */
const FIXED_BYTES = 32;

export interface HandshakeResponse {
  readonly capabilities: number;
  readonly maxPacketBytes: number;
  /** Collation id; one byte on the wire, so ids above 255 can't be asked for here. */
  readonly collation: number;
  readonly user: string;
  readonly authResponse: Uint8Array;
  /** "" when none was sent. */
  readonly database: string;
  /** "" without CLIENT_PLUGIN_AUTH: the client means mysql_native_password. */
  readonly authPlugin: string;
  readonly attributes: ReadonlyMap<string, string>;
}

export type SslRequest = Pick<HandshakeResponse, "capabilities" | "maxPacketBytes" | "collation">;

function writeFixed(writer: ByteWriter, fixed: SslRequest): ByteWriter {
  return writer
    .u32(fixed.capabilities >>> 0)
    .u32(fixed.maxPacketBytes)
    .u8(fixed.collation & 0xff)
    .zeros(23);
}

export function encodeSslRequest(request: SslRequest): Uint8Array<ArrayBuffer> {
  const capabilities = request.capabilities | CLIENT_SSL;
  return writeFixed(new ByteWriter(FIXED_BYTES), { ...request, capabilities }).finish();
}

/** True when this packet asks for TLS: the response itself follows once it is up. */
export function isSslRequest(payload: Uint8Array): boolean {
  return payload.length === FIXED_BYTES && (new ByteReader(payload).u32() & CLIENT_SSL) !== 0;
}

export function encodeHandshakeResponse(response: HandshakeResponse): Uint8Array<ArrayBuffer> {
  const { capabilities, authResponse } = response;
  const writer = writeFixed(new ByteWriter(256), response).nulText(response.user);
  if (capabilities & CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA) writer.lenencBytes(authResponse);
  else if (capabilities & CLIENT_SECURE_CONNECTION) {
    writer.u8(authResponse.length).bytes(authResponse);
  } else writer.nulBytes(authResponse);
  if (capabilities & CLIENT_CONNECT_WITH_DB) writer.nulText(response.database);
  if (capabilities & CLIENT_PLUGIN_AUTH) writer.nulText(response.authPlugin);
  if (capabilities & CLIENT_CONNECT_ATTRS) writer.bytes(encodeAttributes(response.attributes));
  return writer.finish();
}

/**
 * Decodes what a client sends. Fields at the end that a client's flags announce but that it left
 * out are read as empty, as mysqld does: libraries set CLIENT_CONNECT_WITH_DB without a database,
 * and leave the last NUL away. Throws ER_HANDSHAKE_ERROR for the protocol before 4.1.
 */
export function decodeHandshakeResponse(payload: Uint8Array): HandshakeResponse {
  const reader = new ByteReader(payload);
  const capabilities = reader.u32();
  if (!(capabilities & CLIENT_PROTOCOL_41)) throw vtError("ER_HANDSHAKE_ERROR");
  const maxPacketBytes = reader.u32();
  const collation = reader.u8();
  reader.skip(23);
  const user = reader.nulText();
  const authResponse = readAuthResponse(reader, capabilities);
  return {
    capabilities,
    maxPacketBytes,
    collation,
    user,
    authResponse,
    database: capabilities & CLIENT_CONNECT_WITH_DB ? reader.nulTextOrRest() : "",
    authPlugin: capabilities & CLIENT_PLUGIN_AUTH ? reader.nulTextOrRest() : "",
    attributes: capabilities & CLIENT_CONNECT_ATTRS && reader.remaining > 0
      ? readAttributes(reader)
      : new Map(),
  };
}

function readAuthResponse(reader: ByteReader, capabilities: number): Uint8Array {
  if (reader.remaining === 0) return new Uint8Array(0);
  if (capabilities & CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA) return reader.lenencBytes();
  if (capabilities & CLIENT_SECURE_CONNECTION) return reader.bytes(reader.u8());
  return reader.nulBytes();
}

/** Connection attributes: key and value pairs under one length in bytes. */
export function encodeAttributes(
  attributes: ReadonlyMap<string, string>,
): Uint8Array<ArrayBuffer> {
  const pairs = new ByteWriter(128);
  for (const [key, value] of attributes) pairs.lenencText(key).lenencText(value);
  return new ByteWriter(pairs.length + 4).lenencBytes(pairs.finish()).finish();
}

export function readAttributes(reader: ByteReader): ReadonlyMap<string, string> {
  const pairs = new ByteReader(reader.lenencBytes());
  const attributes = new Map<string, string>();
  while (pairs.remaining > 0) {
    const key = pairs.lenencText();
    attributes.set(key, pairs.lenencText());
  }
  return attributes;
}
